/** Judges one portion of mails, and the series that they make. */

import type { SourceMail } from "../../source/item.ts";
import type { MailKind } from "../../store/index-sql.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { Pins } from "../../trust/pins.ts";
import { isReply } from "../../trailers/reply.ts";
import type { Policies } from "../../verify/policy.ts";
import type { Checked, PatchResult } from "../../verify/result.ts";
import { type Collected, createJudgedSeriesCollector } from "../../verify/series.ts";
import { type VersionMail, versionMail } from "../../verify/versions.ts";
import type { DkimRun } from "../verify/dkim.ts";
import {
  type ExaminedMail,
  judgeExamined,
  newTally,
  type Seen,
  verifyMails,
} from "../verify/verification.ts";

export interface PortionTerms {
  readonly policies: Policies;
  readonly pins: Pins;
  readonly devKeyrings: readonly string[];
  readonly trailers: readonly string[];
  /** Keys for DKIM; null if DKIM is not looked at. */
  readonly dkim: DkimRun | null;
}

/** What judging found of one mail. */
interface JudgedPlace {
  readonly kind: MailKind;
  readonly result: PatchResult | null;
}

export interface JudgedPortion<P = VersionMail> {
  /** By place. A mail that has nothing to do with patches is not in it. */
  readonly places: ReadonlyMap<string, JudgedPlace>;
  readonly series: readonly Collected<P>[];
}

/** Judges mails, and keeps of each patch what tells versions of a series apart. */
export function judgePortion(
  mails: readonly SourceMail[],
  terms: PortionTerms,
  memory: TrustMemory,
): Promise<JudgedPortion> {
  return judgeAndKeep(mails, terms, memory, versionMail);
}

/**
 * Judges mails.
 *
 * @param keep says what to keep of each patch, as the payload of its series
 */
export async function judgeAndKeep<P>(
  mails: readonly SourceMail[],
  terms: PortionTerms,
  memory: TrustMemory,
  keep: (checked: Checked) => P,
): Promise<JudgedPortion<P>> {
  const options = {
    ...terms,
    signedOnly: false,
    plainAm: null,
    dryRun: false,
    jobs: 1,
    keep,
  };
  async function* items(): AsyncGenerator<readonly SourceMail[]> {
    yield mails;
  }
  const all: Seen<P | null>[] = [];
  for await (const seen of verifyMails(items(), options, memory, newTally())) all.push(seen);
  return collected(all);
}

/** Judges mails that were checked before. */
export function judgeFacts<P>(
  mails: readonly ExaminedMail<P>[],
  { policies, pins, dkim }: Pick<PortionTerms, "policies" | "pins" | "dkim">,
  memory: TrustMemory,
): JudgedPortion<P> {
  return collected(judgeExamined(mails, { policies, pins, dkim, dryRun: false }, memory));
}

function collected<P>(all: Iterable<Seen<P | null>>): JudgedPortion<P> {
  const places = new Map<string, JudgedPlace>();
  const series: Collected<P>[] = [];
  // a bug that a series triggers is not reported here: its mails are in the index all the same
  const collector = createJudgedSeriesCollector<P>(() => {});
  for (const seen of all) {
    if (seen.kind === "link") {
      if (isReply(seen.mail)) places.set(seen.mail.source, { kind: "reply", result: null });
      series.push(...collector.link(seen.mail));
    } else if (seen.kind === "note") {
      const { source, read } = seen.note;
      places.set(source, { kind: read ? "note" : "refused", result: null });
    } else if (seen.kind === "unread")
      places.set(seen.unread.source, { kind: "refused", result: null });
    else {
      const { result, evidence, payload } = seen.mail;
      const kind = evidence.isAnswer ? "answer" : evidence.kind === "cover" ? "cover" : "patch";
      places.set(result.source, { kind, result });
      if (payload !== null) series.push(...collector.add({ ...seen.mail, payload }));
    }
  }
  series.push(...collector.end());
  return { places, series };
}
