/**
 * What holds of each series as a whole. Which mails make one, src/series says; here the verdicts of
 * its patches come to one, and the signatures are held against each other. Pure, and bounded.
 */

import { seriesId } from "../patch/series.ts";
import { createSeriesCollector as createCollector } from "../series/collector.ts";
import type { AssembledSeries, SeriesItem, ThreadMail } from "../series/item.ts";
import type { Finding } from "../types.ts";
import type { Evidence } from "./evidence.ts";
import { finding } from "../findings.ts";
import { type Numbers, type PatchResult, type SeriesResult, verdictOf, worstOf } from "./result.ts";
import { type Base } from "../base/result.ts";

/** A mail with a patch and its verdict. `payload` is the caller's own. */
export interface JudgedMail<P> {
  readonly result: PatchResult;
  readonly evidence: Evidence;
  readonly payload: P;
}

/** What is held of it until its series is judged. */
export interface Member<P> {
  readonly result: PatchResult;
  readonly evidence: Pick<
    Evidence,
    "kind" | "isAnswer" | "signature" | "signed" | "number" | "attestation"
  >;
  readonly payload: P;
}

export interface Series<P> {
  readonly result: SeriesResult;
  /** In the order of their numbers, then of arrival; a patch that came twice is there once. */
  readonly members: readonly Member<P>[];
}

/** A series as it was collected. */
export interface Collected<P> extends Series<P> {
  /** All that came, in that order. */
  readonly received: readonly Member<P>[];
}

export interface SeriesCollector<P> {
  /** Takes a patch; gives back the series that had to be closed for it. */
  add(mail: JudgedMail<P>): Collected<P>[];
  /** Takes a mail without a patch. */
  link(mail: ThreadMail): Collected<P>[];
  /** Closes those of which this is true, in the order in which they began. */
  close(when: (payloads: readonly P[]) => boolean): Collected<P>[];
  /** Closes all that are open, in the order in which they began. */
  end(): Collected<P>[];
}

/**
 * @param onFault gets the members of a series at which the program failed: it is closed, and the
 *   others go on
 */
export function createSeriesCollector<P>(
  onFault: (received: readonly Member<P>[], error: unknown) => void,
): SeriesCollector<P> {
  const collector = createCollector<Member<P>>();

  function judged(series: AssembledSeries<Member<P>>): Collected<P>[] {
    const received = series.members.map(({ value }) => value);
    try {
      return lettersApart(series).map((one) => {
        const members = distinct(one);
        const result = judgeSeries(one, members);
        return { result, members, received: one.members.map(({ value }) => value) };
      });
    } catch (error) {
      onFault(received, error);
      return [];
    }
  }

  return {
    add({ result, evidence, payload }) {
      const { kind, isAnswer, signature, signed, number, attestation } = evidence;
      const light = { kind, isAnswer, signature, signed, number, attestation };
      const member = { result, evidence: light, payload };
      return collector.add(itemOf(evidence), member).flatMap(judged);
    },
    link: (mail) => collector.link(mail).flatMap(judged),
    close: (when) =>
      collector.close((values) => when(values.map(({ payload }) => payload))).flatMap(judged),
    end: () => collector.end().flatMap(judged),
  };
}

/** What assembly knows of a judged mail. */
function itemOf(evidence: Evidence): SeriesItem {
  const { kind, isAnswer, messageId, references, number, label, date, signed } = evidence;
  return {
    kind: isAnswer ? "answer" : kind === "cover" ? "cover" : "patch",
    messageId,
    references,
    // of a mail that a list sends in its own name, all who may have been behind it
    sender: evidence.senders.join(" "),
    date,
    number,
    ...label,
    signing:
      evidence.signature === "good" && signed !== null && signed.comment.series !== null
        ? `${signed.publicKey} ${signed.comment.series}`
        : null,
    digest: digestOf(evidence),
  };
}

/** Equal for two copies of a mail, so that what is shown of the one holds of the other. */
function digestOf({ attestation, content, messageId, signature, changed }: Evidence): string {
  return attestation ?? content ?? `${messageId} ${signature} ${changed.join(" ")}`;
}

/**
 * A cover letter is signed with its patches or not at all. One that fails, and was not signed with a
 * series that is whole, is none of it: a single forged letter does not stop what was signed.
 */
function lettersApart<P>(series: AssembledSeries<Member<P>>): AssembledSeries<Member<P>>[] {
  const isStray = ({ item, value }: (typeof series.members)[number]): boolean =>
    item.number.index === 0 && item.signing === null && value.result.verdict === "fail";
  const strays = series.members.filter(isStray);
  const others = series.members.filter((member) => !isStray(member));
  if (strays.length === 0 || others.length === 0) return [series];
  const rest = { ...series, members: others };
  return judgeSeries(rest, distinct(rest)).sealed
    ? [rest, { ...series, members: strays, isMixed: false, rerollOf: null }]
    : [series];
}

