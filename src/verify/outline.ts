/**
 * What holds for a series as a whole, whoever is trusted: what is missing, whether the signatures
 * belong together, the base. src/series decides which mails make one. Pure.
 */

import { seriesId } from "../patch/series.ts";
import { MAX_MAILS } from "../series/collector.ts";
import type { AssembledSeries, SeriesItem } from "../series/item.ts";
import type { Verdict } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import { distinctSenders } from "./author.ts";
import type { Evidence } from "./evidence.ts";
import { gapsIn, numberList } from "./numbers.ts";
import type { Base } from "../base/result.ts";
import type { SeriesOutline } from "./result.ts";

/** What is kept of a mail until its series is closed. */
export interface OutlineEntry {
  /** Where the mail was found. */
  readonly source: string;
  readonly evidence: PatchOutline;
  /** The best of several copies counts. */
  readonly verdict: Verdict;
}

/** What a mail says of its series. */
type PatchOutline = Pick<
  Evidence,
  "kind" | "isAnswer" | "signature" | "signed" | "number" | "attestation" | "base" | "subject"
>;

export function patchOutline(evidence: Evidence): PatchOutline {
  const { kind, isAnswer, signature, signed, number, attestation, base, subject } = evidence;
  return { kind, isAnswer, signature, signed, number, attestation, base, subject };
}

export interface OutlinedSeries<E extends OutlineEntry> {
  readonly outline: SeriesOutline;
  /** By number, then arrival; each patch once, even if it came twice. */
  readonly members: readonly E[];
  /** All that came, in that order. */
  readonly received: readonly E[];
  /** Cover letters that look like its own, and were not signed with it. */
  readonly lettersApart: readonly E[];
}

/** One series, or two: the one signed as a whole, and mails that failed beside it. */
export function outlined<E extends OutlineEntry>(series: AssembledSeries<E>): OutlinedSeries<E>[] {
  const [first, apart] = lettersApart(series);
  return [first, ...(apart === undefined ? [] : [apart])].map((one) => {
    const members = distinct(one);
    const outline = outlineOf(one, members);
    const letters = one === first ? (apart?.members ?? []) : [];
    return {
      outline,
      members,
      received: one.members.map(({ value }) => value),
      lettersApart: letters.map(({ value }) => value),
    };
  });
}

