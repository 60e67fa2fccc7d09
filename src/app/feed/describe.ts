/** Signs a feed's description, and adds it to the feed: once a month, and when an epoch has begun. */

import { resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import {
  descriptionMail,
  type EpochState,
  FEED_TEXT,
  type FeedDescription,
  MAX_DESCRIBED,
} from "../../feed/description.ts";
import { type Epoch, epochsOf, placeOf } from "../../git/epochs.ts";
import { epochNumber, headOf, requireInbox } from "../../git/feed-write.ts";
import { gitText } from "../../git/run.ts";
import { type MinisignSigner, signWith } from "../../minisign/signature.ts";
import { textSigning } from "../../patch/signed-text.ts";
import { DAY } from "../../primitives/time.ts";
import { now } from "../now.ts";
import { signerAddress, signerPerson } from "../sign/signing.ts";
import { addToFeed } from "./add.ts";
import { feedSettings, writeFeedSettings } from "./owner.ts";

const MONTH = 28 * DAY;

/** The description to sign now; null if the last one is less than a month old, and no epoch has begun since. */
export async function planDescription(folder: string): Promise<FeedDescription | null> {
  const feed = resolve(folder);
  requireInbox(feed);
  const settings = feedSettings(feed);
  const epochs = epochsOf(feed)!;
  const { described } = settings;
  if (described !== null && described.epochs === epochs.length && now() < described.at + MONTH)
    return null;
  const states: EpochState[] = [];
  for (const epoch of epochs.slice(-MAX_DESCRIBED)) states.push(...(await stateOf(epoch)));
  const { name, urls, kinds } = settings;
  return { time: now(), by: signerAddress(), name, urls, kinds, epochs: states };
}

/** An epoch's state; [] for one without commits. */
async function stateOf(epoch: Epoch): Promise<EpochState[]> {
  const head = await headOf(epoch);
  if (head === null) return [];
  const count = Number(
    await gitText(["rev-list", "--count", "--first-parent", head], placeOf(epoch)),
  );
  return [{ epoch: epochNumber(epoch), head, count }];
}

/** @throws PatchsigError "refused" if the feed's name or the owner's address cannot stand in a description */
export async function describeFeed(
  folder: string,
  said: FeedDescription,
  signer: MinisignSigner,
  say: (line: string) => void,
): Promise<void> {
  const feed = resolve(folder);
  try {
    const signed = await signWith(signer, textSigning(FEED_TEXT, signer.publicKey, said));
    const bytes = descriptionMail(signed, signerPerson().name);
    await addToFeed(feed, [{ bytes, source: "the description", record: true }], say);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PatchsigError("refused", `${folder} has a name or address that cannot be signed`, {
      hint: "git patchsig feed init FOLDER --name NAME",
      cause: error,
    });
  }
  const described = { at: said.time, epochs: epochsOf(feed)!.length };
  writeFeedSettings(feed, { ...feedSettings(feed), described });
}
