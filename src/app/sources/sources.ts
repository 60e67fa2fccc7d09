/** Sources of mail by the names that people give them. */

import { PatchsigError } from "../../errors.ts";
import { readSource } from "../../source/file.ts";
import type { CursorOf, OnRead, SourceItems } from "../../source/item.ts";
import { isDirectory, isThere } from "../../source/reading.ts";
import { isMailboxUrl, isUrl, shownUrl } from "../../source/url.ts";
import { namedMessageId } from "./message-id.ts";
import { openInbox } from "./inbox-source.ts";

/** Which part of a source to read, if it supports that (docs/sources.md). */
export interface SourceOptions {
  /** From this time on, in git's words. */
  readonly since?: string | undefined;
  /** Only mails after the cursor that this returns; without it, all. */
  readonly cursorOf?: CursorOf | undefined;
  /**
   * The names of cursors that are kept and begin so. With it, a mail that cannot be read does not hold up those behind
   * it in an inbox: it is reported once, with what is to be kept so that it is tried again.
   */
  readonly cursorsBelow?: ((prefix: string) => readonly string[]) | undefined;
  /** Mails of a public-inbox that are not here are left out: it is followed in part. */
  readonly inPart?: boolean;
  /** Gets what of a source was not looked at. */
  readonly say?: ((line: string) => void) | undefined;
}

/**
 * The mails of a source, oldest first where it knows. What cannot be read is an item, never thrown.
 *
 * @param onRead without it, nobody watches
 * @throws PatchsigError "usage" if the options do not go with this source
 */
export async function* openSource(
  name: string,
  options: SourceOptions,
  onRead?: OnRead,
): SourceItems {
  const id = namedMessageId(name);
  if (id !== null) {
    if (options.since !== undefined || options.cursorOf !== undefined)
      throw new PatchsigError("usage", "--since and --new do not go with a Message-ID");
    const { openThread } = await import("./thread-source.ts");
    return yield* openThread(id, options.say ?? (() => {}));
  }
  if (isFeedSource(name)) {
    const { followedSource } = await import("../feed/followed.ts");
    const folder = followedSource(feedName(name));
    return yield* openSource(folder, { ...options, inPart: true }, onRead);
  }
  if (isMailboxUrl(name)) {
    const { openMailbox } = await import("./imap-source.ts");
    return yield* openMailbox(name, options, onRead ?? (() => {}));
  }
  if (isUrl(name) && !isThere(name))
    throw new PatchsigError("usage", `${shownUrl(name)}: patchsig cannot read such an address`, {
      hint: "it reads imap:// and imaps://; clone a public-inbox first",
    });
  if (isDirectory(name)) {
    const inbox = openInbox(name, options, onRead);
    if (inbox !== null) return yield* inbox;
  }
  if (options.since !== undefined)
    throw new PatchsigError("usage", `--since goes with a public-inbox or IMAP, not ${name}`);
  yield* readSource(name, options.cursorOf, onRead ?? (() => {}));
}

/** Before the name of a feed that is followed. */
const FEED = "feed:";

export function isFeedSource(name: string): boolean {
  return name.startsWith(FEED) && !isThere(name);
}

/** The name under which it is followed. */
export function feedName(source: string): string {
  return source.slice(FEED.length);
}

/** What a followed feed is called as a source. */
export function feedSource(name: string): string {
  return `${FEED}${name}`;
}

/** The mails of several sources, one source after the other. `onRead` counts within each. */
export async function* openSources(
  names: readonly string[],
  options: SourceOptions,
  onRead?: OnRead,
): SourceItems {
  for (const name of names) yield* openSource(name, options, onRead);
}
