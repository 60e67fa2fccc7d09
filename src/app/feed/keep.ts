/** Keeps followed feeds: copies for others, and less on disk. */

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { type Epoch, epochsOf, placeOf } from "../../git/epochs.ts";
import { epochNumber, makeEpoch } from "../../git/feed-write.ts";
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

const BRANCH = "refs/heads/master";

/**
 * Copies all epochs of a followed feed to a folder, which is a feed then, and publishes it for web servers. An
 * older copy gets what is new.
 *
 * @returns how many epochs there are
 * @throws PatchsigError "refused" if the feed is here only in part, or if what the copy has was withdrawn;
 *   "exists" if something else is in the folder
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
      throw new PatchsigError("refused", `${name} is here without some of its mails`, {
        hint: "follow it once more, --as another name, without --headers-only and with a larger --max",
      });
  const copy = resolve(folder);
  if (!existsSync(join(copy, "inbox.lock")) && existsSync(copy) && readdirSync(copy).length > 0)
    throw new PatchsigError("exists", `${folder} is not empty, and no feed`);
  writing(copy, () => mkdirSync(copy, { recursive: true }));
  await withFeed(copy, say, async () => {
    for (const epoch of epochs) await copyEpoch(epoch, copy);
  });
  if (since !== null) say(`only what is here: since ${since}`);
  return publishFeed(copy, say);
}

async function copyEpoch(epoch: Epoch, copy: string): Promise<void> {
  const number = epochNumber(epoch);
  const repository = join(copy, "git", `${number}.git`);
  const target = existsSync(repository)
    ? { repository, name: repository }
    : await makeEpoch(copy, number);
  const place = { ...placeOf(target), purpose: "fetch" } as const;
  const args = [
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--update-shallow",
    "--no-auto-gc",
  ];
  try {
    // no force: a copy keeps what was withdrawn
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
 * Packs a followed feed, and drops what nothing leads to.
 *
 * @param keep drops mails that are older than this, too, in git's words (`sinceTime`): all but those with a signed
 *   record, which are small and are what a feed is for. Null drops none
 * @returns how many mails were dropped
 */
export async function collectFeed(
  name: string,
  keep: string | null,
  say: (line: string) => void,
): Promise<number> {
  followedFeed(name);
  const folder = followedFolder(name);
  const before = keep === null ? null : sinceTime(keep, now());
  const verifier = createVerifier(1);
  return withFeed(folder, say, async () => {
    let dropped = 0;
    for (const epoch of epochsOf(folder) ?? []) {
      if (before !== null)
        dropped += await evictMails(epoch, { before }, (mail) => isRecord(mail, verifier));
      await collect(epoch);
    }
    if (dropped > 0) rememberFeed(withOtherMails(followedFeed(name)));
    return dropped;
  });
}

/** One pack of all, and one of what came without mails: git must know that some are missing, or it would stop. */
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
        // a bitmap needs everything
        "-c",
        "repack.writeBitmaps=false",
      ]
    : [];
  await git([...settings, "repack", "-a", "-d", "-q"], place);
}
