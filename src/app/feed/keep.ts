/** Maintains followed feeds: mirrors them for others, packs them, and drops old mails. */

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { type Epoch, epochsOf, placeOf } from "../../git/epochs.ts";
import { epochNumber, headOf, makeEpoch } from "../../git/feed-write.ts";
import { evictMails, isWhole } from "../../git/feed-evict.ts";
import { git } from "../../git/run.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { writing } from "../../store/whole-file.ts";
import { now } from "../now.ts";
import { withFeed } from "./add.ts";
import { followedFeed, followedFolder, rememberFeed, withOtherMails } from "./followed.ts";
import { publishFeed } from "./publish.ts";
import { isRecord } from "./records.ts";
import { sinceTime } from "./since.ts";
import { withFollowed } from "./with-followed.ts";
import { makeFolders } from "../../places.ts";

const BRANCH = "refs/heads/master";

/**
 * Copies all epochs of a followed feed to a folder, which becomes a feed, and publishes it for web servers. A copy that
 * is there already gets what is new.
 *
 * @returns how many epochs there are
 * @throws PatchsigError "refused" if the feed is here only in part, or has withdrawn mails that the copy has;
 *   "exists" if the folder holds something else
 */
export async function mirrorFeed(
  name: string,
  folder: string,
  say: (line: string) => void,
): Promise<number> {
  const { since } = followedFeed(name);
  const epochs = epochsOf(followedFolder(name)) ?? [];
  for (const epoch of epochs)
    if (!(await isWhole(epoch)))
      throw new PatchsigError("refused", `some mails of ${name} are not here`, {
        hint: "follow it --as another name, without --headers-only, with a larger --max",
      });
  const copy = resolve(folder);
  if (!existsSync(join(copy, "inbox.lock")) && existsSync(copy) && readdirSync(copy).length > 0)
    throw new PatchsigError("exists", `${folder} is neither empty nor a feed`);
  writing(copy, () => makeFolders(copy));
  await withFeed(copy, say, async () => {
    for (const epoch of epochs) await copyEpoch(epoch, copy);
  });
  if (since !== null) say(`the copy has only mails since ${since}`);
  return publishFeed(copy, say);
}

async function copyEpoch(epoch: Epoch, copy: string): Promise<void> {
  const number = epochNumber(epoch);
  const head = await headOf(epoch);
  const repository = join(copy, "git", `${number}.git`);
  const target = existsSync(repository)
    ? { repository, name: repository }
    : await makeEpoch(copy, number, head?.length === 64);
  if (head === null) return;
  const place = { ...placeOf(target), purpose: "fetch" } as const;
  const args = [
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--update-shallow",
    "--no-auto-gc",
  ];
  try {
    // without force: a copy must not lose mails because the feed has withdrawn them
    await git(["fetch", ...args, epoch.repository, `${BRANCH}:${BRANCH}`], place);
  } catch (error) {
    if (!(error instanceof PatchsigError) || !/rejected/.test(error.message)) throw error;
    throw new PatchsigError("refused", `${repository} has mails that the feed has withdrawn`, {
      hint: "copy it to another folder, if that is right",
      cause: error,
    });
  }
}

/**
 * Packs a followed feed, and drops unreachable objects.
 *
 * @param keep in git's words (`sinceTime`): mails older than this are dropped too, except those with a signed record,
 *   which are small, and what a feed is for. Null to drop none
 * @returns how many mails were dropped
 */
export async function collectFeed(
  name: string,
  keep: string | null,
  say: (line: string) => void,
): Promise<number> {
  const before = keep === null ? null : sinceTime(keep, now());
  const verifier = createVerifier(1);
  return withFollowed(name, say, async (feed, folder) => {
    let dropped = 0;
    for (const epoch of epochsOf(folder) ?? []) {
      if (before !== null)
        dropped += await evictMails(epoch, { before }, (mail) => isRecord(mail, verifier));
      await collect(epoch);
    }
    if (dropped > 0) rememberFeed(withOtherMails(feed));
    return dropped;
  });
}

/** Repacks. If mails are missing, git has to be told that this is a partial clone, or it would fail. */
async function collect(epoch: Epoch): Promise<void> {
  const place = placeOf(epoch);
  const isPart = readdirSync(join(epoch.repository, "objects", "pack")).some((file) =>
    file.endsWith(".promisor"),
  );
  const settings = isPart
    ? [
        "-c",
        "remote.origin.promisor=true",
        "-c",
        "remote.origin.partialclonefilter=blob:none",
        // git cannot write a bitmap if objects are missing
        "-c",
        "repack.writeBitmaps=false",
      ]
    : [];
  await git([...settings, "repack", "-a", "-d", "-q"], place);
}
