/** The user's own index, in the cache folder, of the sources in the user's settings. */

import { resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { indexFile } from "../../places.ts";
import { isUrl, shownUrl } from "../../source/url.ts";
import { lockIfPossible } from "../../store/flock.ts";
import { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { followedNames, followedFolder } from "../feed/followed.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { devKeyringsOf, placesOf } from "../settings.ts";
import { feedSource, isFeedSource } from "../sources/sources.ts";
import { trailerSettings } from "../trailers/settings.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { openUserDkim } from "../verify/dkim.ts";
import { readPolicies } from "../verify/policy.ts";
import { type IndexCounts, updateIndex, type UpdateIndexOptions } from "./update.ts";

/** @throws PatchsigError as `openDatabase` */
export function openUserIndex(only: readonly string[] | null = null): IndexStore {
  return new IndexStore(indexFile(process.env, only));
}

/**
 * The sources to index.
 *
 * @param named by the user; if there are none, those of `patchsig.source` and the followed feeds
 * @returns absolute paths, and feeds as `feed:NAME`
 * @throws PatchsigError "usage" if there is no source, or one that cannot be indexed
 */
export function indexedSources(named: readonly string[]): string[] {
  const usual = placesOf("patchsig.source").map(({ name }) => name);
  const feeds = new Map(followedNames().map((name) => [followedFolder(name), feedSource(name)]));
  const all = named.length > 0 ? named : [...usual, ...feeds.values()];
  if (all.length === 0)
    throw new PatchsigError(
      "usage",
      "no mails to look at: name a public-inbox, maildir or mbox, or follow a feed",
      {
        hint: "for good: git config --global --add patchsig.source FOLDER",
      },
    );
  const wrong = all.find((name) => name === "-" || isUrl(name));
  if (wrong !== undefined)
    throw new PatchsigError("usage", `${shownUrl(wrong)} cannot be indexed`, {
      hint: "a public-inbox, a maildir or an uncompressed mbox can",
    });
  const nameOf = (name: string): string => feeds.get(resolve(name)) ?? resolve(name);
  return [...new Set(all.map((name) => (isFeedSource(name) ? name : nameOf(name))))];
}

/** Threads that read mails: one is enough to keep the storing thread busy, and each needs 50 MB. */
const READERS = 1;

/** Options for `updateIndex` by the user's settings and keyrings. */
export async function indexOptions(
  sources: readonly string[],
  trust: TrustStore,
  { say }: Reporter,
): Promise<UpdateIndexOptions> {
  return {
    sources,
    policies: readPolicies(undefined),
    pins: await readKeyrings(trust, say),
    devKeyrings: devKeyringsOf(undefined),
    trailers: trailerSettings(),
    dkim: await openUserDkim(trust, false),
    now: now(),
    threads: READERS,
  };
}

/**
 * Brings the user's index of these sources up to date, under the user's settings. Two runs at once would store the same
 * mails, so the second one waits.
 *
 * @throws PatchsigError as `updateIndex` and `lockFile`
 */
export async function updateUserIndex(
  index: IndexStore,
  sources: readonly string[],
  trust: TrustStore,
  reporter: Reporter,
  onPortion?: (counts: IndexCounts) => void,
): Promise<IndexCounts> {
  const lock = await lockIfPossible(`${index.db.name}.lock`, () =>
    reporter.say("waiting for another run that brings the index up to date"),
  );
  try {
    const options = await indexOptions(sources, trust, reporter);
    return await updateIndex(index, options, trust, reporter, onPortion);
  } finally {
    lock?.release();
  }
}
