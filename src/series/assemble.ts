/**
 * Decides which mails make a series, and why: by what was signed, then by threads, then by labels (docs/series.md). The
 * result depends on the set of mails alone, not on their order of arrival.
 *
 * Each step tries a bounded number of candidates, so that the work is linear in the number of mails.
 */

import {
  above,
  type AssembledSeries,
  followed,
  type Member,
  type MembershipReason,
  type SeriesItem,
  type ThreadMail,
} from "./item.ts";

/** A mail, and the caller's own data about it. */
export interface SeriesEntry<T> {
  readonly item: SeriesItem;
  readonly value: T;
}

/** Mails that may become a series. */
interface SeriesGroup<T> {
  readonly version: number;
  readonly total: number;
  readonly signing: string | null;
  readonly members: Member<T>[];
  /** The numbers of the members. */
  readonly taken: Set<number>;
  /** The stems of the members' Message-IDs (`stemOf`), and their first and last date. */
  readonly stems: Set<string>;
  from: number;
  to: number;
}

interface Home<T> {
  readonly group: SeriesGroup<T>;
  readonly reason: MembershipReason;
  readonly through: string;
}

/** Candidates that are tried for a mail: the latest groups with its label, Message-ID or thread. */
const MAX_TRIED = 16;
/** Seconds within which mails without references, but with one label, belong together. */
const LOOSE_SECONDS = 3600;

/**
 * @param parts patches, cover letters and answers
 * @param links mails without a patch
 * @param isCut as of `SeriesPortion`
 */
export function assemble<T>(
  parts: readonly SeriesEntry<T>[],
  links: readonly ThreadMail[] = [],
  isCut = false,
): AssembledSeries<T>[] {
  const sorted = [...parts].sort(canonically);
  const sortedLinks = [...links].sort(byThread);
  const ordered = parentsFirst([...sorted.map(({ item }) => item), ...sortedLinks]);
  const groups = new Groups<T>(rootsOf(ordered), sortedLinks);
  const byItem = new Map<ThreadMail, SeriesEntry<T>>(sorted.map((part) => [part.item, part]));
  const mails = ordered.flatMap((mail) => byItem.get(mail) ?? []);
  // a signed series takes precedence over mails that only look like it
  for (const part of mails) if (part.item.signing !== null) groups.place(part);
  for (const part of mails) if (part.item.signing === null) groups.place(part);
  const portion = { values: sorted.map(({ value }) => value), links: sortedLinks, isCut };
  return groups.all().map((group) => ({
    version: group.version,
    total: group.total,
    members: [...group.members].sort(
      (a, b) => a.item.number.index - b.item.number.index || canonically(a, b),
    ),
    isMixed: groups.isMixed(group),
    rerollOf: groups.rerollOf(group),
    portion,
  }));
}

class Groups<T> {
  readonly #groups: SeriesGroup<T>[] = [];
  readonly #byPart = new Map<string, { item: SeriesItem; group: SeriesGroup<T> }[]>();
  readonly #bySigning = new Map<string, SeriesGroup<T>>();
  readonly #byThread = new Map<string, SeriesGroup<T>[]>();
  readonly #byLabel = new Map<string, SeriesGroup<T>[]>();
  readonly #roots: ReadonlyMap<ThreadMail, string>;
  readonly #links: ReadonlyMap<string, ThreadMail>;

  /** @param roots for each mail, the Message-ID at the root of its thread */
  constructor(roots: ReadonlyMap<ThreadMail, string>, links: readonly ThreadMail[]) {
    this.#roots = roots;
    this.#links = new Map(links.map((link) => [link.messageId, link]));
  }

  all(): readonly SeriesGroup<T>[] {
    return this.#groups;
  }

