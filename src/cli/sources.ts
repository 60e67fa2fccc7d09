/** Sources of mail by the names that people give them. */

import { CliError } from "../errors.ts";
import type * as inboxes from "../git/public-inbox.ts";
import { isDirectory, readSource } from "../source/file.ts";
import type { OnRead, Pieces } from "../source/piece.ts";

/** What is read of sources that can be read in part: public-inboxes. */
export interface SourceOptions {
  /** From this time on, in git's words. */
  readonly since?: string | undefined;
  /** Only what has come since the cursor that this gives; without it, all. */
  readonly cursorOf?: ((name: string) => string | null) | undefined;
}

type Inboxes = typeof inboxes;

/** The mails of a source, oldest first where it knows. What cannot be read is a piece, never thrown. */
export async function* openSource(
  name: string,
  options: SourceOptions,
  onRead: OnRead = () => {},
): Pieces {
  if (isDirectory(name)) {
    const inbox = await import("../git/public-inbox.ts");
    const epochs = inbox.epochsOf(name);
    if (epochs !== null) return yield* inboxPieces(name, epochs, inbox, options, onRead);
  }
  if (options.since !== undefined || options.cursorOf !== undefined)
    throw new CliError("usage", `--since and --new are for public-inboxes, and ${name} is none`);
  yield* readSource(name, onRead);
}

async function* inboxPieces(
  source: string,
  epochs: readonly inboxes.Epoch[],
  { countCommits, readInbox }: Inboxes,
  { since, cursorOf }: SourceOptions,
  onRead: OnRead,
): Pieces {
  const cursorName = (epoch: inboxes.Epoch): string => `public-inbox ${epoch.name}`;
  const inbox = {
    since,
    ...(cursorOf === undefined ? {} : { after: (epoch: inboxes.Epoch) => cursorOf(cursorName(epoch)) }),
  };
  let total = 0;
  let done = 0;
  try {
    // said to who watches, when it is known
    if (process.stderr.isTTY)
      void countCommits(epochs, inbox).then(
        (n) => (total = n),
        () => {},
      );
    for await (const mails of readInbox(epochs, inbox)) {
      done += mails.length;
      onRead(done, total);
      yield mails.map(({ place, bytes, size, epoch, commit }) => ({
        source: place,
        bytes,
        size,
        ...(cursorOf === undefined ? {} : { cursor: { name: cursorName(epoch), value: commit } }),
      }));
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    yield [{ source, error }];
  }
}
