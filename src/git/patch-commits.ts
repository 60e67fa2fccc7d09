/** The commits that patches came from, to compare with what `git am` would make. */

import { rmSync } from "node:fs";
import type { Diff } from "../types.ts";
import type { FileChange } from "./commit-changes.ts";
import { LF } from "../primitives/bytes.ts";
import { git, runGit } from "./run.ts";
import type { Repository } from "./repository.ts";
import { APPLY, sandbox } from "./trial.ts";
import { temporaryFolder } from "../places.ts";

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
  readonly changes: readonly FileChange[];
}

/** Whatever the user has set for his own logs. */
const OVERRIDES = [
  "log.showSignature=false",
  "log.showRoot=true",
  "diff.relative=false",
  // git log refuses odd ones, which git format-patch never reads
  "log.date=default",
  "format.pretty=medium",
];
const READ = [
  ...OVERRIDES.flatMap((setting) => ["-c", setting]),
  "log",
  "--no-walk=unsorted",
  "--encoding=UTF-8",
  "--no-color",
  "-z",
  "--format=%H%n%P%n%an%n%ae%n%s%n%b",
  "--raw",
  "--no-abbrev",
  "--no-renames",
  "--ignore-submodules=none",
  "--stdin",
  "--",
];

/** Reads commits by their full names, each once, in that order: one git, however many there are. */
export async function readCommits(
  repository: Repository,
  names: readonly string[],
): Promise<SourceCommit[]> {
  const input = names.map((name) => `${name}\n`).join("");
  const records = recordsOf(await git(READ, { cwd: repository.cwd, input }));
  const commits: (SourceCommit & { readonly changes: FileChange[] })[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    // a change, and its path in the next record; a commit begins with its name
    if (record[record[0] === LF ? 1 : 0] === COLON)
      commits.at(-1)!.changes.push(changeIn(record.toString("latin1"), records[++i]!));
    else commits.push({ ...textIn(record), changes: [] });
  }
  return commits;
}

const COLON = 0x3a;

function textIn(text: Buffer): Omit<SourceCommit, "changes"> {
  const ends: number[] = [];
  for (let at = text.indexOf(LF); ends.length < 5; at = text.indexOf(LF, at + 1)) ends.push(at);
  const [name, parents, author, email, subject] = ends as [number, number, number, number, number];
  return {
    name: text.toString("latin1", 0, name),
    parents: text.toString("latin1", name + 1, parents),
    author: text.toString("utf8", parents + 1, author),
    email: text.toString("utf8", author + 1, email),
    subject: text.subarray(email + 1, subject),
    body: text.subarray(subject + 1),
  };
}

/** @param entry as `git log --raw` writes it: modes, blobs, a letter */
function changeIn(entry: string, path: Buffer): FileChange {
  const words = entry.trimStart().slice(1).split(" ") as [string, string, string, string];
  const [oldMode, newMode, oldBlob, newBlob] = words;
  return { path: path.toString("latin1"), oldMode, newMode, oldBlob, newBlob };
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
  return patches.every(({ commit, diff }, i) => {
    const touched = new Set(commit.changes.map(({ path }) => path));
    const isNext = i === 0 || commit.parents === patches[i - 1]!.commit.name;
    return isNext && pathsOf(diff).every((path) => touched.has(path));
  });
}

/** Do all diffs, one after the other, make the files of the last commit? */
async function makesStack(repository: Repository, patches: readonly DiffOf[]): Promise<boolean> {
  const [before, after]: [Entries, Entries] = [new Map(), new Map()];
  const seen = new Set<string>();
  for (const { path, ...change } of patches.flatMap(({ commit }) => commit.changes)) {
    if (!seen.has(path)) setEntry(before, path, change.oldMode, change.oldBlob);
    seen.add(path);
    setEntry(after, path, change.newMode, change.newBlob);
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
  const [before, after]: [Entries, Entries] = [new Map(), new Map()];
  for (const { path, oldMode, oldBlob, newMode, newBlob } of changes) {
    setEntry(before, path, oldMode, oldBlob);
    setEntry(after, path, newMode, newBlob);
  }
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
  const folder = temporaryFolder("patchsig-made-");
  try {
    const options = sandbox(repository, folder);
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

/** Paths a patch names and its commit does not change; more do not fit a command line. */
const MAX_PATHS = 1000;

/** `<mode> <object>` by path, a character a byte. */
type Entries = Map<string, string>;

/** Git's mode where there is no file. */
const NO_FILE = "000000";

function setEntry(entries: Entries, path: string, mode: string, object: string): void {
  if (mode === NO_FILE) entries.delete(path);
  else entries.set(path, `${mode} ${object}`);
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
  const { status, stdout } = await runGit(["ls-tree", "-z", "--full-tree", tree, "--", ...names], {
    cwd: repository.toplevel ?? repository.cwd,
    env: { GIT_LITERAL_PATHSPECS: "1" },
  });
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
