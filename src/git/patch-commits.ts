/** The commits that patches came from, to compare with what `git am` would make. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diff } from "../types.ts";
import { git, runGit } from "./run.ts";
import type { Repository } from "./repository.ts";
import { APPLY, sandbox } from "./trial.ts";

/** What git am should make: UTF-8, whatever the commit's encoding. */
export interface CommitText {
  readonly author: string;
  readonly email: string;
  /** The first paragraph, as one line. */
  readonly subject: Buffer;
  readonly body: Buffer;
}

/** Reads a commit; `name` is its full name. */
export async function readCommit(repository: Repository, name: string): Promise<CommitText> {
  const format = "--format=%an%n%ae%n%s%n%b";
  const args = ["-c", "log.showSignature=false", "log", "--no-walk", "--encoding=UTF-8", "-z"];
  const text = await git([...args, format, name, "--"], { cwd: repository.cwd });
  const ends: number[] = [];
  for (let at = text.indexOf(10); ends.length < 3; at = text.indexOf(10, at + 1)) ends.push(at);
  const [author, email, subject] = ends as [number, number, number];
  return {
    author: text.toString("utf8", 0, author),
    email: text.toString("utf8", author + 1, email),
    subject: text.subarray(email + 1, subject),
    body: text.subarray(subject + 1, text.at(-1) === 0 ? text.length - 1 : text.length),
  };
}

export type Applied =
  /** Paths where the result differs from the commit, as bytes. */
  { readonly applies: true; readonly differs: readonly string[] } | { readonly applies: false };

/**
 * Applies a diff to the parent of the commit that it was made from, without a trace.
 *
 * The index holds only paths that either changes: a full one takes seconds in a large tree.
 */
export async function applyToParent(
  repository: Repository,
  commit: string,
  diff: Diff,
): Promise<Applied> {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-made-"));
  try {
    const options = {
      cwd: repository.toplevel ?? repository.cwd,
      env: { ...sandbox(repository, folder), GIT_LITERAL_PATHSPECS: "1" },
    };
    const { before, after } = await changesOf(commit, options);
    const touched = diff.files
      .flatMap(({ oldName, newName }) => [oldName, newName])
      .flatMap((name) => (name === null ? [] : [name.toString("latin1")]))
      .filter((path) => !before.has(path) && !after.has(path));
    for (const [path, entry] of await entriesOf(`${commit}^`, touched, options)) {
      before.set(path, entry);
      after.set(path, entry);
    }
    const lines = [...before].map(([path, entry]) => `${entry}\t${path}\0`).join("");
    const input = Buffer.from(lines, "latin1");
    await git(["update-index", "-z", "--index-info"], { ...options, input });
    const tried = await runGit(APPLY, { ...options, input: diff.canonical });
    if (tried.status !== 0) return { applies: false };
    const listed = await git(["ls-files", "-s", "-z"], options);
    const made = entries(listed.toString("latin1"), / 0$/);
    const paths = [...new Set([...made.keys(), ...after.keys()])];
    const differs = paths.filter((path) => made.get(path) !== after.get(path)).sort();
    return {
      applies: true,
      differs: differs.map((path) => Buffer.from(path, "latin1").toString()),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Paths a patch names and its commit does not change; more do not fit a command line. */
const MAX_PATHS = 1000;

/** `<mode> <object>` by path, a character a byte. */
type Entries = Map<string, string>;
type Options = Parameters<typeof git>[1];

/** The entries of the paths that a commit changes, before and after. */
async function changesOf(
  commit: string,
  options: Options,
): Promise<{ before: Entries; after: Entries }> {
  const args = ["diff-tree", "-r", "-z", "--root", "--no-renames", "--no-commit-id", "--raw"];
  const raw = await git([...args, "--ignore-submodules=none", commit, "--"], options);
  const words = raw.toString("latin1").split("\0");
  const before: Entries = new Map();
  const after: Entries = new Map();
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [oldMode, mode, oldBlob, blob] = words[i]!.slice(1).split(" ");
    const path = words[i + 1]!;
    if (oldMode !== "000000") before.set(path, `${oldMode} ${oldBlob}`);
    if (mode !== "000000") after.set(path, `${mode} ${blob}`);
  }
  return { before, after };
}

/** A tree's entries at some paths; none without a tree, as before a root commit. */
async function entriesOf(
  tree: string,
  paths: readonly string[],
  options: Options,
): Promise<Entries> {
  if (paths.length === 0) return new Map();
  const names = [...new Set(paths)]
    .slice(0, MAX_PATHS)
    .map((path) => Buffer.from(path, "latin1").toString());
  const { status, stdout } = await runGit(
    ["ls-tree", "-z", "--full-tree", tree, "--", ...names],
    options,
  );
  return status === 0 ? entries(stdout.toString("latin1"), / (?:blob|commit)(?= )/) : new Map();
}

/** Lines as git lists them; `besides` matches all but mode and object. */
function entries(listed: string, besides: RegExp): Entries {
  const found: Entries = new Map();
  for (const line of listed.split("\0")) {
    const tab = line.indexOf("\t");
    const [entry, path] = [line.slice(0, tab), line.slice(tab + 1)];
    if (tab > 0 && besides.test(entry)) found.set(path, entry.replace(besides, ""));
  }
  return found;
}
