/** Sources of mail by the names that people give them. */

import { CliError } from "../errors.ts";
import { isDirectory, readSource } from "../source/file.ts";
import type { OnRead, Pieces } from "../source/piece.ts";

/** What is read of sources that can be read in part: public-inboxes and IMAP. */
export interface SourceOptions {
  /** From this time on, in git's words. */
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
  if (options.since !== undefined || options.cursorOf !== undefined)
    throw new CliError("usage", `--since and --new go with a public-inbox or IMAP, not ${name}`);
  yield* readSource(name, onRead);
}
