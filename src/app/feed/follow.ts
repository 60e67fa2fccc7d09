/** Begins to follow a feed. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { FeedUpdate, FollowedFeed } from "../../feed/followed.ts";
import { addressFlaw, harmless } from "../../feed/url.ts";
import type { Reporter } from "../reporter.ts";
import { forgetFeed, followedFolder, rememberFeed } from "./followed.ts";
import { locate } from "./locate.ts";
import { sinceIn } from "./since.ts";
import { updateFeed } from "./update.ts";

export interface FollowWishes {
  readonly url: string;
  readonly name?: string | undefined;
  /** In lei's words: the feed is asked for mails, not fetched. */
  readonly query?: string | undefined;
  readonly since?: string | undefined;
  readonly max?: string | undefined;
  readonly headersOnly: boolean;
  readonly keys: readonly string[];
}

/** A feed that says nothing else may have so much. */
const MAX_BYTES = 1 << 30;

/**
 * Asks what the server can do, remembers that, and fetches. If nothing could be fetched, nothing is
 * remembered; if it was cut off, `feed update` goes on.
 *
 * @throws PatchsigError "usage" for an address that git must not get; "exists" if the name is taken
 */
export async function followFeed(wishes: FollowWishes, reporter: Reporter): Promise<FeedUpdate> {
  const flaw = addressFlaw(wishes.url);
  if (flaw !== null)
    throw new PatchsigError("usage", `${harmless(wishes.url)}: ${flaw}`, {
      hint: "an address as in https://example.org/feed; git's credential helper keeps passwords",
    });
  const url = wishes.url.replace(/\/+$/, "");
  const name = wishes.name ?? nameOf(url);
  const folder = followedFolder(name);
  if (existsSync(join(folder, "followed.json")))
    throw new PatchsigError("exists", `a feed is followed as ${name} already`, {
      hint: "--as gives this one another name",
    });
  const max = sizeIn(wishes.max);
  const feed: FollowedFeed = {
    name,
    url,
    query: wishes.query ?? null,
    since: sinceIn(wishes.since),
    max,
    headersOnly: wishes.headersOnly,
    keys: wishes.keys,
    ...(await serverOf(url, wishes)),
    updated: 0,
    heads: {},
    fingerprints: {},
    owner: null,
    described: 0,
    withdrawn: [],
    behind: {},
  };
  rememberFeed(feed);
  try {
    return await updateFeed(feed, reporter);
  } catch (error) {
    if (error instanceof PatchsigError && WORTHLESS.has(error.code)) forgetFeed(name);
    throw error;
  }
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

/** Going on would not help. */
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
