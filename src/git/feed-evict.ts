/**
 * Drops mails from an epoch of a followed feed: only their blobs. The commits stay, with authors, subjects and dates, so
 * that a rewritten history is still noticed. The caller holds the feed's lock.
 */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { eachBlob } from "./blobs.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes } from "./inbox-log.ts";
import { headOf } from "./feed-write.ts";
import { git, gitLines } from "./run.ts";

const BRANCH = "refs/heads/master";

/** Which mails to drop: those received before a time (seconds since the epoch), or the oldest, up to so many bytes. */
export type EvictionLimit = { readonly before: number } | { readonly bytes: number };

/**
 * Drops old mails. If it is killed, either all mails are there, or those that are to stay.
 *
 * @param keeps true for a mail that stays, however old
 * @returns how many were dropped
 */
export async function evictMails(
  epoch: Epoch,
  limit: EvictionLimit,
  keeps: (mail: Buffer) => boolean,
): Promise<number> {
  if ((await headOf(epoch)) === null) return 0;
  const dropped = new Set<string>();
  const old = await olderBlobs(epoch, "before" in limit ? [`--until=${limit.before - 1}`] : []);
  const sizes = "before" in limit ? null : await sizesOnDisk(epoch, old);
  let left = "before" in limit ? Infinity : limit.bytes;
  for await (const [blob, bytes] of eachBlob(old, placeOf(epoch), MAX_MESSAGE_BYTES)) {
    if (left <= 0) break;
    if (keeps(bytes)) continue;
    dropped.add(blob);
    left -= sizes?.get(blob) ?? 0;
  }
  if (dropped.size > 0) await packWithout(epoch, dropped);
  return dropped.size;
}

/** The bytes that each blob takes in its pack and the pack's index. */
async function sizesOnDisk(
  epoch: Epoch,
  blobs: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const args = ["cat-file", "--batch-check=%(objectname) %(objectsize:disk)"];
  const lines = await gitLines(args, { ...placeOf(epoch), input: `${blobs.join("\n")}\n` });
  return new Map(
    lines.map((line) => [line.split(" ")[0]!, IN_INDEX + (Number(line.split(" ")[1]) || 0)]),
  );
}

/** Bytes of an object in a pack's index: name, CRC and offset. */
const IN_INDEX = 28;

/** Blobs of the commits that `until` selects, the oldest first, without those that a later commit has too. */
async function olderBlobs(epoch: Epoch, until: readonly string[]): Promise<string[]> {
  const older = new Set<string>();
  for await (const some of changes(epoch, [...until, BRANCH]))
    for (const { commit } of some) older.add(commit);
  const [found, later] = [new Set<string>(), await newestBlobs(epoch)];
  for await (const some of changes(epoch, [BRANCH]))
    for (const { blob, commit } of some)
      if (blob !== "") (older.has(commit) ? found : later).add(blob);
  return [...found].filter((blob) => !later.has(blob)).reverse();
}

/** Blobs of the newest commits. A server knows that these commits are here, and may send deltas against their mails. */
async function newestBlobs(epoch: Epoch): Promise<Set<string>> {
  const place = placeOf(epoch);
  const newest = new Set<string>();
  for (const tip of await gitLines(["for-each-ref", "--format=%(objectname)"], place))
    for (const entry of await gitLines(["ls-tree", tip], place))
      newest.add(/^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1] ?? "");
  return newest;
}

/** Writes one pack of all objects that stay, marked as a promisor's, and then removes the other packs. */
async function packWithout(epoch: Epoch, dropped: ReadonlySet<string>): Promise<void> {
  const place = placeOf(epoch);
  const objects = join(epoch.repository, "objects");
  const listed = ["rev-list", "--objects", "--all", "--missing=allow-any", "--no-object-names"];
  const kept = (await gitLines(listed, place)).filter((name) => !dropped.has(name));
  const old = readdirSync(join(objects, "pack"));
  const written = await git(["pack-objects", "-q", join(objects, "pack", "pack")], {
    ...place,
    input: `${kept.join("\n")}\n`,
  });
  const pack = `pack-${written.toString().trim()}`;
  writeFileSync(join(objects, "pack", `${pack}.promisor`), "");
  // the .promisor file goes last: without it, git would complain about missing objects
  const order = [".idx", ".rev", ".bitmap", ".pack", ".promisor"];
  for (const end of order)
    for (const name of old)
      if (name.endsWith(end) && !name.startsWith(pack))
        rmSync(join(objects, "pack", name), { force: true });
  // loose objects are in the new pack by now, or dropped
  for (const name of readdirSync(objects))
    if (/^[0-9a-f]{2}$/.test(name)) rmSync(join(objects, name), { recursive: true, force: true });
}

/** Whether all mails of an epoch's commits are here. */
export async function isWhole(epoch: Epoch): Promise<boolean> {
  const listed = ["rev-list", "--objects", "--missing=print", "--no-object-names", BRANCH];
  return !(await gitLines(listed, placeOf(epoch))).some((line) => line.startsWith("?"));
}
