/** What the owner of a feed says of it: patchsig-feed.json in its folder, for the signed description. */

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { Committer } from "../../git/feed-write.ts";
import { placeFile } from "../../store/replace-file.ts";

/** Whoever has not said anything: an inbox that public-inbox made. */
export interface FeedSettings {
  readonly name: string;
  /** Where others find it. */
  readonly urls: readonly string[];
  /** What is in it: patches, reviews, results. */
  readonly kinds: readonly string[];
  /** The address of whoever owns it; "" if that is not known. */
  readonly by: string;
  /** When it last described itself, seconds since the epoch, and how many epochs there were; null for never. */
  readonly described: { readonly at: number; readonly epochs: number } | null;
}

const FILE = "patchsig-feed.json";

/** @throws PatchsigError "unreadable" */
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

export function writeFeedSettings(feed: string, settings: FeedSettings): void {
  placeFile(join(feed, FILE), Buffer.from(`${JSON.stringify(settings, null, 1)}\n`));
}

/** Whom the commits of a feed name as committer. */
export function feedCommitter(feed: string): Committer {
  const { name, by } = feedSettings(feed);
  const plain = (text: string): string => text.replace(/[<>\0-\x1f\x7f]+/g, " ").trim();
  return { name: plain(name), email: plain(by) };
}
