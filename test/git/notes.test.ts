import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type NewNote, readNotes, writeNotes } from "../../src/git/notes.ts";
import { openRepository } from "../../src/git/repository.ts";
import { newFolder } from "../support/folders.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { commit } from "../support/repo.ts";

/** Where refs are, and the file that locks them. Before git 2.48, nobody waits for reftables. */
const FORMATS: [format: string, lock: string][] = [["files", "refs/notes/patchsig.lock"]];
if (gitIsAtLeast(2, 48)) FORMATS.push(["reftable", "reftable/tables.list.lock"]);

function newRepository(format: string): string {
  const folder = newFolder();
  const env = { ...process.env, GIT_DEFAULT_REF_FORMAT: format };
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: folder, env });
  return folder;
}

const noteOf = (name: string): NewNote => ({ commit: name, text: Buffer.from("a note\n") });

test.each(FORMATS)("refs in %s: notes that are written at once are all there", async (format) => {
  const folder = newRepository(format);
  const commits = [1, 2, 3, 4].map((n) => commit(folder, `${n}`, { n: `${n}\n` }));
  const repository = await openRepository(folder);
  await Promise.all(commits.map((name) => writeNotes(repository, [noteOf(name)], "notes")));
  const notes = await readNotes(repository);
  expect([...notes.keys()].sort()).toEqual([...commits].sort());
});

test.each(FORMATS)("refs in %s: a lock is waited for", async (format, lock) => {
  const folder = newRepository(format);
  const name = commit(folder, "one", { a: "1\n" });
  const repository = await openRepository(folder);
  const locked = join(folder, ".git", lock);
  mkdirSync(dirname(locked), { recursive: true });
  writeFileSync(locked, "");
  // git itself waits for 100 milliseconds, each time that we start it
  setTimeout(() => rmSync(locked), 300);
  await writeNotes(repository, [noteOf(name)], "notes");
  expect([...(await readNotes(repository)).keys()]).toEqual([name]);
});
