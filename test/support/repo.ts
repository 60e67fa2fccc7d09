import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that is gone when the test is over. */
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
  git(repository, ["add", "-A"]);
  tick += 60;
  const date = `${tick} +0000`;
  execFileSync("git", ["commit", "-q", "--allow-empty", "-F", "-", "--date", date], {
    cwd: repository,
    input: message,
    env: { ...process.env, GIT_COMMITTER_DATE: date },
  });
  return git(repository, ["rev-parse", "HEAD"]).toString().trim();
}

/** Author, message and tree of the commits since `base`, oldest first; the date is not covered. */
export function commitsSince(repository: string, base: string): string[] {
  const log = git(repository, [
    "log",
    "--reverse",
    "--format=%an <%ae>%n%B%x00%T%x01",
    `${base}..HEAD`,
  ]);
  return log
    .toString("latin1")
    .split("\x01")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
