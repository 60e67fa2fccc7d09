/**
 * Two ways to report a problem. What a mail *is* becomes data (a finding, a refusal). What the
 * program *could not do* is a `PatchsigError`; a strict parser throws a `FormatError` for a broken file.
 */

/** Exit statuses of every command (docs: README, "Exit status"). */
export const EXIT = { ok: 0, unmet: 1, usage: 2, failed: 3 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Text in one of our formats is broken. `message` is one line, lower case. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Why a command could not do its work. Tests assert these, not the text. */
export type ErrorCode =
  | "usage"
  | "not-found"
  | "unreadable"
  | "unwritable"
  | "not-a-mail"
  | "fault"
  | "no-patch"
  | "no-repository"
  | "git-failed"
  | "git-missing"
  | "bad-key"
  | "bad-password"
  | "no-password"
  | "no-agent"
  | "agent-failed"
  | "no-key"
  | "lax-mode"
  | "exists"
  | "bad-database"
  | "database-busy"
  | "disk-full"
  | "too-large"
  | "refused"
  | "unsupported";

/** The program could not do what it was asked: one line, a hint for the way out, and a cause. */
export class PatchsigError extends Error {
  override readonly name = "PatchsigError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly exit: ExitStatus;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; exit?: ExitStatus } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? (code === "usage" ? EXIT.usage : EXIT.failed);
  }
}

const SYSTEM: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOENT: "no such file or folder",
  ENOTDIR: "a part of its path is not a folder",
  EISDIR: "it is a folder",
  EEXIST: "it is there already",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  EIO: "the disk has an error",
};

/** Why the system refused to open or make a file: words for what happens to people, else its code. */
export function systemWords(cause: unknown): string {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  return SYSTEM[code] ?? (code === "" ? message : code);
}
