/** Pushes an epoch of a feed. */

import { PatchsigError } from "../errors.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { failure, runGit } from "./run.ts";

const BRANCH = "refs/heads/master";

/**
 * Never forces: mails that only the other side has are never overwritten.
 *
 * @param address checked by the caller (feed/url.ts)
 * @param say gets a line when it is pushed
 * @throws PatchsigError "git-failed"; "refused" if the other side has mails that are not here
 */
export async function pushEpoch(
  epoch: Epoch,
  address: string,
  say: (line: string) => void,
): Promise<void> {
  const args = [
    "push",
    "--porcelain",
    "--no-follow-tags",
    "--no-verify",
    address,
    `${BRANCH}:${BRANCH}`,
  ];
  const place = { ...placeOf(epoch), purpose: "fetch" } as const;
  const { status, stdout, stderr } = await runGit(args, place);
  if (status === 0) return say(`pushed to ${address}`);
  if (/^!\t.*\[rejected\]/m.test(stdout.toString()))
    throw new PatchsigError("refused", `${address} has mails that are not here`, {
      hint: "two places write one feed, or its history was rewritten; nothing was pushed over it",
    });
  throw failure(args, stderr);
}
