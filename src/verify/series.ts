/**
 * Puts patches together into series and says what holds of each as a whole. Pure, and bounded: an
 * archive streams through it, so that the oldest series is closed when too many are open.
 */

import { seriesId } from "../patch/series.ts";
import type { Finding } from "../types.ts";
import type { Evidence } from "./evidence.ts";
import { finding } from "./findings.ts";
import {
  type Base,
  type Numbers,
  type PatchResult,
  type SeriesResult,
  verdictOf,
  worstOf,
} from "./result.ts";

/** A patch, and what of it the whole series is judged by. `payload` is the caller's own. */
export interface Member<P> {
  readonly result: PatchResult;
  readonly evidence: Pick<
    Evidence,
    | "kind"
    | "senders"
    | "signature"
    | "signed"
    | "number"
    | "messageId"
    | "inReplyTo"
    | "attestation"
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

/** Series that are open at a time, and threads that are remembered. */
const MAX_OPEN = 256;
const MAX_THREADS = 10_000;
/** Members of one open series, so that a hostile archive cannot grow it without end. */
const MAX_MEMBERS = 5_000;

interface Open<P> {
  readonly aliases: Set<string>;
  readonly members: Member<P>[];
  /** The numbers of its members. */
  readonly taken: Set<number>;
}

export interface SeriesCollector<P> {
  /** Takes a patch; gives back the series that had to be closed for it. */
  add(member: Member<P>): Collected<P>[];
  /** Closes those of which this is true, in the order in which they began. */
  close(when: (members: readonly Member<P>[]) => boolean): Collected<P>[];
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
  const byAlias = new Map<string, Open<P>>();
  const open = new Set<Open<P>>();
  const roots = new Map<string, string>();

  function threadRoot(messageId: string, inReplyTo: string): string {
    const root = inReplyTo === "" ? messageId : (roots.get(inReplyTo) ?? inReplyTo);
    if (messageId !== "") {
      roots.set(messageId, root);
      if (roots.size > MAX_THREADS) roots.delete(roots.keys().next().value!);
    }
    return root;
  }

  /** The names under which a patch's siblings may be found, the surest first. */
  function aliasesOf({ evidence, result }: Member<P>): string[] {
    const root = threadRoot(evidence.messageId, evidence.inReplyTo);
    const { version, total } = evidence.number;
    const names: string[] = [];
    const id = evidence.signed?.comment.series ?? null;
    if (id !== null) names.push(`id ${evidence.signed!.publicKey} ${id}`);
    // one sends what several wrote: the author may stand in the body
    const who = evidence.senders[0] ?? result.author?.email ?? "";
    const label = `${who} v${version} of ${total}`;
    if (root !== "") names.push(`thread ${root} ${label}`);
    // files fresh from format-patch carry no Message-ID at all
    else if (total > 1) names.push(`loose ${label}`);
    return names;
  }

  function findOpen(member: Member<P>, aliases: readonly string[]): Open<P> | undefined {
    const [first, ...others] = aliases;
    const sure = first === undefined ? undefined : byAlias.get(first);
    if (sure !== undefined && first!.startsWith("id ")) return sure;
    const { index } = member.evidence.number;
    return [sure, ...others.map((name) => byAlias.get(name))].find(
      (series) => series !== undefined && !series.taken.has(index),
    );
  }

  function close(series: Open<P>): Collected<P>[] {
    open.delete(series);
    for (const name of series.aliases) if (byAlias.get(name) === series) byAlias.delete(name);
    try {
      return withoutStrays(series.members).map((received) => {
        const members = distinct(received);
        return { result: judgeSeries(members), members, received };
      });
    } catch (error) {
      onFault(series.members, error);
      return [];
    }
  }

  return {
    add(member) {
      const aliases = aliasesOf(member);
      let series = findOpen(member, aliases);
      if (series === undefined || series.members.length >= MAX_MEMBERS) {
        series = { aliases: new Set(), members: [], taken: new Set() };
        open.add(series);
      }
      series.members.push(member);
      series.taken.add(member.evidence.number.index);
      for (const name of aliases) {
        byAlias.set(name, series);
        series.aliases.add(name);
      }
      return open.size > MAX_OPEN ? close(open.values().next().value!) : [];
    },
    close: (when) => [...open].filter(({ members }) => when(members)).flatMap(close),
    end: () => [...open].flatMap(close),
  };
}

/**
 * Takes apart what came as one: if one set of patches is what somebody signed as a series, whole, it
 * is the series, and what came under its numbers besides is none of it: a single forged mail does not
 * stop it. Where none is, or more than one, nothing can be told apart.
 */
function withoutStrays<P>(received: readonly Member<P>[]): (readonly Member<P>[])[] {
  const sets = new Map<string, Member<P>[]>();
  for (const member of received) {
    const { signed, signature } = member.evidence;
    if (signed === null || signed.comment.series === null || signature !== "good") continue;
    const name = `${signed.publicKey} ${signed.comment.series}`;
    const set = sets.get(name);
    if (set === undefined) sets.set(name, [member]);
    else set.push(member);
  }
  const sealed = [...sets.values()].filter((set) => judgeSeries(distinct(set)).sealed);
  const passing = sealed.filter((set) => set.every(({ result }) => result.verdict !== "fail"));
  const [series, ...others] = passing.length > 0 ? passing : sealed;
  if (series === undefined || others.length > 0) return [received];
  // a cover letter is signed by itself, or not at all; one that fails is a stray like any other
  const strays = received.filter(
    (member) =>
      !series.includes(member) &&
      (member.evidence.number.index > 0 || member.result.verdict === "fail"),
  );
  if (strays.length === 0) return [received];
  return [received.filter((member) => !strays.includes(member)), strays];
}

/** Sorted by number; the same signed patch through two lists counts once, the better one stays. */
function distinct<P>(members: readonly Member<P>[]): Member<P>[] {
  const rank = { pass: 0, warn: 1, fail: 2 };
  const sorted = [...members].sort(
    (a, b) =>
      a.evidence.number.index - b.evidence.number.index ||
      rank[a.result.verdict] - rank[b.result.verdict],
  );
  const seen = new Set<string>();
  return sorted.filter(({ evidence }) => {
    if (evidence.signature !== "good" || evidence.attestation === null) return true;
    const name = `${evidence.number.index} ${evidence.attestation}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function judgeSeries<P>(members: readonly Member<P>[]): SeriesResult {
  const first = members[0]!;
  const { version, total } = first.evidence.number;
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

  if (ids.size > 1) conflict("the patches come from different signings");
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
  if (!complete)
    findings.push(finding("series-incomplete", `${numberList(missing)} of ${total} not here`));
  if (signed.some(loose) || (id === null && total > 1 && ids.size === 1))
    findings.push(finding("series-unbound", "the patches were signed one by one, not as a series"));
  const base = baseOf(members);
  const named = new Set(members.flatMap((m) => m.result.base.commit ?? []));
  if (named.size > 1 && bases.size < 2)
    findings.push(finding("base-disagrees", `the mails name ${named.size} different bases`));
  if (base.status === "missing") findings.push(finding("base-missing", "no base commit recorded"));

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
