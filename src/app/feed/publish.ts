/** Publishes a feed: as files for any web server, and by git push. */

import { basename, join, resolve } from "node:path";
import { createHash } from "node:crypto";
import { formatManifest, type ManifestEpoch } from "../../feed/manifest.ts";
import { type Epoch, epochsOf, placeOf } from "../../git/epochs.ts";
import { epochNumber, requireInbox } from "../../git/feed-write.ts";
import { pushEpoch } from "../../git/feed-push.ts";
import { git, gitText, runGit } from "../../git/run.ts";
import { placeFile } from "../../store/replace-file.ts";
import { withFeed } from "./add.ts";
import { type FeedSettings, feedSettings } from "./owner.ts";

/** Loose objects that may stay: from a static web server, each takes a request. */
const MAX_LOOSE = 200;

/**
 * Writes what static web servers need: packs, the lists of packs and refs (`git update-server-info`), and last
 * manifest.js.gz, by which followers see that an epoch has changed. It is replaced in one rename.
 *
 * @returns how many epochs there are
 */
export async function publishFeed(folder: string, say: (line: string) => void): Promise<number> {
  const feed = resolve(folder);
  requireInbox(feed);
  return withFeed(feed, say, async () => {
    const epochs = epochsOf(feed)!;
    const listed: ManifestEpoch[] = [];
    for (const epoch of epochs) {
      await packLoose(epoch);
      await git(["update-server-info"], placeOf(epoch));
      listed.push(await manifestOf(epoch));
    }
    const settings = feedSettings(feed);
    const manifest = formatManifest(settings.name, pathOf(feed, settings), listed);
    placeFile(join(feed, "manifest.js.gz"), manifest, 0o644);
    return epochs.length;
  });
}

/** The feed's path on its web server: from its settings, else from the folder's name. */
function pathOf(feed: string, { urls }: FeedSettings): string {
  const url = urls.find((one) => /^https?:/.test(one));
  return url === undefined ? `/${basename(feed)}` : new URL(url).pathname.replace(/\/+$/, "");
}

async function packLoose(epoch: Epoch): Promise<void> {
  const text = await gitText(["count-objects", "-v"], placeOf(epoch));
  const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(text)?.[1]);
  if (of("count") <= MAX_LOOSE && of("packs") <= MAX_PACKS) return;
  await git(
    ["repack", "-d", "-l", "-q", ...(of("packs") > MAX_PACKS ? ["-a"] : [])],
    placeOf(epoch),
  );
}

const MAX_PACKS = 20;

async function manifestOf(epoch: Epoch): Promise<ManifestEpoch> {
  const { stdout } = await runGit(["show-ref"], placeOf(epoch));
  const latest = ["for-each-ref", "--sort=-committerdate", "--count=1"];
  const modified = await gitText([...latest, "--format=%(committerdate:unix)"], placeOf(epoch));
  return {
    epoch: epochNumber(epoch),
    fingerprint: createHash("sha1").update(stdout).digest("hex"),
    modified: Number(modified),
  };
}

/**
 * Pushes each epoch to a repository of its own: `REMOTE.N`, or `REMOTEgit/N.git` for a remote that ends with `/`. An
 * epoch without anything new costs one connection.
 *
 * @returns the addresses that were pushed to
 */
export async function pushFeed(
  folder: string,
  remote: string,
  say: (line: string) => void,
): Promise<string[]> {
  const epochs = requireInbox(resolve(folder));
  const pushed: string[] = [];
  for (const epoch of epochs) {
    const n = epochNumber(epoch);
    const address = remote.endsWith("/") ? `${remote}git/${n}.git` : `${remote}.${n}`;
    await pushEpoch(epoch, address, say);
    pushed.push(address);
  }
  return pushed;
}
