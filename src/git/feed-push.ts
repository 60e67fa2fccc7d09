/** Pushes an epoch of a feed. */

import { PatchsigError } from "../errors.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { branchOf } from "./feed-write.ts";
import { isRedirect } from "./feed-probe.ts";
import { failure, runGit } from "./run.ts";

/**
 * Never forces: mails that only the other side has are never overwritten. Follows no redirect: mails, and the user's
 * password, go to the server that was named, and to no other.
 *
 * @param address checked by the caller (feed/url.ts)
 * @param say gets a line when it is pushed
 * @throws PatchsigError "git-failed"; "refused" if the other side has mails that are not here, or redirects
 */
export async function pushEpoch(
  epoch: Epoch,
  address: string,
  say: (line: string) => void,
): Promise<void> {
  const branch = await branchOf(epoch);
  const args = [
    "-c",
    "http.followRedirects=false",
    "push",
    "--porcelain",
    "--no-follow-tags",
    "--no-verify",
    address,
    `${branch}:${branch}`,
  ];
  const place = { ...placeOf(epoch), purpose: "fetch" } as const;
  const { status, stdout, stderr } = await runGit(args, place);
  if (status === 0) return say(`pushed to ${address}`);
  if (/^!\t.*\[rejected\]/m.test(stdout.toString()))
    throw new PatchsigError("refused", `${address} has mails that are not here`, {
      hint: "two places write it, or its history was rewritten; nothing was pushed",
    });
  const [, why] = /^!\t.*\[remote rejected\] \((.*)\)$/m.exec(stdout.toString()) ?? [];
  if (why !== undefined) throw declined(address, why, stderr);
  const error = failure(args, stderr);
  if (!isRedirect(error)) throw error;
  throw new PatchsigError("refused", `${address} redirects to another address`, {
    hint: "nothing was pushed; git ls-remote prints the address that it leads to",
  });
}

/** Characters of a server's reason that are shown. */
const MAX_SHOWN = 200;

/** A server's own rules: it says why in a few words, and its hooks may say more. */
function declined(address: string, why: string, stderr: string): PatchsigError {
  const words = [...stderr.matchAll(/^remote: *(\S.*)$/gm)].map(([, line]) => line!.trimEnd());
  const said = words.join(" ").slice(0, MAX_SHOWN);
  const message = `${address} refuses the push: ${why.slice(0, MAX_SHOWN)}`;
  return new PatchsigError("refused", message, said === "" ? {} : { hint: `it says: ${said}` });
}
