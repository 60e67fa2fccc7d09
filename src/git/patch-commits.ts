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

/** A commit that a patch was made from. */
export interface SourceCommit extends CommitText {
  /** Full name. */
  readonly name: string;
  /** Full names, separated by blanks. */
  readonly parents: string;
  readonly changes: Changes;
}

/** Reads commits by their full names, each once, in that order: two gits, however many there are. */
export async function readCommits(
  repository: Repository,
  names: readonly string[],
): Promise<SourceCommit[]> {
  const options = { cwd: repository.cwd, input: names.map((name) => `${name}\n`).join("") };
  const log = ["-c", "log.showSignature=false", "log", "--no-walk=unsorted", "--encoding=UTF-8"];
  const tree = ["diff-tree", "-r", "-z", "--root", "--no-renames", "--raw", "--always"];
  const [texts, raw] = await Promise.all([
    git([...log, "-z", "--format=%P%n%an%n%ae%n%s%n%b", "--stdin", "--"], options),
    git([...tree, "--ignore-submodules=none", "--stdin"], options),
  ]);
  const changes = changesOf(raw, names);
  return recordsOf(texts).map((text, i) => {
    const ends: number[] = [];
    for (let at = text.indexOf(10); ends.length < 4; at = text.indexOf(10, at + 1)) ends.push(at);
    const [parents, author, email, subject] = ends as [number, number, number, number];
    return {
      name: names[i]!,
      parents: text.toString("latin1", 0, parents),
      author: text.toString("utf8", parents + 1, author),
      email: text.toString("utf8", author + 1, email),
      subject: text.subarray(email + 1, subject),
      body: text.subarray(subject + 1),
      changes: changes.get(names[i]!)!,
    };
  });
}

/** What stands before each NUL. */
function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0, end = bytes.indexOf(0); end !== -1; at = end + 1, end = bytes.indexOf(0, at))
    records.push(bytes.subarray(at, end));
  return records;
}

export type Applied =
  /** Paths where the result differs from the commit, as bytes. */
  { readonly applies: true; readonly differs: readonly string[] } | { readonly applies: false };

/** A commit and the diff that was made from it. */
export interface DiffOf {
  readonly commit: SourceCommit;
  readonly diff: Diff;
}

/**
 * Applies each diff to the parent of its commit, without a trace.
 *
 * Most series are one commit on the other, and git makes them again from their diffs: a single `git apply`
 * of all shows that. Only if it does not is each tried on its own.
 */
export async function applyToParents(
  repository: Repository,
  patches: readonly DiffOf[],
): Promise<Applied[]> {
  if (isStack(patches) && (await makesStack(repository, patches)))
    return patches.map(() => ({ applies: true, differs: [] }));
  const results: Applied[] = [];
  for (const { commit, diff } of patches)
    results.push(await applyToParent(repository, commit, diff));
  return results;
}

/** Each commit is the parent of the next, and no diff names a path that its commit does not change. */
function isStack(patches: readonly DiffOf[]): boolean {
  return patches.every(
    ({ commit, diff }, i) =>
      (i === 0 || commit.parents === patches[i - 1]!.commit.name) &&
      pathsOf(diff).every(
        (path) => commit.changes.before.has(path) || commit.changes.after.has(path),
      ),
  );
}

/** Do all diffs, one after the other, make the files of the last commit? */
async function makesStack(repository: Repository, patches: readonly DiffOf[]): Promise<boolean> {
  const [before, after]: [Entries, Entries] = [new Map(), new Map()];
  const seen = new Set<string>();
  for (const { changes } of patches.map(({ commit }) => commit))
    for (const path of new Set([...changes.before.keys(), ...changes.after.keys()])) {
      const [first, last] = [changes.before.get(path), changes.after.get(path)];
      if (!seen.has(path) && first !== undefined) before.set(path, first);
      seen.add(path);
      if (last === undefined) after.delete(path);
      else after.set(path, last);
    }
  const diffs = Buffer.concat(patches.map(({ diff }) => diff.canonical));
  const made = await applied(repository, before, diffs);
  return made !== null && differing(made, after).length === 0;
}

