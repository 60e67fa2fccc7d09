import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** git in a folder; throws if it fails. */
export function git(cwd: string, args: readonly string[], input?: Buffer | string): Buffer {
  return execFileSync("git", args, {
    cwd,
    input,
    stdio: ["pipe", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
}

/** git in a folder; its exit status, and what it printed. */
export function tryGit(
  cwd: string,
  args: readonly string[],
  input?: Buffer | string,
): { status: number; stdout: Buffer; stderr: string } {
  const run = spawnSync("git", args, { cwd, input, maxBuffer: 1 << 28 });
  return { status: run.status ?? -1, stdout: run.stdout, stderr: run.stderr.toString("utf8") };
}

let tick = 1_700_000_000;

/** In one batch: a shell starts git several times faster than node does; and nothing is to be tidied up. */
const COMMIT = `git add -A &&
  git -c maintenance.auto=false commit -q --allow-empty -F - --date "$1" &&
  git rev-parse HEAD`;

/** A repository on branch main. */
export function newRepository(folder: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, ["init", "-q", "-b", "main"]);
  return folder;
}

/** Writes files (null deletes) and commits them, a minute after the last commit of any test. */
export function commit(
  repository: string,
  message: string,
  files: Record<string, string | Buffer | null>,
): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(repository, name);
    if (content === null) rmSync(path);
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }
  tick += 60;
  const date = `${tick} +0000`;
  const name = execFileSync("sh", ["-c", COMMIT, "sh", date], {
    cwd: repository,
    input: message,
    env: { ...process.env, GIT_COMMITTER_DATE: date },
  });
  return name.toString().trim();
}

/** Author, message and tree of the commits since `base`, oldest first; the date is not covered. */
export function commitsSince(repository: string, base: string): string[] {
  const log = git(repository, [
    "log",
    "--encoding=UTF-8",
    "--reverse",
    `--format=${FORMAT}`,
    `${base}..HEAD`,
  ]);
  return commitsOf(log.toString("latin1"));
}

/** Author, message and tree. */
const FORMAT = "%an <%ae>%n%B%x00%T%x01";

/** For a shell: the options of the git log that `commitsOf` reads. */
export const COMMITS = `--encoding=UTF-8 --reverse --format='${FORMAT}'`;

export function commitsOf(log: string): string[] {
  return log
    .split("\x01")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
