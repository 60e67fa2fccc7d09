/**
 * Compares what git am committed with what was verified. git reads the composed mail by settings,
 * attributes and hooks that only it knows; so the result is checked, and undone if it differs.
 */

import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { readBlobs } from "./blobs.ts";
import { hooksFolder, hooksNamed } from "./hooks.ts";
import { amProgress, isAtLeast, type Repository } from "./repository.ts";
import { git, gitLines, gitText, runGit } from "./run.ts";
import { treesOf } from "./trial.ts";

/** A commit as it was verified. */
export interface Expected {
  readonly author: string;
  readonly email: string;
  /** Subject, empty line, message. */
  readonly message: Buffer;
  readonly diff: Buffer;
  /** Full name; null if unknown: this patch, or one before it, did not apply, and git merged. */
  readonly tree: string | null;
}

/** What of a commit differs. */
export type DifferingPart = "author" | "message" | "tree" | "number of commits";

/** The commit at HEAD; null if there is none yet. */
export async function headCommit(repository: Repository): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
  return (await gitLines(args, { cwd: repository.cwd }))[0] ?? null;
}

const OLDEST_FIRST = ["rev-list", "--reverse", "--first-parent"];
/** Commits that anybody makes between two looks. */
const MOST = 10_000;

/** The commits from `before`, or all, up to a branch or HEAD: oldest first, each with one parent. */
export async function commitsBetween(
  { cwd }: Repository,
  before: string | null,
  tip: string,
): Promise<{ readonly name: string; readonly author: string; readonly subject: string }[]> {
  const range = [`--max-count=${MOST}`, tip, ...(before === null ? [] : [`^${before}`]), "--"];
  const format = ["--no-merges", "--encoding=UTF-8", "--format=%H%x00%an <%ae>%x00%s"];
  const lines = await gitLines([...OLDEST_FIRST, ...format, ...range], { cwd });
  return lines.flatMap((line) => {
    const [name = "", author, subject] = line.split("\0");
    return author === undefined || subject === undefined ? [] : [{ name, author, subject }];
  });
}

/** What git made. */
interface Committed {
  /** How that differs from what was verified; empty if it does not. */
  readonly differences: readonly DifferingPart[];
  /** Full names, oldest first, without merges; null for a patch that was in the files already. */
  readonly commits: readonly (string | null)[];
}

/** How git am was asked to apply. */
interface AmKind {
  /** To merge: it makes no commit of a patch whose changes are in the files already. */
  readonly threeWay: boolean;
  /** To add the committer's Signed-off-by. */
  readonly signoff: boolean;
  /** Options of git apply that decide where hunks apply. */
  readonly fitting: readonly string[];
}

/** The commits since `before`, compared with what was verified. */
export async function compareCommitted(
  repository: Repository,
  before: string | null,
  expected: readonly Expected[],
  { threeWay, signoff, fitting }: AmKind,
): Promise<Committed> {
  const options = { cwd: repository.cwd };
  if (expected.length === 0) return { differences: [], commits: [] };
  const range = before === null ? ["HEAD"] : [`${before}..HEAD`];
  const lines = await gitLines([...OLDEST_FIRST, "--parents", ...range, "--"], options);
  const made = lines.map((line) => line.split(" "));
  const commits = made.filter(({ length }) => length <= 2).map(([name]) => name!);
  const isFewer = threeWay && made.length < expected.length;
  if (made.length !== expected.length && !isFewer)
    return { differences: ["number of commits"], commits };
  const names = made.map(([name]) => name!);
  const read = await readBlobs(names, options, Infinity, "commit");
  const raw = names.map((name) => read.get(name)!);
  const places = isFewer ? placesOf(raw, expected, signoff) : [...names.keys()];
  if (places === null) return { differences: ["number of commits"], commits };
  const its = places.map((at) => expected[at]!);
  const parents = made.map(([, parent]) => parent ?? null);
  const trees = await treesBehind(repository, parents, its, fitting);
  const differing = raw.flatMap((one, i) => {
    return compare(one, { ...its[i]!, tree: trees[i]! }, signoff);
  });
  return {
    differences: [...new Set(differing)],
    commits: isFewer ? expected.map((_, at) => names[places.indexOf(at)] ?? null) : commits,
  };
}

/**
 * The trees of commits, as far as they can be known: a patch behind one that git merged may apply by itself to what
 * was made.
 *
 * @param parents of the commits; null for one without
 */
