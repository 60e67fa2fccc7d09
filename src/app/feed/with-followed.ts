/** Work on feeds that are followed: one program at a time, and none on a feed that was unfollowed meanwhile. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { FollowedFeed } from "../../feed/followed.ts";
import { writing } from "../../store/whole-file.ts";
import { withFeed } from "./add.ts";
import { followedFeed, followedFolder, STATE } from "./followed.ts";

/**
 * Runs `work` under the feed's lock.
 *
 * @param say gets a line if it has to wait for another program
 * @throws PatchsigError "not-found" if it is not followed, or no longer once the lock is there
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

/** Runs `work`. If it fails, and the feed is followed no more, that is the error. */
export async function whileFollowed<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    followedFeed(name);
    throw error;
  }
}

/** Forgets a feed and all that came from it. An update that is under way comes to its end first. */
export async function forgetFeed(name: string, say: (line: string) => void): Promise<void> {
  await withFollowed(name, say, async (_, folder) =>
    writing(folder, () => {
      // the state first: without it, what a run leaves that was killed is no feed any more
      rmSync(join(folder, STATE));
      rmSync(folder, { recursive: true, force: true });
    }),
  );
}
