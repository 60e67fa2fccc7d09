/**
 * Which series to take, of all in the sources: the newest complete version of the one work, by evidence
 * that mails cannot make up (docs/series.md, "Which version is taken"). Pure.
 */

import { PatchsigError } from "../../errors.ts";
import type { HandLink } from "../../series/works.ts";
import { count } from "../../primitives/words.ts";
import { numberList } from "../../verify/numbers.ts";
import type { Collected } from "../../verify/series.ts";
import { compose } from "./compose.ts";
import { isNewer, PROOFS, type Version, versionName, worksIn } from "./versions.ts";

/** What the user asks for. */
export interface SeriesChoice {
  /** A number in `series list`, a signed series id or the beginning of one, or a Message-ID. */
  readonly series?: string | undefined;
  /** `2` · `v2` · `5.1` */
  readonly version?: string | undefined;
  /** A version with the parts that were sent again. */
  readonly composed: boolean;
  /** Message-IDs that name the work, the first that is there. */
  readonly mails: readonly string[];
}

export interface Chosen<P> {
  readonly series: Collected<P>;
  /** `v2` · `v1 + v2 2/5` */
  readonly name: string;
  /** The other versions of the work. */
  readonly others: readonly Version<P>[];
  /** What to tell the user: what else is there, and why it was not taken. */
  readonly said: readonly string[];
}

/**
 * @param hand what the user said of works
 * @throws PatchsigError "refused" if it cannot be told which one is meant
 */
export function chooseSeries<P>(
  all: readonly Version<P>[],
  choice: SeriesChoice,
  hand: readonly HandLink[],
): Chosen<P> {
  const worksOf = (some: readonly Version<P>[]): (readonly Version<P>[])[] =>
    worksIn(some, hand).map(({ versions }) => versions);
  const candidates = all.filter(({ isCandidate }) => isCandidate);
  if (choice.series !== undefined) {
    const works = worksOf(candidates);
    const named = namedBy(all, choice.series);
    const work = works.find((versions) => versions.some((one) => named.includes(one)));
    if (named.length !== 1 || work === undefined) throw notNamed(choice.series, named);
    const isWhole = choice.version === undefined && !choice.composed;
    return isWhole ? taken(named[0]!, work) : ofWork(work, choice);
  }
  const strays = straysAmong(candidates);
  const left = candidates.filter((one) => !strays.includes(one));
  const works = worksOf(left);
  const meant = choice.mails.map((id) => works.find((work) => work.some(holds(id))));
  const work = meant.find((one) => one !== undefined) ?? works[0];
  if (work === undefined || (works.length > 1 && !meant.includes(work)))
    throw severalOf("in the mails", left);
  const chosen = ofWork(work, choice);
  const beside = works.length === 1 ? [] : [otherWorks(works.length - 1)];
  return { ...chosen, said: [...strays.flatMap(strayWords), ...beside, ...chosen.said] };
}

/**
 * Mails with the version and number of patches of a series that was signed as a whole, which are not of
 * it: part of a series, or of one that looks as if the same person had sent it.
 */
function straysAmong<P>(candidates: readonly Version<P>[]): Version<P>[] {
  const sealed = candidates.filter(({ series }) => series.result.sealed);
  return candidates.filter(
    ({ series: { result }, facts }) =>
      !result.sealed &&
      result.replaces === null &&
      sealed.some(
        (other) =>
          other.facts.version === facts.version &&
          other.series.result.total === result.total &&
          (!result.complete || facts.senders.some((who) => other.facts.senders.includes(who))),
      ),
  );
}

function otherWorks(n: number): string {
  return n === 1 ? "another series is beside it" : `${n} other series are beside it`;
}

function strayWords({ series }: Version<unknown>): string[] {
  const mails = series.received.map(({ result }) => result).slice(0, MAX_NAMED);
  return mails.map(({ source, subject }) => `note: not in this series: ${source}: ${subject}`);
}

const MAX_NAMED = 5;

