/**
 * Chooses a series among all in the sources: the newest complete version of the only work, by evidence that mails
 * cannot make up (docs/series.md, "Which version is taken"). Pure.
 */

import { PatchsigError } from "../../errors.ts";
import { count } from "../../primitives/words.ts";
import type { HandLink } from "../../series/works.ts";
import { numberList } from "../../verify/numbers.ts";
import { partsName } from "./compose.ts";
import { isNewer, PROOFS, type Version, worksIn } from "./versions.ts";

/** Which series the user asks for. */
export interface SeriesChoice {
  /** A number in `series list`, a signed series id or the beginning of one, or a Message-ID. */
  readonly series?: string | undefined;
  /** `2`, `v2` or `5.1`. */
  readonly version?: string | undefined;
  /** Take a version together with the patches of it that were sent again. */
  readonly composed: boolean;
  /** Message-IDs that name the work; the first that is in the sources counts. */
  readonly mails: readonly string[];
}

/** The chosen version. */
export interface Chosen<S> {
  readonly version: Version<S>;
  /** With `composed`: the rerolls of some of its patches, the oldest first. Else []. */
  readonly parts: readonly Version<S>[];
  /** The other versions of the work. */
  readonly others: readonly Version<S>[];
  /** Lines for the user: what else is there, and why it was not taken. */
  readonly said: readonly string[];
}

/**
 * @param hand links between series that the user made by hand (`series link`)
 * @throws PatchsigError "refused" if it is not clear which series to take
 */