async function applyToParent(
  repository: Repository,
  { name, changes }: SourceCommit,
  diff: Diff,
): Promise<Applied> {
  const [before, after] = [new Map(changes.before), new Map(changes.after)];
  const touched = pathsOf(diff).filter((path) => !before.has(path) && !after.has(path));
  for (const [path, entry] of await entriesOf(repository, `${name}^`, touched)) {
    before.set(path, entry);
    after.set(path, entry);
  }
  const made = await applied(repository, before, diff.canonical);
  return made === null ? { applies: false } : { applies: true, differs: differing(made, after) };
}

/** The paths that a diff names, a character a byte. */
function pathsOf({ files }: Diff): string[] {
  return files
    .flatMap(({ oldName, newName }) => [oldName, newName])
    .flatMap((name) => (name === null ? [] : [name.toString("latin1")]));
}

/** Paths of which the entries differ, as bytes. */
function differing(made: Entries, wanted: Entries): string[] {
  return [...new Set([...made.keys(), ...wanted.keys()])]
    .filter((path) => made.get(path) !== wanted.get(path))
    .sort()
    .map((path) => Buffer.from(path, "latin1").toString());
}

/**
 * What git makes of these entries and diffs; null if they do not apply.
 *
 * The index holds only paths that change: a full one takes seconds in a large tree.
 */
async function applied(
  repository: Repository,
  before: Entries,
  diffs: Buffer,
): Promise<Entries | null> {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-made-"));
  try {
    const options = optionsIn(repository, sandbox(repository, folder));
    const lines = [...before].map(([path, entry]) => `${entry}\t${path}\0`).join("");
    const input = Buffer.from(lines, "latin1");
    await git(["update-index", "-z", "--index-info"], { ...options, input });
    const tried = await runGit(APPLY, { ...options, input: diffs });
    if (tried.status !== 0) return null;
    const listed = await git(["ls-files", "-s", "-z"], options);
    return entries(listed.toString("latin1"), / 0$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function optionsIn(repository: Repository, env: Readonly<Record<string, string>> = {}): Options {
  const cwd = repository.toplevel ?? repository.cwd;
  return { cwd, env: { ...env, GIT_LITERAL_PATHSPECS: "1" } };
}

/** Paths a patch names and its commit does not change; more do not fit a command line. */
const MAX_PATHS = 1000;

/** `<mode> <object>` by path, a character a byte. */
type Entries = Map<string, string>;
type Options = Parameters<typeof git>[1];

/** The entries of the paths that a commit changes, before and after. */
interface Changes {
  readonly before: Entries;
  readonly after: Entries;
}

/** As `git diff-tree -z --raw --stdin` lists them, after each commit's name. */
function changesOf(raw: Buffer, names: readonly string[]): Map<string, Changes> {
  const found = new Map(
    names.map((name): [string, Changes] => [name, { before: new Map(), after: new Map() }]),
  );
  const words = raw.toString("latin1").split("\0");
  let changes: Changes | undefined;
  for (let i = 0; i + 1 < words.length; i++) {
    if (!words[i]!.startsWith(":")) {
      changes = found.get(words[i]!);
      continue;
    }
    const [oldMode, mode, oldBlob, blob] = words[i]!.slice(1).split(" ");
    const path = words[++i]!;
    if (oldMode !== "000000") changes?.before.set(path, `${oldMode} ${oldBlob}`);
    if (mode !== "000000") changes?.after.set(path, `${mode} ${blob}`);
  }
  return found;
}

/** A tree's entries at some paths; none without a tree, as before a root commit. */
async function entriesOf(
  repository: Repository,
  tree: string,
  paths: readonly string[],
): Promise<Entries> {
  if (paths.length === 0) return new Map();
  const names = [...new Set(paths)]
    .slice(0, MAX_PATHS)
    .map((path) => Buffer.from(path, "latin1").toString());
  const { status, stdout } = await runGit(
    ["ls-tree", "-z", "--full-tree", tree, "--", ...names],
    optionsIn(repository),
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
