// Stock git as the judge of what a patch text holds and of what it does to a tree.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Diff } from "../../src/types.ts";

const DATES = {
  GIT_AUTHOR_DATE: "2024-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2024-01-01T00:00:00Z",
};

export interface Judge {
  readonly repository: string;
  readonly git: (args: readonly string[]) => Buffer;
  /** What `git apply --numstat -z` prints for a patch text, or null if git refuses it. */
  numstat(patch: Buffer, ...options: string[]): string | null;
  /** True if git finds no file patch at all (for which it fails too). */
  findsNothing(patch: Buffer): boolean;
  /** The tree that `git apply` makes of the last commit's, or null if git refuses. */
  apply(patch: Buffer): string | null;
  close(): void;
}

/** A judge with a repository in a temporary folder, its files as `populate` leaves them. */
export function makeJudge(populate: (repository: string) => void): Judge {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-diff-"));
  const repository = join(folder, "repository");
  const empty = join(folder, "empty");
  const index = join(folder, "index");
  mkdirSync(repository);
  mkdirSync(empty);
  const env = { ...process.env, ...DATES, GIT_CEILING_DIRECTORIES: folder };
  const git = (args: readonly string[]): Buffer =>
    execFileSync("git", args, { cwd: repository, env, maxBuffer: 1 << 28 });
  git(["init", "-q", "-b", "main"]);
  populate(repository);
  git(["add", "-A"]);
  git(["commit", "-qm", "base"]);
  const run = (args: readonly string[], input: Buffer | undefined, cwd: string) =>
    spawnSync("git", args, { cwd, env: { ...env, GIT_INDEX_FILE: index }, input });
  const trees = new Map<string, string | null>();

  return {
    repository,
    git,
    numstat(patch, ...options) {
      const judged = run(["apply", "--numstat", "-z", ...options], patch, empty);
      // git fails to parse a binary patch, says so, and goes on with what came before it: exit status 0
      const refused = judged.status !== 0 || judged.stderr.includes("error:");
      return refused ? null : judged.stdout.toString("latin1");
    },
    findsNothing(patch) {
      const judged = run(["apply", "--numstat"], patch, empty);
      return judged.stderr.toString().startsWith("error: No valid patches");
    },
    apply(patch) {
      const key = patch.toString("latin1");
      const known = trees.get(key);
      if (known !== undefined) return known;
      copyFileSync(join(repository, ".git/index"), index);
      const applied = run(["apply", "--cached", "--whitespace=nowarn"], patch, repository);
      const tree =
        applied.status === 0
          ? run(["write-tree"], undefined, repository).stdout.toString().trim()
          : null;
      if (trees.size > 500) trees.clear();
      trees.set(key, tree);
      return tree;
    },
    close() {
      rmSync(folder, { recursive: true });
    },
  };
}

/** What `git apply --numstat -z` would print for `diff`. */
export function numstatOf(diff: Diff): string {
  return diff.files
    .map(({ binary, added, deleted, oldName, newName }) => {
      const counts = binary ? "-\t-" : `${added}\t${deleted}`;
      return `${counts}\t${(newName ?? oldName)?.toString("latin1")}\0`;
    })
    .join("");
}

/** Writes `files` (path to content) below `folder`. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
