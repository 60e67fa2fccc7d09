/** The state of the followed feeds on this machine. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ASLEEP } from "../../feed/description.ts";
import type { FollowedFeed } from "../../feed/followed.ts";
import { folderSize } from "../../git/feed-write.ts";
import { followedFeeds, followedFolder } from "../feed/followed.ts";

export interface FeedState extends Pick<
  FollowedFeed,
  "name" | "url" | "query" | "updated" | "described" | "owner" | "withdrawn"
> {
  /** Bytes on disk, and the limit. */
  readonly size: number;
  readonly max: number;
  readonly epochs: number;
  /** Its owner used to sign descriptions of it, and has stopped. */
  readonly asleep: boolean;
}

/** @param now seconds since the epoch */
export function feedStates(now: number): FeedState[] {
  return followedFeeds().map((feed) => {
    const folder = join(followedFolder(feed.name), "git");
    const { name, url, query, updated, described, owner, withdrawn, max, heads } = feed;
    const size = existsSync(folder) ? folderSize(folder) : 0;
    const asleep = described > 0 && now - described > ASLEEP;
    const epochs = Object.keys(heads).length;
    return { name, url, query, updated, described, owner, withdrawn, size, max, epochs, asleep };
  });
}