/** What assembly needs of a checked mail. */
export function itemOf(evidence: Evidence): SeriesItem {
  const { kind, isAnswer, messageId, references, number, label, date, signed } = evidence;
  return {
    kind: isAnswer ? "answer" : kind === "cover" ? "cover" : "patch",
    messageId,
    references,
    // for a mail that a list sends in its own name, all possible senders
    sender: distinctSenders(evidence.senders).join(" "),
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

/** Equal for two copies of a mail, so that what is shown of one holds for the other. */
function digestOf({ attestation, content, messageId, signature, changed }: Evidence): string {
  return attestation ?? content ?? `${messageId} ${signature} ${changed.join(" ")}`;
}

/**
 * A cover letter is signed with its patches or not at all. If a letter fails that was not signed with a
 * complete series, it does not belong to it: one forged letter does not stop a signed series.
 */
function lettersApart<E extends OutlineEntry>(
  series: AssembledSeries<E>,
): [AssembledSeries<E>, AssembledSeries<E>?] {
  const isStray = ({ item, value }: (typeof series.members)[number]): boolean =>
    item.number.index === 0 && item.signing === null && value.verdict === "fail";
  const strays = series.members.filter(isStray);
  const others = series.members.filter((member) => !isStray(member));
  if (strays.length === 0 || others.length === 0) return [series];
  const rest = { ...series, members: others };
  return outlineOf(rest, distinct(rest)).sealed
    ? [rest, { ...series, members: strays.map(alone), isMixed: false, rerollOf: null }]
    : [series];
}

function alone<E>(member: AssembledSeries<E>["members"][number]): typeof member {
  return { ...member, reason: "first", through: "" };
}

/** Sorted by number; the best of several copies stays. */
function distinct<E extends OutlineEntry>({ members }: AssembledSeries<E>): E[] {
  const rank = { pass: 0, warn: 1, fail: 2 };
  const best = [...members].sort(
    (a, b) =>
      a.item.number.index - b.item.number.index || rank[a.value.verdict] - rank[b.value.verdict],
  );
  const seen = new Set<string>();
  return best.flatMap(({ item, value }) => {
    const name = `${item.number.index} ${item.digest}`;
    if (seen.has(name)) return [];
    seen.add(name);
    return [value];
  });
}

function outlineOf<E extends OutlineEntry>(
  series: AssembledSeries<E>,
  entries: readonly OutlineEntry[],
): SeriesOutline {
  const { version, total, rerollOf } = series;
  const mails = entries.map(({ evidence }) => evidence);
  const patches = mails.filter(({ number }) => number.index > 0);
  const signings = signingsOf(mails);
  const present = new Set(patches.map(({ number }) => number.index));
  const missing = gapsIn(present, total);
  const complete = missing.length === 0;
  const conflicts = conflictsOf(series.isMixed, signings);
  if (patches.length > present.size) conflicts.push(conflict("a number occurs more than once"));
  const isWhole = conflicts.length === 0 && complete;
  const seal = isWhole ? sealOf(version, total, patches, signings) : null;
  if (seal === false)
    conflicts.push(conflict("the patches are not the ones that were signed together"));
  const unsigned = unsignedAmong(patches);
  const base = baseOf(mails);
  return {
    id: signings.id,
    subject: mails[0]!.subject,
    signer: signings.keys.size === 1 ? signings.signed[0]!.comment.by : null,
    version,
    total,
    complete,
    missing,
    replaces: rerollOf,
    sealed: seal === true,
    base,
    members: series.members.map(({ item, value, reason, through }) => ({
      source: value.source,
      messageId: item.messageId,
      index: item.number.index,
      reason,
      through,
    })),
    findings: [
      ...conflicts,
      ...unsigned,
      ...gapFindings(rerollOf, missing, total),
      ...(series.portion.isCut ? [finding("thread-cut", CUT)] : []),
      ...unboundFindings(signings, total),
      ...baseFindings(mails, signings, base),
    ],
  };
}

const CUT = `the thread has more than ${MAX_MAILS} mails: later ones, and their trailers, are not read`;

function conflict(text: string): Finding {
  return finding("series-conflict", text);
}

interface Signings {
  readonly signed: readonly NonNullable<PatchOutline["signed"]>[];
  /** The single id of all patches, if they were signed together; or null. */
  readonly id: string | null;
  /** How many ids there are; "no id" counts as one. */
  readonly ids: number;
  readonly keys: ReadonlySet<string>;
  readonly bases: ReadonlySet<string | null>;
  /** The cover letter was signed alone, which says nothing about the patches. */
  readonly hasLooseLetter: boolean;
}

function signingsOf(mails: readonly PatchOutline[]): Signings {
  const signed = mails.flatMap((mail) => mail.signed ?? []);
  const bound = signed.filter(({ comment }) => comment.series !== null || comment.index > 0);
  const ids = new Set(bound.map(({ comment }) => comment.series));
  const [id = null] = ids;
  return {
    signed,
    id: ids.size === 1 ? id : null,
    ids: ids.size,
    keys: new Set(signed.map(({ publicKey }) => publicKey)),
    bases: new Set(signed.map(({ comment }) => comment.base)),
    hasLooseLetter: bound.length < signed.length,
  };
}

function conflictsOf(isMixed: boolean, { ids, bases, keys }: Signings): Finding[] {
  if (ids > 1 || isMixed) return [conflict("the patches come from different signings")];
  if (bases.size > 1) return [conflict("the patches were signed with different bases")];
  if (keys.size > 1) return [conflict("the patches were signed with different keys")];
  return [];
}

/** Whether the signed digest over all patches matches; null if it cannot be computed. */
function sealOf(
  version: number,
  total: number,
  patches: readonly PatchOutline[],
  { id, signed }: Signings,
): boolean | null {
  const good = patches.filter(({ signature }) => signature === "good");
  if (id === null || good.length !== total) return null;
  const texts = good.map(({ attestation }) => attestation!);
  return seriesId(version, signed[0]!.comment.base, texts) === id;
}

function gapFindings(
  rerollOf: AssembledSeries<unknown>["rerollOf"],
  missing: SeriesOutline["missing"],
  total: number,
): Finding[] {
  if (rerollOf !== null) {
    const { numbers, version } = rerollOf;
    return [finding("series-partial", `replaces ${numberList(numbers)} of v${version}`)];
  }
  return missing.length === 0
    ? []
    : [finding("series-incomplete", `missing patch ${numberList(missing)} of ${total}`)];
}

/**
 * Whoever signs one patch signs the others, too: an unsigned one among them is not what they sent, even if
 * nobody knew them as a signer when it came.
 */
function unsignedAmong(patches: readonly PatchOutline[]): Finding[] {
  const unsigned = patches.filter(({ signature }) => signature === "none");
  if (unsigned.length === 0 || patches.every(({ signed }) => signed === null)) return [];
  const numbers = numberList(unsigned.map(({ number }) => number.index));
  const which = unsigned.length === 1 ? `patch ${numbers} is` : `patches ${numbers} are`;
  return [finding("series-unsigned", `${which} not signed, others are`)];
}

function unboundFindings({ hasLooseLetter, id, ids }: Signings, total: number): Finding[] {
  const isUnbound = hasLooseLetter || (id === null && total > 1 && ids === 1);
  return isUnbound
    ? [finding("series-unbound", "the patches were signed one by one, not as one series")]
    : [];
}

function baseFindings(
  mails: readonly PatchOutline[],
  { bases }: Signings,
  { status }: Base,
): Finding[] {
  const named = new Set(mails.flatMap(({ base }) => base.commit ?? []));
  const disagrees = named.size > 1 && bases.size < 2;
  // a reply needs no base, and what is not read has other troubles
  const isMissing =
    status === "missing" &&
    !mails.every(({ isAnswer, signature }) => isAnswer || signature === "malformed");
  return [
    ...(disagrees
      ? [finding("base-disagrees", `the mails name ${named.size} different bases`)]
      : []),
    ...(isMissing ? [finding("base-missing", "no base commit recorded")] : []),
  ];
}

/** The base of a series: the signed one, else that of the first mail that names one. */
function baseOf(mails: readonly PatchOutline[]): Base {
  const named = mails.filter(({ base }) => base.commit !== null);
  const best = named.find(({ signature }) => signature === "good") ?? named[0];
  const tree = mails.find(({ base }) => base.tree !== null)?.base.tree ?? null;
  return best === undefined
    ? { status: "missing", commit: null, tree }
    : { status: "present", commit: best.base.commit, tree };
}
