/** Alice with a key and a branch of patches, and whoever verifies them: all through the program. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { displayWidth } from "../../src/report/escape.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { commit, git, newRepository } from "../support/repo.ts";

export { newFolder };

/** A folder to use as `home`, with an unencrypted key that depends only on the seed. */
export function newHome(seed = 7): string {
  const home = newFolder();
  mkdirSync(join(home, "patchsig"), { mode: 0o700 });
  const key = generateSecretKey(Buffer.alloc(32, seed), Buffer.alloc(8, seed));
  writeFileSync(keyFile(home), formatSecretKeyFile(key, "test", null), { mode: 0o600 });
  writeFileSync(join(home, "patchsig", "minisign.pub"), formatPublicKeyFile(key.publicKey));
  return home;
}

export function keyFile(home: string): string {
  return join(home, "patchsig", "minisign.key");
}

/** The public key in `newHome(seed)`. */
export function publicKey(seed = 7): string {
  return formatPublicKeyText(
    generateSecretKey(Buffer.alloc(32, seed), Buffer.alloc(8, seed)).publicKey,
  );
}

const SONG = Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`);

/** `base` has song.txt; `work` is a clone with three more commits, one of which adds a file. */
export function newSubmission(): { base: string; work: string; baseCommit: string } {
  const folder = newFolder();
  const base = newRepository(join(folder, "base"));
  const baseCommit = commit(base, "start", { "song.txt": SONG.join("") });
  git(folder, ["clone", "-q", "base", "work"]);
  const work = join(folder, "work");
  const change = (line: number): Record<string, string> => {
    SONG[line - 1] = `LINE ${line}\n`;
    return { "song.txt": SONG.join("") };
  };
  const before = [...SONG];
  commit(
    work,
    "song: shout line 2\n\nMake it loud.\n\nSigned-off-by: Alice <alice@example.org>",
    change(2),
  );
  commit(work, "song: shout line 10\n\nAnd this.", change(10));
  commit(work, "song: credits\n\nWho sang.", { "docs/credits.txt": "Ilse\n" });
  SONG.splice(0, SONG.length, ...before);
  return { base, work, baseCommit };
}

/** Files of `git format-patch`, in order; with the base unless told otherwise. */
export function formatPatch(
  work: string,
  options: readonly string[] = [],
  range = "origin/main..",
): string[] {
  const out = newFolder();
  // the cover letter is from the user who runs it
  const env = {
    ...process.env,
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.org",
  };
  const args = ["format-patch", "-q", "--base=origin/main", "-o", out, ...options, range];
  execFileSync("git", args, { cwd: work, env });
  return filesOf(out);
}

/** Runs format-patch, then signs with the key in `home`. */
export function signedPatches(
  work: string,
  home: string,
  options: readonly string[] = [],
  range?: string,
): string[] {
  const files = formatPatch(work, options, range);
  for (const file of files)
    if (/0000-cover/.test(file))
      edit(file, (t) => t.replace(/\*\*\* \w+ HERE \*\*\*/g, "song: be loud"));
  expectStatus(patchsig(["sign", ...files], { home }), 0);
  return files;
}

export function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

export function text(file: string): string {
  return readFileSync(file, "latin1");
}

/** Edits a file; fails if that changes nothing. */
export function edit(file: string, change: (text: string) => string): void {
  const before = text(file);
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(file, after, "latin1");
}

/** A copy under another name, changed. */
export function edited(file: string, change: (text: string) => string): string {
  const copy = join(newFolder(), "edited.patch");
  writeFileSync(copy, readFileSync(file));
  edit(copy, change);
  return copy;
}

export function mbox(...files: readonly string[]): string {
  const path = join(newFolder(), "series.mbox");
  writeFileSync(path, Buffer.concat(files.map((file) => readFileSync(file))));
  return path;
}

/** Shows the output if the status differs. */
export function expectStatus(run: Run, status: number): Run {
  expect(run.status, `${run.stdout}${run.stderr}`).toBe(status);
  return run;
}

/** Nothing on stdout; one line and at most one hint on stderr, of bounded length. */
export function expectError(run: Run, status: number, message: string | RegExp): Run {
  expectStatus(run, status);
  expect(run.stdout).toBe("");
  const [line = "", hint = "", ...more] = run.stderr.split("\n");
  expect(line).toMatch(/^patchsig: \S/);
  expect(line.slice("patchsig: ".length)).toMatch(message);
  if (hint !== "") {
    expect(hint).toMatch(/^hint: \S/);
    expect(more).toEqual([""]);
  } else {
    expect(more).toEqual([]);
  }
  return run;
}

/** No line is wider than the terminal, and no character acts on it. */
export function expectTidy(output: string, columns = 80): void {
  expect(output).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  for (const line of output.split("\n"))
    expect(displayWidth(line), line).toBeLessThanOrEqual(columns);
}