function holds(id: string): (one: Version<unknown>) => boolean {
  return ({ facts }) => facts.messageIds.includes(id);
}

/** A series id is 32 hex digits; fewer may be given. */
const SERIES_ID = /^[0-9a-f]{6,32}$/;

function namedBy<P>(all: readonly Version<P>[], name: string): Version<P>[] {
  const byNumber = all.filter(({ number }) => `${number}` === name);
  if (byNumber.length > 0) return byNumber;
  if (SERIES_ID.test(name))
    return all.filter(({ series }) => series.result.id?.startsWith(name) === true);
  const id = `<${name.replace(/^<|>$/g, "")}>`;
  return all.filter(holds(id));
}

function notNamed(name: string, found: readonly Version<unknown>[]): PatchsigError {
  if (found.length > 1) return severalOf(`named ${name}`, found);
  return refusal(
    `--series ${name}: no series with patches here`,
    "git patchsig series list says which there are",
  );
}

function refusal(message: string, hint: string): PatchsigError {
  return new PatchsigError("refused", message, { hint });
}

/** `2 series in the mails: (1) v1 net: count; (3) v2 net: stop` */
function severalOf(what: string, among: readonly Version<unknown>[]): PatchsigError {
  const named = among
    .toSorted((a, b) => a.number - b.number)
    .slice(0, MAX_NAMED)
    .map(
      ({ number, facts, series }) => `(${number}) ${versionName(facts)} ${series.result.subject}`,
    );
  const more = among.length > MAX_NAMED ? "; …" : "";
  return refusal(
    `${among.length} series ${what}: ${named.join("; ")}${more}`,
    "--series N takes one of them; git patchsig series list says more",
  );
}

/** Versions that were not taken, and why. */
type Against<P> = ReadonlyMap<Version<P>, string>;

/** One of the versions of a work. */
function ofWork<P>(work: readonly Version<P>[], { version, composed }: SeriesChoice): Chosen<P> {
  if (version !== undefined) return ofVersion(work, version, composed);
  const best = bestProof(work);
  const against = new Map<Version<P>, string>();
  const parts: Version<P>[] = [];
  for (const one of work.toReversed()) {
    const why = reasonAgainst(one, best);
    if (why !== null) against.set(one, why);
    else if (one.series.result.replaces !== null) parts.unshift(one);
    else return withParts(firstLike(one, work, best), parts, work, against, composed);
  }
  // none is good: the newest one shows what is wrong
  return taken(parts.at(-1) ?? work.at(-1)!, work);
}

/** Of a version that was sent again unchanged, the first mails. */
function firstLike<P>(one: Version<P>, work: readonly Version<P>[], best: number): Version<P> {
  return work.find((other) => isAgain(other, one) && reasonAgainst(other, best) === null) ?? one;
}

/** The same version once more, and git would make the same commits of it. */
function isAgain(other: Version<unknown>, one: Version<unknown>): boolean {
  return versionName(other.facts) === versionName(one.facts) && other.content === one.content;
}

/** The version, and what was sent since to replace a part of it. */
function withParts<P>(
  newest: Version<P>,
  parts: readonly Version<P>[],
  work: readonly Version<P>[],
  against: Against<P>,
  composed: boolean,
): Chosen<P> {
  refuseClash(newest, work);
  if (parts.length === 0) {
    const chosen = taken(newest, work, against);
    const nothing = "no part of it was sent again: nothing to compose";
    return composed ? { ...chosen, said: [...chosen.said, nothing] } : chosen;
  }
  const { name, series } = compose(newest, parts);
  const version = versionName(newest.facts);
  if (!composed)
    throw refusal(
      `a part of ${version} was sent again: ${name}`,
      `--composed takes ${name}, --version ${version.slice(1)} takes ${version} as it was`,
    );
  const used = new Set<Version<P>>([newest, ...parts]);
  const others = work.filter((one) => !used.has(one));
  return { series, name, others, said: [`composed: ${name}`, ...reasons(against)] };
}

