/** Follows a feed, or changes how one is followed. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { FeedUpdate, FollowedFeed } from "../../feed/followed.ts";
import { addressFlaw, harmless } from "../../feed/url.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { publicKeyOf } from "../trust/statements.ts";
import { followedFeed, followedFolder, rememberFeed } from "./followed.ts";
import { locate } from "./locate.ts";
import { sinceIn, sinceTime } from "./since.ts";
import { updateFeed } from "./update.ts";
import { forgetFeed, withFollowed } from "./with-followed.ts";

export interface FollowWishes {
  readonly url: string;
  readonly name?: string | undefined;
  /** A query in lei's syntax, by which the server is asked for mails, instead of fetching with git. */
  readonly query?: string | undefined;
  readonly since?: string | undefined;
  /** Size on disk, as in `200M`. */
  readonly max?: string | undefined;
  readonly headersOnly: boolean;
  /** Public keys, or files with them, that may sign the feed's description. */
  readonly keys: readonly string[];
}

/** Bytes on disk that a feed may have without `--max`. */
const MAX_BYTES = 1 << 30;

/**
 * Finds out what the server can do, stores that, and fetches. If the fetch is cut off, `feed update` goes on; if going on
 * would not help, the feed is forgotten again.
 *
 * @throws PatchsigError "usage" for an address that git must not get; "exists" if the name is taken; others as
 *   `updateFeed`
 */
export async function followFeed(wishes: FollowWishes, reporter: Reporter): Promise<FeedUpdate> {
  const flaw = addressFlaw(wishes.url);
  if (flaw !== null)
    throw new PatchsigError("usage", `${harmless(wishes.url)}: ${flaw}`, {
      hint: "as in https://example.org/feed; a credential helper keeps passwords",
    });
  const url = wishes.url.replace(/\/+$/, "");
  const name = wishes.name ?? nameOf(url);
  const folder = followedFolder(name);
  if (existsSync(join(folder, "followed.json")))
    return followAgain(followedFeed(name), { ...wishes, url }, reporter);
  const max = sizeIn(wishes.max);
  const feed: FollowedFeed = {
    name,
    url,
    query: wishes.query ?? null,
    since: sinceIn(wishes.since),
    max,
    headersOnly: wishes.headersOnly,
    keys: wishes.keys.map(publicKeyOf),
    ...(await serverOf(url, wishes)),
    updated: 0,
    heads: {},
    fingerprints: {},
    owner: null,
    described: 0,
    withdrawn: [],
    behind: {},
    contents: now(),
  };
  rememberFeed(feed);
  try {
    return await updateFeed(feed, reporter);
  } catch (error) {
    if (error instanceof PatchsigError && WORTHLESS.has(error.code))
      await forgetFeed(name, reporter.say);
    throw error;
  }
}

/**
 * Follows a feed that is followed already with other options: with the mails instead of headers only, from an earlier time
 * on, with another size, or other keys.
 *
 * @throws PatchsigError "exists" if it is another feed, or nothing changes; "usage" for what cannot be changed
 */
async function followAgain(
  feed: FollowedFeed,
  { url, query, since, max, headersOnly, keys }: FollowWishes,
  reporter: Reporter,
): Promise<FeedUpdate> {
  const before = { max: feed.max, headersOnly: feed.headersOnly, keys: feed.keys };
  const wanted = {
    max: max === undefined ? feed.max : sizeIn(max),
    headersOnly,
    keys: keys.length === 0 ? feed.keys : keys.map(publicKeyOf),
  };
  const isSame = since === undefined && JSON.stringify(wanted) === JSON.stringify(before);
  const isOther = url !== feed.url || (query ?? null) !== feed.query;
  if (isOther || isSame) throw followedAlready(feed.name, isOther);
  // older mails, too: a server that is asked has to be asked for all of them again
  const from = since === undefined ? {} : { since: sinceIn(since) };
  const anew = since !== undefined && feed.query !== null ? { updated: 0 } : {};
  if (since !== undefined) refuseLater(since, feed);
  const changed = await withFollowed(feed.name, reporter.say, async (now) => {
    const after = { ...now, ...wanted, ...from, ...anew };
    rememberFeed(after);
    return after;
  });
  const wantsMails = !headersOnly && (before.headersOnly || wanted.max > before.max);
  return updateFeed(changed, reporter, since !== undefined || wantsMails);
}

function followedAlready(name: string, isOther: boolean): PatchsigError {
  return new PatchsigError("exists", `a feed is already followed as ${name}`, {
    hint: isOther ? "--as gives this one another name" : `git patchsig feed update ${name}`,
  });
}

/** @throws PatchsigError "usage" if less is wanted than is here */
function refuseLater(since: string, { name, since: before }: FollowedFeed): void {
  const clock = now();
  const earliest = before === null ? -Infinity : sinceTime(before, clock)!;
  if (sinceTime(sinceIn(since)!, clock)! <= earliest) return;
  throw new PatchsigError("usage", `${name} is followed since an earlier time`, {
    hint: `patchsig feed gc ${name} --keep ${since} drops the mails before`,
  });
}

async function serverOf(
  url: string,
  { query }: FollowWishes,
): Promise<Pick<FollowedFeed, "layout" | "abilities">> {
  if (query === undefined) {
    const { layout, probe } = await locate(url);
    const { head: _, ...abilities } = probe;
    return { layout, abilities };
  }
  if (/^https?:/i.test(url)) return { layout: null, abilities: null };
  throw new PatchsigError("usage", "--query needs the address of a public-inbox: https://…");
}

/** Errors after which going on would not help. */
const WORTHLESS: ReadonlySet<string> = new Set(["not-a-mail", "too-large", "git-missing"]);

function nameOf(url: string): string {
  const last = /([^/]+?)(?:\.git)?$/.exec(url)?.[1] ?? "";
  return last
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1 << 10, M: 1 << 20, G: 1 << 30 };

function sizeIn(text: string | undefined): number {
  if (text === undefined) return MAX_BYTES;
  const [, digits, unit] = /^([1-9]\d{0,11})([KMG]?)$/i.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * UNITS[unit!.toUpperCase()]!;
  throw new PatchsigError("usage", "--max: a size, as in 200M");
}