/** Sorted by number; of copies the best one stays. */
function distinct<P>({ members }: AssembledSeries<Member<P>>): Member<P>[] {
  const rank = { pass: 0, warn: 1, fail: 2 };
  const best = [...members].sort(
    (a, b) =>
      a.item.number.index - b.item.number.index ||
      rank[a.value.result.verdict] - rank[b.value.result.verdict],
  );
  const seen = new Set<string>();
  return best.flatMap(({ item, value }) => {
    const name = `${item.number.index} ${item.digest}`;
    if (seen.has(name)) return [];
    seen.add(name);
    return [value];
  });
}

function judgeSeries<P>(
  { version, total, isMixed, rerollOf }: AssembledSeries<Member<P>>,
  members: readonly Member<P>[],
): SeriesResult {
  const first = members[0]!;
  const patches = members.filter((m) => m.evidence.number.index > 0);
  const signed = members.flatMap((m) => (m.evidence.signed === null ? [] : [m.evidence.signed]));
  // a letter that was signed by itself says nothing about the patches
  const loose = (s: (typeof signed)[number]): boolean =>
    s.comment.series === null && s.comment.index === 0;
  const bound = signed.filter((s) => !loose(s));
  const ids = new Set(bound.map((s) => s.comment.series));
  const bases = new Set(signed.map((s) => s.comment.base));
  const keys = new Set(signed.map((s) => s.publicKey));

  const present = new Set(patches.map((m) => m.evidence.number.index));
  const missing = gapsIn(present, total);
  const complete = missing.length === 0;
  const findings: Finding[] = [];
  const conflict = (text: string): number => findings.push(finding("series-conflict", text));

  if (ids.size > 1 || isMixed) conflict("the patches come from different signings");
  else if (bases.size > 1) conflict("the patches were signed with different bases");
  else if (keys.size > 1) conflict("the patches were signed with different keys");
  if (patches.length > present.size) conflict("a number occurs more than once");

  const id = ids.size === 1 ? bound[0]!.comment.series : null;
  const good = patches.filter((m) => m.evidence.signature === "good");
  let sealed = false;
  if (id !== null && findings.length === 0 && complete && good.length === total) {
    const texts = good.map((m) => m.evidence.attestation!);
    sealed = seriesId(version, signed[0]!.comment.base, texts) === id;
    if (!sealed) conflict("the patches are not the ones that were signed together");
  }
  if (rerollOf !== null)
    findings.push(
      finding("series-partial", `replaces ${numberList(rerollOf.numbers)} of v${rerollOf.version}`),
    );
  else if (!complete)
    findings.push(finding("series-incomplete", `${numberList(missing)} of ${total} not here`));
  if (signed.some(loose) || (id === null && total > 1 && ids.size === 1))
    findings.push(finding("series-unbound", "the patches were signed one by one, not as a series"));
  const base = baseOf(members);
  const named = new Set(members.flatMap((m) => m.result.base.commit ?? []));
  if (named.size > 1 && bases.size < 2)
    findings.push(finding("base-disagrees", `the mails name ${named.size} different bases`));
  // whoever answers has no base to name
  const isAnswer = members.every((m) => m.evidence.isAnswer);
  if (base.status === "missing" && !isAnswer)
    findings.push(finding("base-missing", "no base commit recorded"));

  const own = verdictOf(findings);
  return {
    type: "series",
    id,
    subject: (members.find((m) => m.evidence.number.index <= 1) ?? first).result.subject,
    signer: keys.size === 1 ? signed[0]!.comment.by : null,
    version,
    total,
    complete,
    missing,
    sealed,
    base,
    findings,
    verdict: worstOf([own, ...members.map((m) => m.result.verdict)]),
  };
}

/** The base of a series: as signed, else what the first mail that names one says. */
function baseOf<P>(members: readonly Member<P>[]): Base {
  const named = members.filter((m) => m.result.base.commit !== null);
  const best = named.find((m) => m.evidence.signature === "good") ?? named[0];
  const tree = members.find((m) => m.result.base.tree !== null)?.result.base.tree ?? null;
  return best === undefined
    ? { status: "missing", commit: null, tree }
    : { status: "present", commit: best.result.base.commit, tree };
}

/** What of 1 to `total` is not there. Its length goes with what is there, not with the total. */
function gapsIn(present: ReadonlySet<number>, total: number): Numbers {
  const gaps: (number | [number, number])[] = [];
  let next = 1;
  for (const index of [...present].sort((a, b) => a - b).concat(total + 1)) {
    const last = Math.min(index - 1, total);
    if (last - next >= 2) gaps.push([next, last]);
    else for (; next <= last; next++) gaps.push(next);
    next = index + 1;
  }
  return gaps;
}

/** How many numbers these are. */
export function numberCount(numbers: Numbers): number {
  return numbers.reduce<number>(
    (sum, one) => sum + (typeof one === "number" ? 1 : one[1] - one[0] + 1),
    0,
  );
}

/** `2` · `2 and 3` · `2, 5 and 7 to 9`: the numbers in as few words as they need. */
export function numberList(numbers: Numbers): string {
  const runs = numbers.map((one) => (typeof one === "number" ? `${one}` : one.join(" to ")));
  if (runs.length > 12) return `${runs.slice(0, 12).join(", ")} and more`;
  return runs.length > 1 ? `${runs.slice(0, -1).join(", ")} and ${runs.at(-1)}` : (runs[0] ?? "");
}
