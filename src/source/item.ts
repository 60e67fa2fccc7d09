/** What every source of mail yields: mails, oldest first, and places that could not be read. */

import type { PatchsigError } from "../errors.ts";

/** One mail and where it was found. */
export interface SourceMail {
  /**
   * Its place: a file, with `:OFFSET` (bytes) for all but its first mail; `-` for standard input;
   * `REPOSITORY:COMMIT`; an IMAP URL.
   */
  readonly source: string;
  /** The mail with its CRs, as `git mailsplit --keep-cr` has it; null if it is larger than the limit. */
  readonly bytes: Buffer | null;
  /** Size in bytes as it stood in the source. */
  readonly size: number;
  /** How far the source is read once this mail is processed, if reading can continue there. */
  readonly cursor?: Cursor;
  /** It could not be read before: what was kept of that (`ReadFailure.lost`), and no longer counts. */
  readonly found?: string;
}

/** Where to continue reading a source. Only the source understands both texts. */
export interface Cursor {
  readonly name: string;
  readonly value: string;
}

/** What is kept of the cursor of this name; null if the source was never read. */
export type CursorOf = (name: string) => string | null;

/** A part of a source that could not be read, unlike the rest. */
export interface ReadFailure {
  readonly source: string;
  readonly error: PatchsigError;
  /** As for a mail, where reading goes on behind this one. */
  readonly cursor?: Cursor;
  /** Of such a one: as long as this is kept beside the cursor, it is tried again. */
  readonly lost?: Cursor;
  /** It was reported before, and `lost` is kept. */
  readonly known?: true;
}

export type SourceItem = SourceMail | ReadFailure;

/** Items as they come: each array is what one read brought. */
export type SourceItems = AsyncGenerator<readonly SourceItem[]>;

export function isReadFailure(item: SourceItem): item is ReadFailure {
  return "error" in item;
}

/** Called with how much of the source is read and how much there is, 0 if nobody knows: any unit. */
export type OnRead = (done: number, total: number) => void;
