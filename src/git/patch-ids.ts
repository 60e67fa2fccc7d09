/** Stable patch-ids, as git lists them for prerequisites. */

import { randomBytes } from "node:crypto";
import { gitPatchId } from "../patch/patch-id.ts";
import { readDiff } from "../diff/diff.ts";
import type { Diff, FilePatch } from "../types.ts";
import { Blobs } from "./blobs.ts";
import { PLAIN_DIFF } from "./closed.ts";
import { Objects } from "./objects.ts";
import { isObjectName, type Repository } from "./repository.ts";
import { git, gitText } from "./run.ts";

/** The newest commits to search, and most bytes of diffs. */
const MAX_COMMITS = 5000;
const MAX_BYTES = 256 << 20;

/** The patch-ids of diffs, in their order; null for a diff that has none. */
export async function patchIds(
  repository: Repository,
  diffs: readonly Buffer[],
): Promise<(string | null)[]> {
  const digits = repository.objectFormat === "sha256" ? 64 : 40;
  // names that no diff can hold: a line with one starts a new diff for git
  const salt = randomBytes(digits / 2 - 4).toString("hex");
  const names = diffs.map((_, i) => salt + i.toString(16).padStart(8, "0"));
  const pieces = diffs.flatMap((diff, i) => [Buffer.from(`From ${names[i]} x\n`), diff]);
  const listed = await idsOf(repository, Buffer.concat(pieces));
  const found = new Map(listed.map(([id, name]) => [name, id]));
  return names.map((name) => found.get(name) ?? null);
}

/** git looks at so many bytes to tell text from binary. */
const LOOKED_AT = 8000;
const MAX_BLOB = 64 << 20;

/** How the writer's git may detect renames: by default, or by `diff.renames`. */
const RENAMES = ["--find-renames", "--no-renames", "--find-copies"];

/** The diff options of git's own ids, whatever the reader's or the writer's settings. */
const FOR_IDS = [
  "--unified=3",
  "--inter-hunk-context=0",
  "--diff-algorithm=default",
  "--no-indent-heuristic",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--no-relative",
  "--ignore-submodules=none",
  "--full-index",
];

/**
 * The ids that `git format-patch --base` would write for these diffs, in order; null where git
 * would make the diff from other lines.
 *
 * @param trees for each diff, the full name of a commit or tree with the old files
 */
export async function gitPatchIds(
  repository: Repository,
  diffs: readonly (Pick<Diff, "files" | "canonical"> | null)[],
  trees: readonly string[],
): Promise<(string | null)[]> {
  const named = diffs.map((diff, i) =>
    (diff?.files ?? [])
      .filter(saysNoBlob)
      .map((file) => ({ file, name: blobName(trees[i]!, file) })),
  );
  const binary = await binaryBlobs(
    repository,
    named.flatMap((files) => files.map(({ name }) => name)),
  );
  return diffs.map((diff, i) => {
    const blobs = new Map(named[i]!.map(({ file, name }) => [file, binary.get(name) ?? null]));
    const blobOf = (file: FilePatch): string | null => blobs.get(file) ?? null;
    return diff === null ? null : gitPatchId(diff, repository.objectFormat, blobOf);
  });
}

/** A rename or a new mode, and nothing else. */
function saysNoBlob({ oldName, newName, binary, added, deleted, newBlob }: FilePatch): boolean {
  return (
    oldName !== null && newName !== null && !binary && newBlob === null && added + deleted === 0
  );
}

function blobName(tree: string, { oldName }: FilePatch): string {
  return `${tree}:${oldName!.toString("latin1")}`;
}

/** The blobs that are binary to git, by the names asked for. */
async function binaryBlobs(
  repository: Repository,
  names: readonly string[],
): Promise<Map<string, string>> {
  const binary = new Map<string, string>();
  if (names.length === 0) return binary;
  const objects = new Objects(repository);
  const blobs = new Blobs({ cwd: repository.cwd }, MAX_BLOB);
  try {
    const found = await objects.look(names);
    for (const [i, info] of found.entries()) {
      if (info?.type !== "blob") continue;
      blobs.ask([info.name]);
      const bytes = (await blobs.take())?.bytes ?? null;
      if (bytes === null || bytes.subarray(0, LOOKED_AT).includes(0))
        binary.set(names[i]!, info.name);
    }
  } finally {
    objects.close();
    blobs.close();
  }
  return binary;
}

/**
 * Finds commits by patch-id among the newest 5,000 of all branches that are no ancestors of `base`.
 * An id may be format-patch's own, or that of `git patch-id --stable`, which other tools write.
 *
 * @returns full names of commits by patch-id
 */
