/** The ordered binding of a series (spec, "The series"). */

import { sha256 } from "./attestation.ts";

/**
 * The id that every patch of one signing carries: a digest over all patches in their order.
 * A cover letter carries the id but is not part of it, so that a series still seals without it.
 *
 * @param attestations SHA-256 (64 hex digits) of the attestation texts of patches 1 to N, in order
 * @returns 32 hex digits
 */
export function seriesId(
  version: number,
  base: string | null,
  attestations: readonly string[],
): string {
  const lines = [
    "patchsig-v1 series",
    `version: ${version}`,
    `base: ${base ?? "-"}`,
    `total: ${attestations.length}`,
    ...attestations,
  ];
  return sha256(`${lines.join("\n")}\n`).slice(0, 32);
}
