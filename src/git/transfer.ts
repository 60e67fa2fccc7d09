/**
 * Fetches that can take minutes: simple-git runs them, for what it reads of git's progress and how it aborts.
 * Its guards against unsafe settings and variables are opened, because closed.ts decides about those: what
 * reaches it is the terms of "fetch", and arguments of our own.
 */

import { PatchsigError } from "../errors.ts";
import { termsOf } from "./closed.ts";
import { failure, notStarted, withoutHooks } from "./run.ts";
import { newTransfer } from "./stop.ts";

export interface TransferOptions {
  /** In git's words: `receiving`, and objects. */
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
  /** Gets how many bytes git has said, with what the server says; they are kept, so it may have to be aborted. */
  readonly onSaid: (bytes: number) => void;
  readonly signal: AbortSignal;
  /** Settings for this fetch alone. */
  readonly settings?: readonly string[];
}

/**
 * Its names for what it would not let pass: all of them. `git patchsig` sets GIT_EXEC_PATH, and users set the others; closed.ts
 * decides which of them count.
 */
const GUARDS = [
  "Alias",
  "AskPass",
  "ConfigEnvCount",
  "ConfigPaths",
  "CredentialHelper",
  "CustomBinary",
  "DiffExternal",
  "DiffTextConv",
  "Editor",
  "Exec",
  "Filter",
  "FsMonitor",
  "GitProxy",
  "GpgProgram",
  "HooksPath",
  "Include",
  "MergeDriver",
  "Pack",
  "Pager",
  "ProtocolOverride",
  "SshCommand",
  "Submodule",
  "TemplateDir",
  "UrlRewrite",
] as const;

/**
 * Runs `git fetch` in a bare repository.
 *
 * @throws PatchsigError "git-failed" with git's words; what `signal` was aborted with, if it was
 */
export async function transfer(
  repository: string,
  args: readonly string[],
  { onProgress, onSaid, signal, settings = [] }: TransferOptions,
): Promise<void> {
  const { simpleGit } = await import("simple-git");
  const terms = termsOf("fetch", process.env, true);
  // a feed is public: nobody is asked for a password
  const { env: mark, stop } = newTransfer();
  const own = { ...mark, GIT_TERMINAL_PROMPT: "0", GIT_CEILING_DIRECTORIES: repository };
  const off = withoutHooks({ cwd: repository, elsewhere: true, env: own });
  const env = { ...terms.env, ...own, ...off };
  signal.throwIfAborted();
  const git = simpleGit({
    baseDir: repository,
    abort: signal,
    config: [...terms.args.filter((arg) => arg !== "-c"), ...settings],
    allowEnvironment: Object.keys(env),
    unsafe: Object.fromEntries(GUARDS.map((name) => [`allowUnsafe${name}`, true])),
    // its own rule takes silence for success
    errors: (error, { exitCode, stdErr }) =>
      exitCode === 0 ? undefined : (error ?? Buffer.concat([...stdErr, Buffer.from(" ")])),
    progress: ({ stage, processed, total }) => onProgress?.(stage, processed, total),
  });
  git.outputHandler((_command, _out, errors) =>
    errors.on("data", (bytes: Buffer) => onSaid(bytes.length)),
  );
  const onAbort = (): void => stop("SIGTERM");
  signal.addEventListener("abort", onAbort);
  try {
    const defined = Object.entries(env).filter(([, value]) => value !== undefined);
    await git
      .env(Object.fromEntries(defined) as Record<string, string>)
      .raw(["fetch", "--progress", ...QUIET, ...args]);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PatchsigError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw notStarted(error, repository);
    throw failure(["fetch"], withoutProgress((error as Error).message));
  } finally {
    signal.removeEventListener("abort", onAbort);
    // git has ended; its helpers need not have
    if (signal.aborted) stop("SIGKILL");
  }
}

/** Nothing beside what was asked for, and no work that goes on afterwards. */
const QUIET = [
  "--no-tags",
  "--no-recurse-submodules",
  "--no-write-fetch-head",
  "--no-auto-gc",
  "--no-prune",
] as const;

/** git rewrites its progress within a line. */
function withoutProgress(stderr: string): string {
  return stderr
    .split(/[\r\n]+/)
    .filter((line) => !/^(?:remote: )?[A-Z][a-z ]+:\s+\d/.test(line))
    .join("\n");
}
