/** Chooses the patches of a series to apply. Pure. */

import { type Checked, isOnlyUnsigned } from "../../verify/result.ts";
import { numberList } from "../../verify/numbers.ts";
import type { JudgedMember, Series } from "../../verify/series.ts";
import type { PatchChoice } from "../series/patches.ts";

/** The patches to apply, in order; or lines that say why none is. */
export type Choice =
  | { readonly patches: readonly JudgedMember<Checked>[] }
  | { readonly refused: readonly string[] };

/**
 * Chooses all patches of a series, if all are here and good. A series that itself failed, such as by a conflict, is
 * never applied.
 *
 * @param partial true to choose the good patches, although others failed or are missing
 * @param only the patches that the user wants; null for all
 */
export function choosePatches(
  series: Series<Checked>,
  partial: boolean,
  only: PatchChoice | null = null,
): Choice {
  const all = series.members.filter((m) => m.evidence.kind === "patch");
  const patches = only === null ? all : all.filter(only);
  const good = patches.filter((m) => m.result.verdict !== "fail");
  const { missing, findings, total } = series.result;
  if (findings.some((f) => f.severity === "fail")) return { refused: ["nothing applied"] };
  if (patches.length === 0) return { refused: ["nothing applied: -P names none of the patches"] };
  if (partial && good.length > 0) return { patches: good };
  if (good.length < patches.length)
    return {
      refused: [
        `nothing applied: ${shortfall(patches)}`,
        ...(good.length > 0 ? ["hint: --partial applies the others"] : []),
      ],
    };
  if (hasBadCover(series))
    return {
      refused: ["nothing applied: the cover letter failed", "hint: --partial applies the patches"],
    };
  if (missing.length > 0 && only === null)
    return {
      refused: [
        `nothing applied: missing patch ${numberList(missing)} of ${total}`,
        "hint: --partial applies the others",
      ],
    };
  return { patches: good };
}

/** `1 of 3 failed`, `1 of 3 failed, 2 not signed`, or `3 of 3 not signed; the policy requires a signature`. */
function shortfall(patches: readonly JudgedMember<Checked>[]): string {
  const bad = patches.map(({ result }) => result).filter(({ verdict }) => verdict === "fail");
  const unsigned = bad.filter(isOnlyUnsigned).length;
  const failed = bad.length - unsigned;
  const total = patches.length;
  if (failed === 0) return `${unsigned} of ${total} not signed; the policy requires a signature`;
  return `${failed} of ${total} failed${unsigned === 0 ? "" : `, ${unsigned} not signed`}`;
}

/** True if the cover letter failed: people read it with the patches. A refused one does not count. */
function hasBadCover({ members }: Series<Checked>): boolean {
  return members.some(
    ({ evidence, payload, result }) =>
      evidence.kind === "cover" && payload.view !== null && result.verdict === "fail",
  );
}
