/** Compares what a feed's owner signed about its epochs with what is here. */

import { descriptionsIn, type EpochState, type SignedDescription } from "../../feed/description.ts";
import type { FollowedFeed } from "../../feed/followed.ts";
import { type Epoch, placeOf } from "../../git/epochs.ts";
import { eachBlob } from "../../git/blobs.ts";
import { epochNumber, headOf } from "../../git/feed-write.ts";
import { changes } from "../../git/inbox-log.ts";
import { gitSucceeds, gitText } from "../../git/run.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { day } from "../../primitives/time.ts";

/** Descriptions to look at, the newest: one a month for more than a year. */
const MAX_LOOKED_AT = 16;
/** Epochs' states to compare: each takes several starts of git. */
const MAX_COMPARED = 1_024;

const NAMED = ["--basic-regexp", "--grep=^\\[feed\\] ", `-${MAX_LOOKED_AT}`];

/**
 * The descriptions with good signatures among an epoch's newest ones.
 *
 * @param after only those that came after this commit; null for all
 * @returns the oldest first
 */
export async function descriptionsAmong(
  epoch: Epoch,
  after: string | null,
): Promise<SignedDescription[]> {
  if (after === null && (await headOf(epoch)) === null) return [];
  const blobs: string[] = [];
  for await (const some of changes(epoch, [...NAMED, after === null ? "HEAD" : `${after}..HEAD`]))
    blobs.push(...some.flatMap(({ blob }) => (blob === "" ? [] : [blob])));
  if (blobs.length === 0) return [];
  const verifier = createVerifier(1);
  const found: SignedDescription[] = [];
  for await (const [, mail] of eachBlob(blobs.reverse(), placeOf(epoch), MAX_MESSAGE_BYTES))
    for (const one of descriptionsIn(mail, verifier)) if (one.ok) found.push(one.signed);
  return found;
}

/**
 * The descriptions by the feed's owner: signed by the keys that the user named, else by the first key that signed
 * one.
 */
export function ownDescriptions(
  all: readonly SignedDescription[],
  { keys, owner }: Pick<FollowedFeed, "keys" | "owner">,
): readonly SignedDescription[] {
  const first = owner ?? all[0]?.publicKey;
  return all.filter(({ publicKey }) =>
    keys.length > 0 ? keys.includes(publicKey) : publicKey === first,
  );
}

/**
 * Where descriptions differ from what is here, one line each. Only the newest descriptions are compared, and only about
 * history that is here: it may begin later.
 */
export async function contradictions(
  all: readonly SignedDescription[],
  epochs: readonly Epoch[],
): Promise<string[]> {
  const newest = Math.max(-1, ...epochs.map(epochNumber));
  const seen = new Map<string, string | null>();
  const found: string[] = [];
  for (const { said } of all.slice(-MAX_LOOKED_AT).reverse())
    for (const state of said.epochs) {
      const name = JSON.stringify(state);
      const epoch = epochs.find((one) => epochNumber(one) === state.epoch);
      if (epoch !== undefined && !seen.has(name) && seen.size < MAX_COMPARED)
        seen.set(name, await contradiction(state, epoch));
      const isAbove = epoch === undefined && state.epoch > newest;
      const what = isAbove ? `there is an epoch ${state.epoch}` : (seen.get(name) ?? null);
      if (what !== null) found.push(`on ${day(said.time)} its owner signed that ${what}`);
    }
  return found.reverse();
}

/** What was signed and is not true here; null if it is true, or if that cannot be found out. */
async function contradiction(
  { epoch: number, head, count }: EpochState,
  epoch: Epoch,
): Promise<string | null> {
  const place = placeOf(epoch);
  const shallow = (await gitText(["rev-parse", "--is-shallow-repository"], place)) === "true";
  const isHere = await gitSucceeds(["cat-file", "-e", `${head}^{commit}`], place);
  if (!isHere && shallow) return null;
  const short = head.slice(0, 12);
  if (!(isHere && (await gitSucceeds(["merge-base", "--is-ancestor", head, "HEAD"], place))))
    return `epoch ${number} has ${short}`;
  if (shallow || (await commitsTo(head, epoch)) === count) return null;
  return `epoch ${number} has ${count} commits up to ${short}`;
}

async function commitsTo(head: string, epoch: Epoch): Promise<number> {
  return Number(await gitText(["rev-list", "--count", "--first-parent", head], placeOf(epoch)));
}
