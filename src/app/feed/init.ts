/** Makes a feed: a public-inbox (v2) without mails. */

import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { FEED_KINDS, FEED_NAME, FEED_URL, MAX_URLS } from "../../feed/description.ts";
import { writableEpoch } from "../../git/feed-write.ts";
import { placeFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import { withFeed } from "./add.ts";
import { feedSettings, type FeedSettings, writeFeedSettings } from "./owner.ts";
import { makeFolders } from "../../places.ts";

/** What a feed's description should say; what is undefined stays as it was. */
export interface FeedWishes {
  readonly name?: string | undefined;
  readonly urls?: readonly string[] | undefined;
  readonly kinds?: readonly string[] | undefined;
  /** The owner's address; "" to keep it. */
  readonly by: string;
}

/**
 * Makes a feed in a new or empty folder, or changes what an existing one says of itself. If it is killed, it can be run
 * again.
 *
 * @throws PatchsigError "exists" if the folder holds something else; "usage" for a name, URL or kind that is not valid
 */
export async function initFeed(
  folder: string,
  wishes: FeedWishes,
  say: (line: string) => void,
): Promise<FeedSettings> {
  const feed = resolve(folder);
  checkWishes(wishes);
  if (!existsSync(join(feed, "inbox.lock")) && existsSync(feed) && readdirSync(feed).length > 0)
    throw new PatchsigError("exists", `${folder} is neither empty nor a feed`);
  writing(feed, () => makeFolders(feed), "make");
  return withFeed(feed, say, async () => {
    await writableEpoch(feed);
    const before = feedSettings(feed);
    const settings = {
      name: wishes.name ?? before.name,
      urls: wishes.urls ?? before.urls,
      // as a description has them: in this order, each once
      kinds: FEED_KINDS.filter((kind) => (wishes.kinds ?? before.kinds).includes(kind)),
      by: wishes.by === "" ? before.by : wishes.by,
      described: before.described,
    };
    writeFeedSettings(feed, settings);
    const description = join(feed, "description");
    if (!existsSync(description) || wishes.name !== undefined)
      placeFile(description, Buffer.from(`${settings.name}\n`));
    return settings;
  });
}

function checkWishes({ name, urls, kinds }: FeedWishes): void {
  if (name !== undefined && !FEED_NAME.test(name))
    throw new PatchsigError("usage", "--name: up to 64 letters and digits, without blanks", {
      hint: `as in --name ${basename(process.cwd())}`,
    });
  if ((urls ?? []).length > MAX_URLS)
    throw new PatchsigError("usage", `--url: at most ${MAX_URLS} addresses`);
  for (const url of urls ?? [])
    if (!FEED_URL.test(url) || !URL.canParse(url) || /:\/\/[^/]*@/.test(url))
      throw new PatchsigError("usage", "--url: an address as others will use it", {
        hint: "https://example.org/feeds/NAME, without a user or password",
      });
  for (const kind of kinds ?? [])
    if (!FEED_KINDS.includes(kind))
      throw new PatchsigError("usage", `--kinds: ${FEED_KINDS.join(", ")}, with commas between`);
}
