/** Holds what a feed's owner signed about its epochs against what is here. */

import type { SignedDescription } from "../../feed/description.ts";
import { descriptionsIn } from "../../feed/description.ts";
import { type Epoch, placeOf } from "../../git/epochs.ts";
import { readBlobs } from "../../git/blobs.ts";
import { epochNumber } from "../../git/feed-write.ts";
import { gitLines, gitSucceeds, gitText } from "../../git/run.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { day } from "../../primitives/time.ts";

/** Descriptions that are looked at in one go, the newest ones: a year's. */
const MAX_LOOKED_AT = 16;

/**
 * The good descriptions among an epoch's commits, oldest first.
 *
 * @param after looks at what came after this commit; null for all
 */
export async function descriptionsAmong(
  epoch: Epoch,
  after: string | null,
): Promise<SignedDescription[]> {
  const place = placeOf(epoch);
  const range = after === null ? "master" : `${after}..master`;
  const named = ["--first-parent", "--basic-regexp", "--grep=^\\[feed\\] ", `-${MAX_LOOKED_AT}`];
  const commits = await gitLines(["log", "--format=%H", ...named, range, "--"], place);
  const blobs = await gitLines(["rev-parse", ...commits.map((commit) => `${commit}:m`)], place);
  const mails = await readBlobs(blobs.reverse(), place, MAX_MESSAGE_BYTES);
  const verifier = createVerifier(1);
  return [...mails.values()].flatMap((mail) =>
    descriptionsIn(mail, verifier).flatMap((one) => (one.ok ? [one.signed] : [])),
  );
}

/** Where a description contradicts what is here, a line each. What was left out here cannot be told. */
export async function contradictions(
  { said }: SignedDescription,
  epochs: readonly Epoch[],
): Promise<string[]> {
  const found: string[] = [];
  const newest = Math.max(-1, ...epochs.map(epochNumber));
  for (const { epoch: number, head, count } of said.epochs) {
    const epoch = epochs.find((one) => epochNumber(one) === number);
    const when = `on ${day(said.time)} its owner signed`;
    if (epoch === undefined) {
      if (number > newest) found.push(`${when} that there is an epoch ${number}`);
      continue;
    }
    const place = placeOf(epoch);
    const shallow = (await gitText(["rev-parse", "--is-shallow-repository"], place)) === "true";
    const isHere = await gitSucceeds(["cat-file", "-e", `${head}^{commit}`], place);
    if (!isHere && shallow) continue;
    if (!(isHere && (await gitSucceeds(["merge-base", "--is-ancestor", head, "master"], place))))
      found.push(`${when} that epoch ${number} has ${head.slice(0, 12)}`);
    else if (!shallow && (await commitsTo(head, epoch)) !== count)
      found.push(`${when} that epoch ${number} has ${count} commits up to ${head.slice(0, 12)}`);
  }
  return found;
}

async function commitsTo(head: string, epoch: Epoch): Promise<number> {
  return Number(await gitText(["rev-list", "--count", "--first-parent", head], placeOf(epoch)));
}
