/** By what a result knows the patches that were tested, whatever base they were put on. */

import { sha256 } from "../patch/attestation.ts";

/** @param diffs the digests of the canonical diffs (the attestations' `diff: `), in the order of the patches */
export function patchesDigest(diffs: readonly string[]): string {
  return sha256(["patchsig-patches-v1", ...diffs].map((line) => `${line}\n`).join(""));
}
