/** Starts processes of our own, and sends errors from one to another. */

import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { parse } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorCode, PatchsigError } from "../errors.ts";

/** Starts a script, which is sent messages. */
export function startProcess(script: URL, options: ForkOptions): ChildProcess {
  return fork(fileURLToPath(script), [], { cwd: folderToStartIn(), ...options });
}

/** Where the user started this program; the root if that was removed since, where no process would start. */
function folderToStartIn(): string {
  const here = process.cwd();
  return existsSync(here) ? here : parse(here).root;
}

/** An error, as it can be sent to another process. */
export interface SentFailure {
  /** Null for one that is no PatchsigError. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | undefined;
}

/** For whatever was thrown. */
export function failureOf(error: unknown): SentFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PatchsigError)) return { code: null, message, hint: undefined };
  return { code: error.code, message, hint: error.hint };
}

/** The error that was sent. */
export function errorIn({ code, message, hint }: SentFailure): Error {
  if (code === null) return new Error(message);
  return new PatchsigError(code, message, hint === undefined ? {} : { hint });
}
