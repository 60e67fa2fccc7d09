/**
 * Starts git for the whole program: never through a shell, on the terms of closed.ts, bytes in and
 * bytes out; the exit status is the answer.
 * (simple-git hides the status of a command that fails silently, and refuses to run with variables
 * like PAGER set.)
 */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError, systemWords } from "../errors.ts";
import { hooksOff, LIST_HOOKS, movesRefs, type Purpose, termsOf } from "./closed.ts";

/** Where and on what terms to start git. */
export interface StartOptions {
  /** git's working directory, which relative paths start from. */
  readonly cwd: string;
  /** Why it is started; "read" unless given. */
  readonly purpose?: Purpose;
  /** The repository is the one at `cwd`, whatever GIT_DIR says. */
  readonly elsewhere?: boolean;
  /** Variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Open files that git has too, from number 3 on: a lock, which it then holds until it ends. */
  readonly fds?: readonly number[];
}

export interface GitOptions extends StartOptions {
  readonly input?: Uint8Array | string;
  /** Gets git's stdout and stderr as they come; the result's are then empty. */
  readonly onOutput?: (bytes: Buffer) => void;
  /** Most bytes of stdout: git is then killed, with a PatchsigError "too-large". */
  readonly maxBytes?: number;
}

export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function commandOf(args: readonly string[], start: StartOptions) {
  const { cwd, purpose = "read", elsewhere } = start;
  const terms = termsOf(purpose, process.env, elsewhere ?? false);
  const env = { ...terms.env, ...start.env };
  const off = movesRefs(purpose) ? withoutHooks(start) : {};
  return { args: [...terms.args, ...args], options: { cwd, env: { ...env, ...off } } };
}

/** Variables for a git that may run hooks there, so that it runs none that the repository's settings name. */
export function withoutHooks({ cwd, elsewhere, env }: StartOptions): Record<string, string> {
  if (elsewhere === true && namesNoHook(cwd)) return {};
  const place = { cwd, elsewhere: elsewhere ?? false, env: env ?? {} };
  const listed = runGitSync(LIST_HOOKS, { ...place, purpose: "settings" });
  const keys = listed?.stdout.toString().split("\0").slice(0, -1) ?? [];
  return hooksOff(keys, { ...process.env, ...env });
}

/** A bare repository, such as a feed's, whose settings neither name a hook nor include a file that could. */
function namesNoHook(folder: string): boolean {
  const files = ["config", "config.worktree"].map((name) => join(folder, name));
  const isFile = (path: string): boolean =>
    statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return (
    isFile(join(folder, "HEAD")) &&
    !existsSync(join(folder, "commondir")) &&
    !files.filter(isFile).some((path) => /hook|include/i.test(readFileSync(path, "latin1")))
  );
}

/** Starts git and returns it running: the caller listens for "error" and "close". */
export function spawnGit(
  argv: readonly string[],
  start: StartOptions,
): ChildProcessWithoutNullStreams {
  const { args, options } = commandOf(argv, start);
  const stdio = ["pipe", "pipe", "pipe", ...(start.fds ?? [])] as const;
  return spawn("git", args, {
    ...options,
    stdio: [...stdio],
  }) as unknown as ChildProcessWithoutNullStreams;
}

const MAX_SYNC_BYTES = 16 << 20;

/**
 * Runs git and blocks until it ends: for settings, which are read before all else. Null if there is
 * no git.
 */
export function runGitSync(argv: readonly string[], start: StartOptions): GitResult | null {
  const { args, options } = commandOf(argv, start);
  const run = spawnSync("git", args, { ...options, maxBuffer: MAX_SYNC_BYTES });
  const error: NodeJS.ErrnoException | undefined = run.error;
  if (error?.code === "ENOENT") return null;
  if (error !== undefined) throw notStarted(error, options.cwd);
  return { status: run.status ?? -1, stdout: run.stdout, stderr: run.stderr.toString() };
}

/** Why git did not start: the system says ENOENT of a folder that is not there, too. */
export function notStarted(cause: unknown, cwd: string): PatchsigError {
  if (isLossy(cwd)) return notUtf8(cwd);
  if (!existsSync(cwd))
    return new PatchsigError("git-missing", `no such folder: ${cwd}`, { cause });
  const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
  if (!missing)
    return new PatchsigError("git-failed", `cannot start git: ${systemWords(cause)}`, { cause });
  return new PatchsigError("git-missing", "git is not installed, or not on the PATH", { cause });
}

/** Had a path other bytes than UTF-8? node has put U+FFFD in their place, and nothing is found there. */
export function isLossy(path: string): boolean {
  return path.includes("\ufffd") && !existsSync(path);
}

export function notUtf8(path: string): PatchsigError {
  return new PatchsigError("no-repository", `this path is not UTF-8: ${path}`, {
    hint: "git can work there, patchsig cannot: rename the folder",
  });
}

/**
 * Runs git and waits for it. Resolves whatever its exit status is; rejects with a PatchsigError
 * "git-missing" if there is no git, "git-failed" if it was killed.
 */
export function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawnGit(args, options);
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
    child.on("error", (cause) => reject(notStarted(cause, options.cwd)));
    child.on("close", (status, signal) => {
      const result = { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
      if (tooMuch())
        reject(new PatchsigError("too-large", `git ${args[0] ?? ""}: more than patchsig reads`));
      else if (status === null) reject(failure(args, `killed by ${signal ?? "a signal"}`));
      else resolve({ status, ...result });
    });
    // git may exit before reading everything: its exit status says why
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** Runs git, which must succeed: else a PatchsigError "git-failed" with what git said. */
export async function git(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const { status, stdout, stderr } = await runGit(args, options);
  if (status !== 0) throw failure(args, stderr);
  return stdout;
}

/** As `git`, for text: without the newline at the end. */
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
export async function gitSucceeds(args: readonly string[], options: GitOptions): Promise<boolean> {
  return (await runGit(args, options)).status === 0;
}

/** git's complaint: its first fatal line, else its first line. */
export function failure(args: readonly string[], stderr: string): PatchsigError {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((text) => /^(fatal|error): /.test(text)) ?? lines[0] ?? "no reason given";
  // after settings for git itself
  const name = args.find((word, i) => word !== "-c" && args[i - 1] !== "-c") ?? "";
  const said = `git ${name}: ${line.replace(/^(fatal|error): /, "")}`;
  const hint = wayOut(line, lines);
  return new PatchsigError("git-failed", said, hint === null ? {} : { hint });
}

/** What helps against the usual complaints; null for others. */
function wayOut(line: string, lines: readonly string[]): string | null {
  if (/\.lock': File exists/.test(line))
    return "if no git runs there, one that was killed left that file: remove it";
  if (line.startsWith("fatal: not a git repository")) return "run it in a working tree";
  // git names the folder, quoted for a shell
  const trust = lines.find((text) => /^\s*git config .*safe\.directory /.test(text));
  return trust === undefined ? null : `if you trust its owner: ${trust.trim()}`;
}
