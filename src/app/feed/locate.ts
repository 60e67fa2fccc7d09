/** Finds the epochs of a feed at an address: by its manifest, by listing a folder, or by trying one after the other. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PatchsigError } from "../../errors.ts";
import type { FeedLayout } from "../../feed/followed.ts";
import { type ManifestEpoch, readManifest } from "../../feed/manifest.ts";
import { isRedirect, probe, type Probe } from "../../git/feed-probe.ts";
import { ask, getBounded, patience } from "./http.ts";

export interface LocatedFeed {
  readonly layout: FeedLayout;
  readonly probe: Probe;
}

/** An epoch that the feed has now. Without a manifest, only its number is known. */
export type OfferedEpoch = Pick<ManifestEpoch, "epoch" | "fingerprint" | "modified">;

/** Bytes of a manifest, compressed. */
const MAX_MANIFEST = 4 << 20;
/** Bytes of the file HEAD. A server may send a web page in its place. */
const MAX_HEAD = 1 << 20;
/** Epochs to ask for if there is no manifest. */
const MAX_EPOCHS = 1000;

/** The address of an epoch's repository. */
export function epochAddress(url: string, layout: FeedLayout, epoch: number): string {
  const base = url.replace(/\/+$/, "");
  if (layout === "single") return base;
  return layout === "dotted" ? `${base}.${epoch}` : `${base}/git/${epoch}.git`;
}

/**
 * Finds out how a feed's epochs are named, and what its server can do.
 *
 * @throws PatchsigError "not-found" if there is no feed; others as `probe`
 */
export async function locate(url: string): Promise<LocatedFeed> {
  const offered = await listed(url);
  // a manifest may name an epoch that is still to come
  const newest = offered?.slice(-2).map(({ epoch }) => epoch) ?? [];
  const places = (newest.length === 0 ? [0] : newest.toReversed()).map((epoch) => ({
    layout: "epochs" as const,
    epoch,
  }));
  const others = [
    { layout: "dotted", epoch: 0 },
    { layout: "single", epoch: 0 },
  ] as const;
  for (const { layout, epoch } of [...places, ...others]) {
    const found = await repositoryAt(epochAddress(url, layout, epoch));
    if (found !== null) return { layout, probe: found };
  }
  throw new PatchsigError("not-found", `${url} is not a feed`, {
    hint: "give the address of a public-inbox (v2), or of one of its repositories",
  });
}

/**
 * The epochs that a feed has now.
 *
 * @param known numbers of epochs that are here: without a manifest, these are not asked for again
 * @returns ascending
 */
export async function offeredEpochs(
  url: string,
  layout: FeedLayout,
  known: readonly number[],
): Promise<OfferedEpoch[]> {
  const bare = (epoch: number): OfferedEpoch => ({ epoch, fingerprint: null, modified: 0 });
  if (layout === "single") return [bare(0)];
  const offered = layout === "epochs" ? await listed(url) : null;
  if (offered !== null && offered.length > 0) return offered;
  const found = [...known];
  for (let epoch = Math.max(-1, ...known) + 1; epoch < MAX_EPOCHS; epoch++) {
    if ((await repositoryAt(epochAddress(url, layout, epoch))) === null) break;
    found.push(epoch);
  }
  return found.sort((a, b) => a - b).map(bare);
}

/**
 * Asks for a repository. If a web server answers every request with a page, git takes that for an empty repository, so
 * an empty one must also have a HEAD.
 *
 * @returns null if there is none
 * @throws PatchsigError as `probe`
 */
export function repositoryAt(address: string): Promise<Probe | null> {
  return whereItIs(address, async (place) => {
    const found = await probe(place, patience());
    if (found === null || found.smart || found.head !== null || !/^https?:/i.test(place))
      return found;
    const head = await getBounded(`${place}/HEAD`, MAX_HEAD);
    return /^(?:ref: refs\/|[0-9a-f]{40})/.test(head?.toString("latin1") ?? "") ? found : null;
  });
}

/** The path that git asks a web server for first. */
const REFS = "/info/refs?service=git-upload-pack";

/**
 * Runs `work` with the address of a repository; if the server redirects, again with the final address. git itself
 * follows no redirect.
 *
 * @throws PatchsigError "unreadable" if a redirect must not be followed; others as `work`
 */
export async function whereItIs<T>(
  address: string,
  work: (place: string) => Promise<T>,
): Promise<T> {
  try {
    return await work(address);
  } catch (error) {
    if (!isRedirect(error)) throw error;
    const { place, body } = await ask(`${address}${REFS}`);
    await body.return(undefined);
    if (!place.endsWith(REFS)) throw error;
    return work(place.slice(0, -REFS.length));
  }
}

/** The epochs by a web server's manifest, or by the names in a local folder; null if there is neither. */
async function listed(url: string): Promise<OfferedEpoch[] | null> {
  if (/^https?:/i.test(url)) {
    const { pathname } = new URL(url);
    const bytes = await getBounded(`${url.replace(/\/+$/, "")}/manifest.js.gz`, MAX_MANIFEST);
    return bytes === null ? null : readManifest(bytes, pathname);
  }
  const folder = url.startsWith("/") ? url : /^file:/i.test(url) ? fileURLToPath(url) : null;
  const below = folder === null ? null : join(folder, "git");
  if (below === null || !existsSync(below)) return null;
  return readdirSync(below)
    .flatMap((name) => /^(0|[1-9]\d{0,4})\.git$/.exec(name)?.[1] ?? [])
    .map((digits) => ({ epoch: Number(digits), fingerprint: null, modified: 0 }))
    .sort((a, b) => a.epoch - b.epoch);
}
