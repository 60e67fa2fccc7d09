/**
 * Starting git: never through a shell, bytes in and bytes out, and the exit status is the answer.
 * (simple-git hides the status of a command that fails silently, and refuses to work under
 * variables like PAGER.)
 */

import { spawn } from "node:child_process";
import { CliError } from "../errors.ts";

export interface GitOptions {
  /** Where git runs, and what relative paths in its arguments mean. */
  readonly cwd: string;
  readonly input?: Uint8Array | string;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets what git writes, stdout and stderr as they come; then the result's are empty. */
  readonly onOutput?: (bytes: Buffer) => void;
  /** git is ended when it has written more than so many bytes to stdout: a CliError "too-large". */
  readonly maxBytes?: number;
}

export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git and waits for it. Resolves whatever its exit status is; rejects with a CliError
 * "git-missing" if there is no git, "git-failed" if it was killed.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env };
    const child = spawn("git", args, { cwd: options.cwd, env, stdio: "pipe" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let written = 0;
    const tooMuch = (): boolean => written > (options.maxBytes ?? Infinity);
    child.stdout.on("data", (bytes: Buffer) => {
      written += bytes.length;
      if (tooMuch()) child.kill();
    });
    child.stdout.on("data", options.onOutput ?? ((bytes: Buffer) => stdout.push(bytes)));
    child.stderr.on("data", options.onOutput ?? ((bytes: Buffer) => stderr.push(bytes)));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === "ENOENT";
      reject(
        new CliError(missing ? "git-missing" : "git-failed", `cannot start git in ${options.cwd}`, {
          hint: "git must be installed and on the PATH, and the directory must exist",
          cause,
        }),
      );
    });
    child.on("close", (status, signal) => {
      const result = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
      if (tooMuch())
        reject(new CliError("too-large", `git ${args[0] ?? ""}: more than patchsig reads`));
      else if (status === null) reject(failure(args, `killed by ${signal ?? "a signal"}`));
      else resolve({ status, ...result });
    });
    // git may end without having read everything: its exit status says why
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** Runs git, which must succeed: else a CliError "git-failed" with what git said. */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { status, stdout, stderr } = await runGit(args, options);
  if (status !== 0) throw failure(args, stderr);
  return stdout;
}

/** As `git`, for output that is text: without the newline at its end. */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  return (await git(args, options)).toString().replace(/\n$/, "");
}

/** The lines that git writes; none if it fails. */
export async function gitLines(args: readonly string[], options: GitOptions): Promise<string[]> {
  const { status, stdout } = await runGit(args, options);
  const text = status === 0 ? stdout.toString() : "";
  return text.split("\n").filter((line) => line !== "");
}

/** Does git succeed? */
export async function gitSays(args: readonly string[], options: GitOptions): Promise<boolean> {
  return (await runGit(args, options)).status === 0;
}

/** What git complained of: its first fatal line, else its first line. */
export function failure(args: readonly string[], stderr: string): CliError {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /^(fatal|error): /.test(text)) ?? lines[0] ?? "no reason given";
  return new CliError(
    "git-failed",
    `git ${args[0] ?? ""}: ${line.replace(/^(fatal|error): /, "")}`,
  );
}