/**
 * Two of them are the same version, and differ; or the work is signed with two keys, and neither is known
 * from before. Then the user has to say which one is meant.
 */
function refuseClash<P>(one: Version<P>, work: readonly Version<P>[]): void {
  const best = bestProof(work);
  const name = versionName(one.facts);
  const twins = work.filter(
    (other) =>
      versionName(other.facts) === name &&
      reasonAgainst(other, best) === null &&
      other.content !== one.content,
  );
  if (twins.length > 0) throw severalOf(`called ${name}`, [one, ...twins]);
  const isFirst = one.series.members.some(({ result }) => result.trust === "first-use");
  const rivals = work.filter(({ series }) =>
    series.members.some(({ result }) => result.trust === "changed"),
  );
  if (isFirst && rivals.length > 0)
    throw severalOf("signed with different keys, none known before", [one, ...rivals]);
}

/** The best proof of who sent it that a good, complete version of the work has. */
function bestProof(work: readonly Version<unknown>[]): number {
  const good = work.filter(
    ({ series: { result } }) =>
      result.verdict !== "fail" && (result.complete || result.replaces !== null),
  );
  return Math.max(0, ...good.map(({ proof }) => PROOFS.indexOf(proof)));
}

/** Why a version is not taken unless the user names it; null if it is as good as any other. */
function reasonAgainst(
  { series: { result }, proof }: Version<unknown>,
  best: number,
): string | null {
  if (result.verdict === "fail") return "it failed";
  if (!result.complete && result.replaces === null)
    return `missing patch ${numberList(result.missing)} of ${result.total}`;
  if (PROOFS.indexOf(proof) >= best) return null;
  return PROOFS[best] === "signed"
    ? "it is not signed, and another version is"
    : "nobody vouches for it, as for another version";
}

/** `2` · `v2` · `5.1` */
function ofVersion<P>(work: readonly Version<P>[], wanted: string, composed: boolean): Chosen<P> {
  const name = `v${wanted.replace(/^v/i, "")}`;
  const found = work.filter(({ facts }) => versionName(facts) === name);
  const best = bestProof(work);
  const good = found.filter((one) => reasonAgainst(one, best) === null);
  const one = good[0] ?? found.at(-1);
  if (one === undefined) {
    const names = [...new Set(work.map(({ facts }) => versionName(facts)))];
    throw refusal(`no ${name} here`, `there is ${names.slice(0, MAX_NAMED).join(", ")}`);
  }
  const isClear = good.length > 0 && good.every(({ content }) => content === one.content);
  if (found.length > 1 && !isClear) throw severalOf(`called ${name}`, found);
  if (!composed) return taken(one, work);
  const parts = work.filter(
    (other) =>
      other.series.result.replaces !== null &&
      reasonAgainst(other, best) === null &&
      isNewer(other, one),
  );
  return withParts(one, parts, work, new Map(), true);
}

function taken<P>(
  one: Version<P>,
  work: readonly Version<P>[],
  against: Against<P> = new Map(),
): Chosen<P> {
  const others = work.filter((other) => other !== one);
  const name = versionName(one.facts);
  const beside = others.filter((other) => !against.has(other) && !isAgain(other, one));
  const names = [...new Set(beside.map(({ facts }) => versionName(facts)))];
  const also = names.length === 0 ? [] : [alsoThere(name, names, one)];
  return { series: one.series, name, others, said: [...also, ...reasons(against)] };
}

function reasons(against: Against<unknown>): string[] {
  return [...against].map(([{ facts }, why]) => `${versionName(facts)} is not taken: ${why}`);
}

/** `v2, 3 patches; v1 is also there` */
function alsoThere(name: string, names: readonly string[], { series }: Version<unknown>): string {
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  const list = shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : shown[0];
  const are = names.length > 1 ? "are" : "is";
  return `${name}, ${count(series.result.total, "patch")}; ${list} ${are} also there`;
}