  place({ item, value }: SeriesEntry<T>): void {
    const root = this.#roots.get(item)!;
    const home = item.kind === "answer" ? null : this.#homeOf(item, root);
    const group = home?.group ?? this.#open(item);
    const { reason, through } = home ?? { reason: "first" as const, through: "" };
    group.members.push({ item, value, reason, through });
    group.taken.add(item.number.index);
    const stem = stemOf(item.messageId);
    if (stem !== null) group.stems.add(stem);
    if (item.date !== null) {
      group.from = Math.min(group.from, item.date);
      group.to = Math.max(group.to, item.date);
    }
    if (item.kind === "answer") return;
    push(this.#byPart, item.messageId, { item, group }, MAX_TRIED);
    for (const key of threadKeys(item, root)) push(this.#byThread, key, group, MAX_TRIED);
    push(this.#byLabel, labelOf(item), group, MAX_TRIED);
  }

  #open(item: SeriesItem): SeriesGroup<T> {
    const { version, total } = item.number;
    const { signing } = item;
    const group: SeriesGroup<T> = {
      version,
      total,
      signing,
      members: [],
      taken: new Set(),
      stems: new Set(),
      from: Infinity,
      to: -Infinity,
    };
    this.#groups.push(group);
    if (signing !== null) this.#bySigning.set(signing, group);
    return group;
  }

  #homeOf(item: SeriesItem, root: string): Home<T> | null {
    if (item.signing !== null) {
      const group = this.#bySigning.get(item.signing);
      return group === undefined ? null : { group, reason: "signed-id", through: "" };
    }
    return (
      this.#copyOf(item) ??
      this.#byReferences(item) ??
      this.#inThread(item, root) ??
      this.#loose(item)
    );
  }

  /** The series of a copy of this mail, which came through another list; the list may have changed it. */
  #copyOf(item: SeriesItem): Home<T> | null {
    const same = this.#parts(item.messageId).find(
      (other) =>
        labelOf(other.item) === labelOf(item) &&
        other.item.number.index === item.number.index &&
        // a mail beside a signed one must have the same content
        (other.group.signing === null || other.item.digest === item.digest),
    );
    return same === undefined
      ? null
      : { group: same.group, reason: "message-id", through: item.messageId };
  }

  #byReferences(item: SeriesItem): Home<T> | null {
    const nearestFirst = [...followed(item)].reverse();
    const known = nearestFirst.flatMap((id) => this.#parts(id));
    const free = known.filter(
      ({ item: other, group }) => other.sender === item.sender && isFree(group, item),
    );
    const alike = free.find(({ item: other }) => labelOf(other) === labelOf(item));
    const same = alike ?? free.find(({ item: other }) => isOfOneRun(item, other));
    if (same !== undefined)
      return { group: same.group, reason: "references", through: same.item.messageId };
    const letter = free.find(({ item: other }) => isLabelledBy(item, other));
    return letter === undefined
      ? null
      : { group: letter.group, reason: "labelled-by-cover", through: letter.item.messageId };
  }

  /** The series whose patches reply to the same mail; that mail need not be here. */
  #inThread(item: SeriesItem, root: string): Home<T> | null {
    for (const key of threadKeys(item, root)) {
      const group = this.#byThread.get(key)?.findLast((one) => isFree(one, item));
      if (group !== undefined) return { group, reason: "thread", through: root };
    }
    return null;
  }

  /** For a mail without references: the series with the same label, sent within the hour. */
  #loose(item: SeriesItem): Home<T> | null {
    if (item.references.length > 0) return null;
    const near = (this.#byLabel.get(labelOf(item)) ?? []).filter(
      (group) => isFree(group, item) && isNear(group, item),
    );
    const stem = stemOf(item.messageId);
    const alike = stem === null ? undefined : near.find((group) => group.stems.has(stem));
    // files from format-patch have no Message-ID: they continue the series that began last
    const group = alike ?? (near.length === 1 || item.messageId === "" ? near.at(-1) : undefined);
    return group === undefined ? null : { group, reason: "label", through: "" };
  }

  #parts(messageId: string): { item: SeriesItem; group: SeriesGroup<T> }[] {
    return messageId === "" ? [] : (this.#byPart.get(messageId) ?? []);
  }

  isMixed(group: SeriesGroup<T>): boolean {
    if (group.signing === null || isWhole(group)) return false;
    const { item } = group.members[0]!;
    return (this.#byLabel.get(labelOf(item)) ?? []).some(
      ({ signing, taken }) =>
        signing !== null &&
        signing !== group.signing &&
        [...taken].some((index) => index > 0 && !group.taken.has(index)),
    );
  }

  /** A reroll of some patches: `[PATCH v2 2/5]`, without the other patches of v2, as a reply to 2/5 of v1. */
  rerollOf(group: SeriesGroup<T>): AssembledSeries<T>["rerollOf"] {
    if (isWhole(group) || group.taken.has(0)) return null;
    const earlier = new Set(group.members.map(({ item }) => this.#counterpart(item)));
    const [one] = earlier;
    if (earlier.size !== 1 || one === null || one === undefined) return null;
    return { version: one.version, numbers: [...group.taken].sort((a, b) => a - b) };
  }

  /**
   * The series of the nearest mail above that it may replace: people answer the old patch, or a reviewer's reply to
   * it.
   */
  #counterpart(item: SeriesItem): SeriesGroup<T> | null {
    for (const id of above(item, this.#links)) {
      const found = this.#parts(id).find(({ item: other }) => isCounterpart(item, other));
      if (found !== undefined) return found.group;
    }
    return null;
  }
}

/** True if one run of git send-email sent both, such as `[RFC][PATCH 2/3]` between `[PATCH 1/3]` and `[PATCH 3/3]`. */
function isOfOneRun(item: SeriesItem, other: SeriesItem): boolean {
  const stem = stemOf(item.messageId);
  return stem !== null && stem === stemOf(other.messageId) && isSameVersion(item, other);
}

/**
 * True if the first mail of a series has the label that others lack: `[PATCH net-next v3 0/4]` over `[PATCH 1/4]`,
 * or `[PATCH v2 1/2]` over `[PATCH 2/2]`.
 */
function isLabelledBy(item: SeriesItem, other: SeriesItem): boolean {
  if (other.number.total !== item.number.total) return false;
  if (other.kind === "cover") return !item.hasVersion || isSameVersion(item, other);
  return other.number.index === 1 && other.hasVersion && !item.hasVersion;
}

function isSameVersion(item: SeriesItem, other: SeriesItem): boolean {
  const [a, b] = [item.number, other.number];
  return a.total === b.total && a.version === b.version && item.minor === other.minor;
}

function isCounterpart({ sender, number, minor }: SeriesItem, other: SeriesItem): boolean {
  if (other.sender !== sender || other.number.total !== number.total) return false;
  return number.version > other.number.version
    ? number.index === other.number.index
    : // v5.1 replaces a part of v5, whichever mail of v5 it answers
      number.version === other.number.version && minor !== "" && other.minor === "";
}

/** True if all numbers from 1 to the total are there; the cover letter and higher numbers do not count. */
function isWhole<T>({ taken, total }: SeriesGroup<T>): boolean {
  const patches = [...taken].filter((index) => index >= 1 && index <= total);
  return patches.length === total;
}

/** People send `[PATCH 3/2]` after a series, but nobody can sign such a number: it is no part of what was signed. */
function isFree<T>({ taken, signing, total }: SeriesGroup<T>, { number }: SeriesItem): boolean {
  return !taken.has(number.index) && (signing === null || number.index <= total);
}

function isNear<T>({ from, to }: SeriesGroup<T>, { messageId, date }: SeriesItem): boolean {
  // a file from format-patch has the author's date, which may be years old
  if (messageId === "") return true;
  return date !== null && date >= from - LOOSE_SECONDS && date <= to + LOOSE_SECONDS;
}

/** What the patches of one series have in common: sender, version, total and prefix. */
function labelOf({ sender, prefix, number, minor }: SeriesItem): string {
  return `${sender} ${number.version}.${minor} ${number.total} ${prefix}`;
}

/** Keys that patches of one series share in a thread: they reply to the same mail, or at least have the same root. */
function threadKeys(item: SeriesItem, root: string): string[] {
  const parent = item.references.at(-1);
  if (root === "") return [];
  const label = labelOf(item);
  return parent === undefined || parent === root
    ? [`${root} ${label}`]
    : [`${parent} ${label}`, `${root} ${label}`];
}

/**
 * The part of a Message-ID that all mails of one run of git send-email or b4 share: all but the `2` in
 * `<20261124.1234-2-alice@example.org>`.
 */
function stemOf(messageId: string): string | null {
  const match = /^<(.{8,200}[-.])\d{1,4}([-.].{1,200})>$/s.exec(messageId);
  return match === null ? null : `${match[1]}${match[2]}`;
}

function push<V>(map: Map<string, V[]>, key: string, value: V, limit: number): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else if (values.at(-1) !== value) {
    values.push(value);
    if (values.length > limit) values.shift();
  }
}

