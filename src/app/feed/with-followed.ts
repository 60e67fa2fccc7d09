/** Work on followed feeds: one program at a time, and none on a feed that was unfollowed meanwhile. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { FollowedFeed } from "../../feed/followed.ts";
import { writing } from "../../store/whole-file.ts";
import { withFeed } from "./add.ts";
import { followedFeed, followedFolder, requireFollowed, STATE } from "./followed.ts";

/**
 * Runs `work` under the feed's lock, with the feed's state as of then.
 *
 * @param say gets a line if another program holds the lock
 * @throws PatchsigError "not-found" if the feed is not followed, or was unfollowed while we waited
 */
export async function withFollowed<T>(
  name: string,
  say: (line: string) => void,
  work: (feed: FollowedFeed, folder: string) => Promise<T>,
): Promise<T> {
  const folder = followedFolder(name);
  followedFeed(name);
  return whileFollowed(name, () => withFeed(folder, say, () => work(followedFeed(name), folder)));
}

/** Runs `work`. If it fails because the feed was unfollowed meanwhile, the error says that. */
export async function whileFollowed<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    requireFollowed(name);
    throw error;
  }
}

/**
 * Unfollows a feed, also one whose state is damaged, and removes its mails. Waits for an update that is under way.
 *
 * @throws PatchsigError "not-found" as `withFollowed`
 */
export async function forgetFeed(name: string, say: (line: string) => void): Promise<void> {
  const folder = followedFolder(name);
  requireFollowed(name);
  const forget = async (): Promise<void> => {
    requireFollowed(name);
    writing(folder, () => {
      // the state first: if this run is killed, what is left does not count as a feed
      rmSync(join(folder, STATE));
      rmSync(folder, { recursive: true, force: true });
    });
  };
  await whileFollowed(name, () => withFeed(folder, say, forget));
}
