/** Series of real repositories, and whether looking at one has left a trace in it. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { newFolder } from "../cli/support.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, type Schema } from "../support/json-schema.ts";
import { commit, git, newRepository } from "../support/repo.ts";

/** Names and contents of all files of a repository, `.git` among them. */
export function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return `${file} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`;
    })
    .sort();
}

export function lines(changed: Readonly<Record<number, string>> = {}, count = 30): string {
  return Array.from({ length: count }, (_, i) => `${changed[i + 1] ?? `line ${i + 1}`}\n`).join("");
}

export interface Scene {
  readonly repository: string;
  /** What the remote's branch is at. */
  readonly base: string;
}

/** `main` of the remote is at `base`; the branch that is checked out has two commits more. */
export function newScene(): Scene {
  const repository = newRepository(join(newFolder(), "r"));
  commit(repository, "start", { "a.txt": lines(), "b.txt": "b\n" });
  git(repository, ["tag", "-m", "first", "v1"]);
  const base = commit(repository, "second", { "a.txt": lines({ 1: "one" }) });
  git(repository, ["update-ref", "refs/remotes/origin/main", base]);
  git(repository, ["remote", "add", "origin", "https://git.example.org/x.git"]);
  git(repository, ["checkout", "-q", "-b", "topic"]);
  commit(repository, "x: two", { "a.txt": lines({ 1: "one", 2: "two" }) });
  commit(repository, "x: three", { "a.txt": lines({ 1: "one", 2: "two", 3: "three" }) });
  return { repository, base };
}

/** What git format-patch writes, as one mbox. */
export function mboxOf(repository: string, ...args: readonly string[]): string {
  const file = join(newFolder(), "series.mbox");
  writeFileSync(file, git(repository, ["format-patch", "--stdout", ...args]));
  return file;
}

export function mailbox(text: string): string {
  const file = join(newFolder(), "series.mbox");
  writeFileSync(file, text, "latin1");
  return file;
}

const SCHEMA = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/schema/base.schema.json"), "utf8"),
) as Schema;

const home = newFolder();

export function base(repository: string, ...args: readonly string[]): Run {
  return patchsig(["base", ...args], { home, cwd: repository });
}

/** The only record of a `--json` run, as docs/schema has it. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into records of several types
export function record(run: Run): Record<string, any> {
  const [one, ...more] = records(run);
  if (one === undefined || more.length > 0) throw new Error(`${run.stdout}${run.stderr}`);
  expect(problems(one, SCHEMA)).toEqual([]);
  return one;
}