export function chooseSeries<S>(
  all: readonly Version<S>[],
  choice: SeriesChoice,
  hand: readonly HandLink[],
): Chosen<S> {
  const worksOf = (some: readonly Version<S>[]): (readonly Version<S>[])[] =>
    worksIn(some, hand).map(({ versions }) => versions);
  const candidates = all.filter(({ isCandidate }) => isCandidate);
  if (choice.series !== undefined) {
    const named = namedBy(all, choice.series);
    const work = worksOf(candidates).find((some) => some.some((one) => named.includes(one)));
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
  return { ...chosen, said: [...strayWords(strays), ...beside, ...chosen.said] };
}

/**
 * Series that imitate one that was signed as a whole: with its version and total, but incomplete, or from the same
 * address.
 */
function straysAmong<S>(candidates: readonly Version<S>[]): Version<S>[] {
  const sealed = candidates.filter(({ outline }) => outline.sealed);
  return candidates.filter(
    ({ outline, facts }) =>
      !outline.sealed &&
      outline.replaces === null &&
      sealed.some(
        (other) =>
          other.facts.version === facts.version &&
          other.outline.total === outline.total &&
          (!outline.complete || facts.senders.some((who) => other.facts.senders.includes(who))),
      ),
  );
}

function otherWorks(n: number): string {
  return n === 1 ? "another series is beside it" : `${n} other series are beside it`;
}

function strayWords(strays: readonly Version<unknown>[]): string[] {
  const mails = strays.flatMap(({ outline }) =>
    outline.members.map(({ source }) => `note: not in this series: ${source}: ${outline.subject}`),
  );
  return firstOf(mails, (n) => `note: ${count(n, "mail")} more not in this series`);
}

/** The first lines, and how many more there are: anybody can send hundreds. */
function firstOf(lines: readonly string[], more: (n: number) => string): string[] {
  const left = lines.length - MAX_NAMED;
  return left <= 1 ? [...lines] : [...lines.slice(0, MAX_NAMED), more(left)];
}

const MAX_NAMED = 5;

function holds(id: string): (one: Version<unknown>) => boolean {
  return ({ facts }) => facts.messageIds.includes(id);
}

/** A series id has 32 hex digits; the user may give the first six or more. */
const SERIES_ID = /^[0-9a-f]{6,32}$/;

function namedBy<S>(all: readonly Version<S>[], name: string): Version<S>[] {
  const byNumber = all.filter(({ number }) => `${number}` === name);
  if (byNumber.length > 0) return byNumber;
  const id = name.toLowerCase();
  if (SERIES_ID.test(id)) return all.filter(({ outline }) => outline.id?.startsWith(id));
  return all.filter(holds(`<${name.replace(/^<|>$/g, "")}>`));
}

function notNamed(name: string, found: readonly Version<unknown>[]): PatchsigError {
  if (found.length > 1) return severalOf(`named ${name}`, found);
  return refusal(`--series ${name}: no series with patches here`, SHOWN);
}

const SHOWN = "git patchsig series list shows all";

function refusal(message: string, hint: string): PatchsigError {
  return new PatchsigError("refused", message, { hint });
}

/** The error that names several series: `2 series in the mails: (1) v1 net: count; (3) v2 net: stop`. */
function severalOf(what: string, among: readonly Version<unknown>[]): PatchsigError {
  const named = among
    .toSorted((a, b) => a.number - b.number)
    .slice(0, MAX_NAMED)
    .map(({ number, name, outline }) => `(${number}) ${name} ${outline.subject}`);
  const more = among.length > MAX_NAMED ? "; …" : "";
  return refusal(
    `${among.length} series ${what}: ${named.join("; ")}${more}`,
    "--series N takes one of them; git patchsig series list shows more",
  );
}

/** The versions that were not taken, and why. */
type Against<S> = ReadonlyMap<Version<S>, string>;

/** Chooses among the versions of a work. */
function ofWork<S>(
  work: readonly Version<S>[],
  { version, composed }: Pick<SeriesChoice, "version" | "composed">,
): Chosen<S> {
  if (version !== undefined) return ofVersion(work, version, composed);
  const best = bestProof(work);
  const against = new Map<Version<S>, string>();
  const parts: Version<S>[] = [];
  for (const one of work.toReversed()) {
    const why = reasonAgainst(one, best);
    if (why !== null) against.set(one, why);
    else if (one.outline.replaces !== null) parts.unshift(one);
    else return withParts(firstLike(one, work, best), parts, work, against, composed);
  }
  // none is good: take the newest, which shows what is wrong
  return taken(parts.at(-1) ?? work.at(-1)!, work);
}

/** If a version was sent several times unchanged: the first time. */
function firstLike<S>(one: Version<S>, work: readonly Version<S>[], best: number): Version<S> {
  return work.find((other) => isAgain(other, one) && reasonAgainst(other, best) === null) ?? one;
}

/** True for the same version sent again, of which git would make the same commits. */
function isAgain(other: Version<unknown>, one: Version<unknown>): boolean {
  return other.name === one.name && other.content === one.content;
}

/** Takes a version; if parts of it were sent again, only if the user asked to compose them. */
function withParts<S>(
  newest: Version<S>,
  parts: readonly Version<S>[],
  work: readonly Version<S>[],
  against: Against<S>,
  composed: boolean,
): Chosen<S> {
  refuseClash(newest, work);
  if (parts.length === 0) {
    const chosen = taken(newest, work, against);
    const nothing = "no part of it was sent again: nothing to compose";
    return composed ? { ...chosen, said: [...chosen.said, nothing] } : chosen;
  }
  const name = partsName(newest, parts);
  if (!composed)
    throw refusal(
      `a part of ${newest.name} was sent again: ${name}`,
      `--composed takes ${name}, --version ${newest.name.slice(1)} takes ${newest.name} as it was`,
    );
  const used = new Set<Version<S>>([newest, ...parts]);
  const others = work.filter((one) => !used.has(one));
  return { version: newest, parts, others, said: [`composed: ${name}`, ...reasons(against)] };
}

/**
 * Refuses to choose between two series that are called the same version, but differ; and between two that are signed
 * with different keys, of which none was known before. Then the user has to name one.
 */
function refuseClash<S>(one: Version<S>, work: readonly Version<S>[]): void {
  const best = bestProof(work);
  const twins = work.filter(
    (other) =>
      other.name === one.name &&
      other.content !== one.content &&
      reasonAgainst(other, best) === null,
  );
  if (twins.length > 0) throw severalOf(`called ${one.name}`, [one, ...twins]);
  const rivals = work.filter(({ trusts }) => trusts.has("changed"));
  if (one.trusts.has("first-use") && rivals.length > 0)
    throw severalOf("signed with different keys, none known before", [one, ...rivals]);
}

/** The best proof of sender that any good and complete version of the work has, as an index of PROOFS. */
function bestProof(work: readonly Version<unknown>[]): number {
  const good = work.filter(
    ({ verdict, outline }) => verdict !== "fail" && (outline.complete || outline.replaces !== null),
  );
  return Math.max(0, ...good.map(({ proof }) => PROOFS.indexOf(proof)));
}

/** Why a version is not taken unless the user names it; null if nothing speaks against it. */
function reasonAgainst({ outline, verdict, proof }: Version<unknown>, best: number): string | null {
  if (verdict === "fail") return "it failed";
  if (!outline.complete && outline.replaces === null)
    return `missing patch ${numberList(outline.missing)} of ${outline.total}`;
  if (PROOFS.indexOf(proof) >= best) return null;
  return PROOFS[best] === "signed"
    ? "it is not signed, and another version is"
    : "nobody vouches for it, as for another version";
}

/** `v2` for `2` or `v2`. */
function nameOf(wanted: string): string {
  return `v${wanted.replace(/^v/i, "")}`;
}

function ofVersion<S>(work: readonly Version<S>[], wanted: string, composed: boolean): Chosen<S> {
  const name = nameOf(wanted);
  const found = work.filter((one) => one.name === name);
  const best = bestProof(work);
  const good = found.filter((one) => reasonAgainst(one, best) === null);
  const one = good[0] ?? found.at(-1);
  if (one === undefined) {
    const names = [...new Set(work.map((other) => other.name))];
    throw refusal(`no ${name} here`, `there is ${names.slice(0, MAX_NAMED).join(", ")}`);
  }
  const isClear = good.length > 0 && good.every(({ content }) => content === one.content);
  if (found.length > 1 && !isClear) throw severalOf(`called ${name}`, found);
  if (!composed) return taken(one, work);
  const parts = work.filter(
    (other) =>
      other.outline.replaces !== null && reasonAgainst(other, best) === null && isNewer(other, one),
  );
  return withParts(one, parts, work, new Map(), true);
}

function taken<S>(
  one: Version<S>,
  work: readonly Version<S>[],
  against: Against<S> = new Map(),
): Chosen<S> {
  const others = work.filter((other) => other !== one);
  const beside = others.filter((other) => !against.has(other) && !isAgain(other, one));
  const names = [...new Set(beside.map(({ name }) => name))];
  const also = names.length === 0 ? [] : [alsoThere(one, names)];
  return { version: one, parts: [], others, said: [...also, ...reasons(against)] };
}

function reasons(against: Against<unknown>): string[] {
  const lines = [...against].map(([{ name }, why]) => `${name} is not taken: ${why}`);
  return firstOf(lines, (n) => `nor ${count(n, "older version")}`);
}

/** The line that names other versions: `v2, 3 patches; v1 is also there`. */
function alsoThere({ name, outline }: Version<unknown>, names: readonly string[]): string {
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  const list = shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : shown[0];
  const are = names.length > 1 ? "are" : "is";
  return `${name}, ${count(outline.total, "patch")}; ${list} ${are} also there`;
}

/**
 * The version to compare `one` with.
 *
 * @param others the other versions of the same work
 * @param wanted as the user named it; undefined for the newest good version before `one`
 * @throws PatchsigError "refused" if there is none, or if there are several
 */
export function olderVersion<S>(
  one: Version<S>,
  others: readonly Version<S>[],
  wanted: string | undefined,
): Version<S> {
  if (
    wanted !== undefined &&
    nameOf(wanted) === one.name &&
    !others.some(({ name }) => name === one.name)
  )
    throw refusal(`${one.name} cannot be compared with itself`, "name two versions, as in v1 v2");
  if (wanted !== undefined) return ofVersion(others, wanted, false).version;
  const older = others.filter((other) => isNewer(one, other));
  const found =
    older.findLast(({ verdict, outline }) => verdict !== "fail" && outline.complete) ??
    older.at(-1);
  if (found !== undefined) return found;
  throw refusal(`only ${one.name} is here: nothing to compare it with`, SHOWN);
}
