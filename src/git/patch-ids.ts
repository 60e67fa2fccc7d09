/** Patches by their stable patch-ids, as git lists them for prerequisites. */

import { randomBytes } from "node:crypto";
import { PLAIN_DIFF } from "./closed.ts";
import { isObjectName, type Repository } from "./repository.ts";
import { git, gitText } from "./run.ts";

/** Commits that are looked through, the newest, and what their diffs may take. */
const MAX_COMMITS = 5000;
const MAX_BYTES = 256 << 20;

/** The patch-ids of diffs, in their order; null for a diff that has none. */
export async function patchIds(
  repository: Repository,
  diffs: readonly Buffer[],
): Promise<(string | null)[]> {
  const digits = repository.objectFormat === "sha256" ? 64 : 40;
  // names that no diff can hold: git takes a line that begins with one for the next diff
  const salt = randomBytes(digits / 2 - 4).toString("hex");
  const names = diffs.map((_, i) => salt + i.toString(16).padStart(8, "0"));
  const pieces = diffs.flatMap((diff, i) => [Buffer.from(`From ${names[i]} x\n`), diff]);
  const listed = await idsOf(repository, Buffer.concat(pieces));
  const found = new Map(listed.map(([id, name]) => [name, id]));
  return names.map((name) => found.get(name) ?? null);
}

/**
 * Which commits that are not below `base` have these patch-ids: of all branches, the newest 5,000.
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
  for (const [id, commit] of await idsOf(repository, await diffsOf(repository, commits)))
    if (asked.has(id) && !found.has(id)) found.set(id, commit);
  return found;
}

/** The patch-ids of commits, in their order, but for those that change nothing. */
export async function patchIdsOf(
  repository: Repository,
  commits: readonly string[],
): Promise<string[]> {
  if (commits.length === 0) return [];
  const listed = await idsOf(repository, await diffsOf(repository, commits.join("\n")));
  return listed.map(([id]) => id);
}

/** @param commits full names, a line each */
function diffsOf(repository: Repository, commits: string): Promise<Buffer> {
  const shown = ["diff-tree", "--stdin", "-p", "--root", "--no-renames", ...PLAIN_DIFF];
  const options = { cwd: repository.cwd, maxBytes: MAX_BYTES };
  return git(shown, { ...options, input: `${commits}\n` });
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