export async function commitsByPatchId(
  repository: Repository,
  base: string,
  wanted: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (wanted.length === 0 || !isObjectName(repository, base)) return found;
  const options = { cwd: repository.cwd };
  const which = [
    "--no-merges",
    `--max-count=${MAX_COMMITS}`,
    "--branches",
    "--remotes",
    `^${base}`,
  ];
  const commits = await gitText(["rev-list", ...which, "--"], options);
  if (commits === "") return found;
  const asked = new Set(wanted);
  const keep = (ids: readonly (readonly [string, string])[]): boolean => {
    for (const [id, commit] of ids) if (asked.delete(id)) found.set(id, commit);
    return asked.size === 0;
  };
  for (const renames of RENAMES) if (keep(await ownIds(repository, commits, renames))) return found;
  for (const renames of ["--no-renames", "--find-renames"])
    if (keep(await idsOf(repository, await diffsOf(repository, commits, [renames])))) return found;
  return found;
}

/** The ids by `git patch-id --stable` of each commit: with renames found, and without. */
export async function patchIdsOfCommits(
  repository: Repository,
  commits: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ids = new Map<string, string[]>(commits.map((commit) => [commit, []]));
  if (commits.length === 0) return ids;
  for (const renames of ["--find-renames", "--no-renames"]) {
    const diffs = await diffsOf(repository, commits.join("\n"), [renames]);
    for (const [id, commit] of await idsOf(repository, diffs)) ids.get(commit)?.push(id);
  }
  return ids;
}

/** The patch-ids of commits as git's format-patch writes them, in their order. */
export async function patchIdsOf(
  repository: Repository,
  commits: readonly string[],
): Promise<string[]> {
  if (commits.length === 0) return [];
  const [renames] = RENAMES;
  const listed = new Map(
    (await ownIds(repository, commits.join("\n"), renames!)).map(([id, commit]) => [commit, id]),
  );
  const nothing = "0".repeat(repository.objectFormat === "sha256" ? 64 : 40);
  return commits.map((commit) => listed.get(commit) ?? nothing);
}

/** The possible ids of a change between two trees, by each rename detection. */
export async function idsBetween(
  repository: Repository,
  before: string,
  after: string,
  env: Readonly<Record<string, string>>,
): Promise<string[]> {
  const ids: string[] = [];
  for (const renames of RENAMES)
    for (const [id] of await ownIds(repository, `${before} ${after}`, renames, env)) ids.push(id);
  return [...new Set(ids)];
}

/** git's own ids, each with its line of `lines`; none for empty diffs. */
async function ownIds(
  repository: Repository,
  lines: string,
  renames: string,
  env: Readonly<Record<string, string>> = {},
): Promise<[string, string][]> {
  const text = await diffsOf(repository, lines, [renames, ...FOR_IDS], env);
  const pieces = diffsByCommit(text);
  const diffs = pieces.map(({ diff }) => {
    const read = readDiff(diff);
    return read.ok ? read.value : null;
  });
  // a commit's parent has the old files
  const trees = pieces.map(({ of }) =>
    of.includes(" ") ? of.slice(0, of.indexOf(" ")) : `${of}^`,
  );
  const ids = await gitPatchIds(repository, diffs, trees);
  return pieces.flatMap(({ of }, i) =>
    ids[i] === null ? [] : [[ids[i]!, of] as [string, string]],
  );
}

/** No line of a diff looks like this. */
const OF = /^(?:[0-9a-f]{40}|[0-9a-f]{64})(?: (?:[0-9a-f]{40}|[0-9a-f]{64}))?$/gm;

function diffsByCommit(text: Buffer): { of: string; diff: Buffer }[] {
  const marks = [...text.toString("latin1").matchAll(OF)];
  return marks.map(({ 0: of, index }, i) => ({
    of,
    diff: text.subarray(index + of.length + 1, marks[i + 1]?.index ?? text.length),
  }));
}

/** @param lines full names of commits, or of two trees, a line each */
function diffsOf(
  repository: Repository,
  lines: string,
  form: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const shown = ["diff-tree", "--stdin", "-r", "-p", "--root", ...form, ...PLAIN_DIFF];
  const options = { cwd: repository.cwd, maxBytes: MAX_BYTES, env };
  return git(shown, { ...options, input: `${lines}\n` });
}

/** The diff of one commit, for git apply. */
export async function commitDiff(repository: Repository, commit: string): Promise<Buffer> {
  const form = ["-p", "--root", "--binary", "--full-index", "--no-commit-id"];
  const shown = ["diff-tree", ...form, ...PLAIN_DIFF];
  return git([...shown, commit], { cwd: repository.cwd, maxBytes: MAX_BYTES });
}

async function idsOf(repository: Repository, input: Buffer): Promise<[string, string][]> {
  const text = await gitText(["patch-id", "--stable"], { cwd: repository.cwd, input });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" ") as [string, string]);
}