async function treesBehind(
  repository: Repository,
  parents: readonly (string | null)[],
  expected: readonly Expected[],
  fitting: readonly string[],
): Promise<(string | null)[]> {
  const trees = expected.map(({ tree }) => tree);
  const first = trees.indexOf(null);
  if (first < 0) return trees;
  // each turn begins behind a commit that git merged
  for (let at = first + 1; at < trees.length; at++) {
    const diffs = expected.slice(at).map(({ diff }) => diff);
    const found = await treesOf(repository, parents[at]!, diffs, fitting);
    trees.splice(at, found.length, ...found);
    at += found.length;
  }
  return trees;
}

/** Which of the verified commits these are, by author and message; null if one is none of them. */
function placesOf(
  raw: readonly Buffer[],
  expected: readonly Expected[],
  signoff: boolean,
): readonly number[] | null {
  let next = 0;
  const places = raw.map((one) => {
    const at = expected.findIndex(
      (other, i) => i >= next && compare(one, { ...other, tree: null }, signoff).length === 0,
    );
    next = at < 0 ? expected.length : at + 1;
    return at;
  });
  return places.includes(-1) ? null : places;
}

function compare(raw: Buffer, expected: Expected, signoff: boolean): DifferingPart[] {
  const end = raw.indexOf("\n\n");
  const header = raw.toString("utf8", 0, end).split("\n");
  const field = (name: string): string =>
    header.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  const message = raw.toString("latin1", end + 2).trimEnd();
  const wanted = expected.message.toString("latin1").trimEnd();
  const [, name = "", email] = /^(.*?) ?<([^<>]*)> \d+ [+-]\d{4}$/.exec(field("author")) ?? [];
  const isAuthor = plain(name) === plain(expected.author) && email === expected.email;
  const isMessage =
    field("encoding") === "" &&
    (message === wanted || (signoff && signedOff(message, field("committer")) === wanted));
  const isTree = expected.tree === null || field("tree") === expected.tree;
  return [
    ...(isAuthor ? [] : ["author" as const]),
    ...(isMessage ? [] : ["message" as const]),
    ...(isTree ? [] : ["tree" as const]),
  ];
}

/** git strips these from both ends of a name. */
function plain(name: string): string {
  return name.replace(/^[\0-\x20.,:;<>"\\']+|[\0-\x20.,:;<>"\\']+$/g, "");
}

/** The message without the line that --signoff added. */
function signedOff(message: string, committer: string): string {
  const who = Buffer.from(committer.replace(/ \d+ [+-]\d{4}$/, "")).toString("latin1");
  const line = `\nSigned-off-by: ${who}`;
  return message.endsWith(line) ? message.slice(0, -line.length).trimEnd() : message;
}

/** Hooks of git am, and what each may change. They are the user's own. */
const HOOKS: Readonly<Record<string, ReadonlySet<DifferingPart>>> = {
  "applypatch-msg": new Set(["message"]),
  "pre-applypatch": new Set(["tree"]),
  "post-applypatch": new Set(["author", "message", "tree", "number of commits"]),
};

/** The hooks that may have made these differences; none if one was not made by any. */
export async function hooksBehind(
  repository: Repository,
  differences: readonly DifferingPart[],
): Promise<string[]> {
  const { folder } = await hooksFolder(repository.cwd);
  const named = hooksNamed(repository.config);
  const runsNamed = named.size > 0 && (await isAtLeast(repository, 2, 54));
  const isHere = (name: string): boolean =>
    isProgram(join(folder, name)) || (runsNamed && named.has(name));
  const here = Object.keys(HOOKS).filter(isHere);
  const explained = differences.every((one) => here.some((name) => HOOKS[name]!.has(one)));
  return explained ? here.filter((name) => differences.some((d) => HOOKS[name]!.has(d))) : [];
}

/** True if there is a file that may be started. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undoes what git am did to HEAD, index and files; other changes stay. */
export async function undoAm(repository: Repository, before: string | null): Promise<void> {
  const options = { cwd: repository.cwd, purpose: "work" } as const;
  if (amProgress(repository) !== null) await git(["am", "--abort"], options);
  if (before !== null) {
    await git(["reset", "--quiet", "--keep", before, "--"], options);
    return;
  }
  const nothing = await gitText(["hash-object", "-t", "tree", "--stdin"], options);
  await git(["read-tree", "-u", "--reset", nothing], options);
  const { status } = await runGit(["update-ref", "-d", "HEAD"], options);
  if (status !== 0) throw new PatchsigError("git-failed", "cannot take the commits back");
}
