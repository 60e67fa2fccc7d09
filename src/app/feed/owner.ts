/** The settings of a feed, for its signed description: patchsig-feed.json in its folder. */

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { Committer } from "../../git/feed-write.ts";
import { placeFile } from "../../store/replace-file.ts";

/** What the owner of a feed says of it. */
export interface FeedSettings {
  readonly name: string;
  /** Addresses at which others find the feed. */
  readonly urls: readonly string[];
  /** What the feed holds: some of `FEED_KINDS`. */
  readonly kinds: readonly string[];
  /** The owner's address; "" if that is not known. */
  readonly by: string;
  /**
   * The last description: when it was signed (seconds since the epoch), with how many epochs; null if there is none.
   */
  readonly described: { readonly at: number; readonly epochs: number } | null;
}

const FILE = "patchsig-feed.json";

/**
 * @param feed its folder
 * @returns defaults if there is no file, as in an inbox that public-inbox made
 * @throws PatchsigError "unreadable" if the file cannot be read, or is damaged
 */
export function feedSettings(feed: string): FeedSettings {
  const file = join(feed, FILE);
  const defaults: FeedSettings = {
    name: basename(feed),
    urls: [],
    kinds: [],
    by: "",
    described: null,
  };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return defaults;
    throw new PatchsigError("unreadable", `cannot read ${file}`, { cause });
  }
  try {
    const said = JSON.parse(text) as Partial<FeedSettings> | null;
    const { name, urls, kinds, by, described } = { ...defaults, ...said };
    const lists = [urls, kinds].every(
      (l) => Array.isArray(l) && l.every((s) => typeof s === "string"),
    );
    if (typeof name === "string" && typeof by === "string" && lists)
      return { name, urls, kinds, by, described };
  } catch {
    // said below
  }
  throw new PatchsigError("unreadable", `${file} is damaged`, {
    hint: "patchsig feed init writes it",
  });
}

/** Replaces a feed's settings. @param feed its folder */
export function writeFeedSettings(feed: string, settings: FeedSettings): void {
  placeFile(join(feed, FILE), Buffer.from(`${JSON.stringify(settings, null, 1)}\n`));
}

/** The committer that a feed's commits name: the feed, and its owner's address. */
export function feedCommitter(feed: string): Committer {
  const { name, by } = feedSettings(feed);
  const plain = (text: string): string => text.replace(/[<>\0-\x1f\x7f]+/g, " ").trim();
  return { name: plain(name), email: plain(by) };
}
