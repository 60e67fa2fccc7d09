/**
 * Drops mails of an epoch of a followed feed: their blobs alone. Commits stay, so who wrote what and when is still
 * there, and a rewritten history is noticed. The caller holds the feed's lock.
 */

import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { eachBlob } from "./blobs.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes } from "./inbox-log.ts";
import { git, gitLines } from "./run.ts";

const BRANCH = "refs/heads/master";

/** Which mails are dropped: those received before a time, in seconds since the epoch; or the oldest ones, so many bytes. */
export type EvictionLimit = { readonly before: number } | { readonly bytes: number };

/**
 * Drops old mails. Killed at any step it leaves all mails, or those that are to stay.
 *
 * @param keeps says of an older mail that it stays
 * @returns how many were dropped
 */
export async function evictMails(
  epoch: Epoch,
  limit: EvictionLimit,
  keeps: (mail: Buffer) => boolean,
): Promise<number> {
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

/** Packed, with its place in the index of the pack. */
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

const IN_INDEX = 28;

/** The oldest first; not those that a later commit has, too. */
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

/** A server that knows which commits are here sends the difference to the mails of the newest ones. */
async function newestBlobs(epoch: Epoch): Promise<Set<string>> {
  const place = placeOf(epoch);
  const newest = new Set<string>();
  for (const tip of await gitLines(["for-each-ref", "--format=%(objectname)"], place))
    for (const entry of await gitLines(["ls-tree", tip], place))
      newest.add(/^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1] ?? "");
  return newest;
}

/** One pack of all that stays; only then the others go. It is marked as one that does not have everything. */
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
  // the mark goes last: without it git would miss what is not there
  const order = [".idx", ".rev", ".bitmap", ".pack", ".promisor"];
  for (const end of order)
    for (const name of old)
      if (name.endsWith(end) && !name.startsWith(pack))
        rmSync(join(objects, "pack", name), { force: true });
  // what was loose is packed now, or dropped
  for (const name of readdirSync(objects))
    if (/^[0-9a-f]{2}$/.test(name)) rmSync(join(objects, name), { recursive: true, force: true });
}

/** Are all mails of its commits here? */
export async function isWhole(epoch: Epoch): Promise<boolean> {
  const listed = ["rev-list", "--objects", "--missing=print", "--no-object-names", BRANCH];
  return !(await gitLines(listed, placeOf(epoch))).some((line) => line.startsWith("?"));
}
