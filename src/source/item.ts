/** What every source of mail gives: mails, oldest first, and what could not be read, with its place. */

import type { PatchsigError } from "../errors.ts";

/** One mail and where it was found. */
export interface SourceMail {
  /**
   * Its place, by which it is found again: a file, with `:OFFSET` (bytes) for all but the first mail
   * in it; `-` is standard input; `REPOSITORY:COMMIT`; an IMAP URL.
   */
  readonly source: string;
  /** The mail with its CRs, as `git mailsplit --keep-cr` has it; null if it is larger than the limit. */
  readonly bytes: Buffer | null;
  /** Size in bytes as it stood in the source. */
  readonly size: number;
  /** How far the source is read once this mail is dealt with, if it can be read on from there. */
  readonly cursor?: Cursor;
}

/** Where to go on reading a source. Both are names that only the source understands. */
export interface Cursor {
  readonly name: string;
  readonly value: string;
}

/** What is kept of the cursor of this name; null if the source was never read. */
export type CursorOf = (name: string) => string | null;

/** A part of a source that could not be read. The rest is. */
export interface ReadFailure {
  readonly source: string;
  readonly error: PatchsigError;
}

export type SourceItem = SourceMail | ReadFailure;

/** Items as they come: each array is what one read brought. */
export type SourceItems = AsyncGenerator<readonly SourceItem[]>;

export function isReadFailure(item: SourceItem): item is ReadFailure {
  return "error" in item;
}

/** Called with how much of the source is read and how much there is, 0 if nobody knows: any unit. */
export type OnRead = (done: number, total: number) => void;
