/** The digest by which a result names the patches that were tested, whatever base they were put on. */

import { sha256 } from "../patch/attestation.ts";

/** @param diffs digests of the canonical diffs, as in the attestations' `diff: `, in the order of the patches */
export function patchesDigest(diffs: readonly string[]): string {
  return sha256(["patchsig-patches-v1", ...diffs].map((line) => `${line}\n`).join(""));
}
