/** What of a patch is needed when its series is complete, and only then. */

import type { Checked } from "../../verify/result.ts";

/** What is kept of a mail until the base of its series is checked. */
export type PatchSummary = Pick<
  Checked,
  "kind" | "signature" | "signed" | "baseLines" | "findings" | "diff" | "number" | "messageId"
> & {
  /** The Date header. */
  readonly date: string;
};

export function patchSummary(checked: Checked): PatchSummary {
  const { kind, signature, signed, baseLines, findings, diff, number, messageId } = checked;
  const date = checked.view?.headers.date ?? "";
  return { kind, signature, signed, baseLines, findings, diff, number, messageId, date };
}

/** Bytes of diffs of open series; beyond that, series are not tried. */
const MAX_HELD = 256 << 20;

/** What of mails is kept until their series are closed: their diffs while there is room. */
export interface SummaryKeeping {
  readonly keep: (checked: Checked) => PatchSummary;
  /** Those of a series that is closed. */
  readonly drop: (members: readonly { readonly payload: PatchSummary | null }[]) => void;
}

export function newKeeping(): SummaryKeeping {
  const sizeOf = ({ diff }: PatchSummary): number => diff?.canonical.length ?? 0;
  let held = 0;
  return {
    keep(checked) {
      const kept = patchSummary(checked);
      if (held + sizeOf(kept) > MAX_HELD) return { ...kept, diff: null };
      held += sizeOf(kept);
      return kept;
    },
    drop(members) {
      for (const { payload } of members) if (payload !== null) held -= sizeOf(payload);
    },
  };
}