/**
 * An order that depends on the mails alone; dates and Message-IDs can be equal, so digests decide last. Files from
 * format-patch have no Message-ID, and stay in the given order.
 */
function canonically<T>(
  { item: a }: { item: SeriesItem; value: T },
  { item: b }: SeriesEntry<T>,
): number {
  if (a.messageId === "" || b.messageId === "")
    return Number(a.messageId === "") - Number(b.messageId === "");
  return (
    (a.date ?? 0) - (b.date ?? 0) ||
    compare(a.messageId, b.messageId) ||
    a.number.index - b.number.index ||
    compare(a.digest, b.digest) ||
    compare(labelOf(a), labelOf(b)) ||
    // one mail in two archives, and mails that share a Message-ID
    byThread(a, b) ||
    compare(wordsOf(a), wordsOf(b))
  );
}

/** By Message-ID; of several mails with one, by what they refer to. */
function byThread(a: ThreadMail, b: ThreadMail): number {
  return (
    compare(a.messageId, b.messageId) || compare(a.references.join(" "), b.references.join(" "))
  );
}

/** All else by which a mail finds its series. */
function wordsOf({ kind, signing, hasVersion, date }: SeriesItem): string {
  return `${kind} ${signing} ${hasVersion} ${date}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Puts each mail before the replies to it, whatever their dates. Cycles are cut. */
function parentsFirst(mails: readonly ThreadMail[]): ThreadMail[] {
  const byId = new Map<string, ThreadMail>();
  for (const mail of mails)
    if (mail.messageId !== "" && !byId.has(mail.messageId)) byId.set(mail.messageId, mail);
  const parentOf = (mail: ThreadMail): ThreadMail | undefined =>
    byId.get(followed(mail).findLast((id) => byId.has(id)) ?? "");
  const ordered: ThreadMail[] = [];
  const begun = new Set<ThreadMail>();
  for (const mail of mails) {
    const chain: ThreadMail[] = [];
    let next: ThreadMail | undefined = mail;
    while (next !== undefined && !begun.has(next)) {
      begun.add(next);
      chain.push(next);
      next = parentOf(next);
    }
    ordered.push(...chain.reverse());
  }
  return ordered;
}

/** For each mail, the Message-ID at the root of its thread, which need not be here; "" if there is none. */
function rootsOf(ordered: readonly ThreadMail[]): Map<ThreadMail, string> {
  const byId = new Map<string, string>();
  const roots = new Map<ThreadMail, string>();
  for (const mail of ordered) {
    const { messageId, references } = mail;
    const known = followed(mail).findLast((id) => byId.has(id));
    const root = known === undefined ? (references[0] ?? messageId) : byId.get(known)!;
    roots.set(mail, root);
    if (messageId !== "" && !byId.has(messageId)) byId.set(messageId, root);
  }
  return roots;
}
