/** Sources of mail by the names that people give them. */

import { CliError } from "../errors.ts";
import { isDirectory, noSinceThen, readSource } from "../source/file.ts";
import { cursorName, cursorPrefix, isMaildir, maildirFiles } from "../source/maildir.ts";
import type { OnRead, Pieces } from "../source/piece.ts";

/** What is read of sources that can be read in part. */
export interface SourceOptions {
  /** From this time on, in git's words; of a public-inbox or IMAP. */
  readonly since?: string | undefined;
  /** Only what has come since the cursor that this gives; without it, all. */
  readonly cursorOf?: ((name: string) => string | null) | undefined;
}

/** The mails of a source, oldest first where it knows. What cannot be read is a piece, never thrown. */
export async function* openSource(
  name: string,
  options: SourceOptions,
  onRead: OnRead = () => {},
): Pieces {
  if (/^imaps?:\/\//.test(name)) {
    const { openMailbox } = await import("./imap-source.ts");
    return yield* openMailbox(name, options, onRead);
  }
  if (isDirectory(name)) {
    // loaded for folders only: most sources are files
    const { openInbox } = await import("./inbox-source.ts");
    const inbox = openInbox(name, options, onRead);
    if (inbox !== null) return yield* inbox;
  }
  if (options.since !== undefined)
    throw new CliError("usage", `--since goes with a public-inbox or IMAP, not ${name}`);
  const canGoOn = name !== "-" && (!isDirectory(name) || isMaildir(name, isDirectory));
  if (options.cursorOf !== undefined && !canGoOn) throw noSinceThen(name);
  yield* readSource(name, onRead, options.cursorOf);
}

/** The part of a store that knows how far sources are read. */
export interface Cursors {
  cursorNames(prefix: string): string[];
  dropCursors(names: readonly string[]): void;
}

/** Of a maildir each mail has a cursor: those of mails that are gone go too. */
export function dropGone(sources: readonly string[], store: Cursors): void {
  for (const source of sources) {
    if (!isDirectory(source) || !isMaildir(source, isDirectory)) continue;
    const there = new Set(maildirFiles(source).map((file) => cursorName(source, file)));
    const gone = store.cursorNames(cursorPrefix(source)).filter((name) => !there.has(name));
    if (gone.length > 0) store.dropCursors(gone);
  }
}
