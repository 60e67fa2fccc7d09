/** A series as the questions about its base need it: the claim, the diffs, what it depends on. */

import { PatchsigError } from "../../errors.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { isUnread, type SourceMail, type Unread } from "../../source/piece.ts";
import { type Claim, claimOf } from "../../base/check.ts";
import { evidenceOf } from "../../verify/evidence.ts";
import { judge } from "../../verify/judge.ts";
import type { Named } from "../../base/needs.ts";
import { DEFAULT_POLICY } from "../../verify/policy.ts";
import type { Checked, SeriesResult } from "../../verify/result.ts";
import { createSeriesCollector, type Series } from "../../verify/series.ts";
import { createCheck } from "../verify/checking.ts";
import { faultAt } from "../fault.ts";
import { openSource } from "../sources/sources.ts";
import { progress, sayError } from "../../cli/terminal.ts";
import { noPatch } from "../verify/verification.ts";

/** Of a mail, what is kept. */
export type Kept = Pick<
  Checked,
  "kind" | "signature" | "signed" | "baseLines" | "findings" | "diff" | "number" | "messageId"
> & {
  /** The Date header. */
  readonly date: string;
};

export interface Subject extends Named {
  readonly result: SeriesResult;
  readonly claim: Claim;
  readonly patches: readonly Kept[];
  readonly messageId: string;
  /** Date headers of its mails. */
  readonly dates: readonly string[];
}

export function keptOf(checked: Checked): Kept {
  const { kind, signature, signed, baseLines, findings, diff, number, messageId } = checked;
  const date = checked.view?.headers.date ?? "";
  return { kind, signature, signed, baseLines, findings, diff, number, messageId, date };
}

/** A series whose mails were held as a whole. */
export function keptSeries({ result, members }: Series<Checked>): Series<Kept> {
  return { result, members: members.map((m) => ({ ...m, payload: keptOf(m.payload) })) };
}

export function subjectOf({ result, members }: Series<Kept>): Subject {
  const kept = members.map(({ payload }) => payload);
  const claim = claimOf(result.base, kept);
  const bare = (id: string): string => id.replace(/^<|>$/g, "");
  return {
    result,
    claim,
    patches: kept.filter(({ kind }) => kind === "patch"),
    messageId: kept[0]?.messageId ?? "",
    messageIds: kept.map(({ messageId }) => bare(messageId)).filter((id) => id !== ""),
    changeId: claim.lines.changeId,
    version: result.version,
    dependencies: claim.lines.dependencies,
    dates: kept.map(({ date }) => date),
  };
}

/** The diffs of a series are held until it was looked at. */
const MAX_BYTES = 512 << 20;

/**
 * All series of the sources, and at how many mails the program failed, which is said. No trust is
 * asked: a base is of use whoever named it.
 * PatchsigError: no-patch, too-large, and as the sources cannot be read.
 */
export async function readSubjects(
  sources: readonly string[],
): Promise<{ readonly subjects: readonly Subject[]; readonly faults: number }> {
  const faults: PatchsigError[] = [];
  const onUnread = ({ error }: Unread): void => {
    faults.push(error);
    sayError(error);
  };
  const check = createCheck({ devKeyrings: [], signedOnly: false, plainAm: null });
  const collector = createSeriesCollector<Kept>((members, error) => {
    for (const { result } of members) onUnread(faultAt(result, error));
  });
  const closed: Series<Kept>[] = [];
  const began = Date.now();
  let [mails, held] = [0, 0];
  function take({ source, bytes, size }: SourceMail): Series<Kept>[] {
    const checked = check(bytes, size);
    if (checked.kind === "other") {
      const { messageId, references } = checked;
      return collector.link({ messageId, references });
    }
    held += checked.diff?.canonical.length ?? 0;
    if (held > MAX_BYTES)
      throw new PatchsigError("too-large", "the diffs are too many to be held at a time", {
        hint: "give fewer mails",
      });
    const evidence = evidenceOf(checked);
    const result = judge(evidence, source, { kind: "none" }, DEFAULT_POLICY, false);
    return collector.add({ result, evidence, payload: keptOf(checked) });
  }
  for (const source of sources) {
    const onRead = (done: number, total: number): void => {
      progress(`${mails} mails`, done, sources.length === 1 ? total : 0, began);
    };
    for await (const pieces of openSource(source, {}, onRead)) {
      for (const piece of pieces) {
        if (isUnread(piece)) {
          // a part of an archive is wanting, or all of it
          if (piece.source === source) throw piece.error;
          onUnread(piece);
          continue;
        }
        mails++;
        try {
          closed.push(...take(piece));
        } catch (error) {
          const messageId = glimpse(piece.bytes ?? Buffer.alloc(0), "message-id");
          onUnread(faultAt({ source: piece.source, messageId }, error));
        }
      }
    }
  }
  closed.push(...collector.end());
  if (closed.length === 0) throw faults[0] ?? noPatch(sources, mails);
  return { subjects: closed.map(subjectOf), faults: faults.length };
}
