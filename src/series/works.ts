/**
 * Decides which series are versions of one work, and why (docs/series.md, "Versions of one work"). Versions need the
 * same sender or the same key, since anybody can reply to a thread with a v3. Pure.
 */

/** What is known of a series once it has been closed. */
export interface VersionFacts {
  readonly version: number;
  /** The `1` of `v5.1`; else "". */
  readonly minor: string;
  /** The addresses that sent its mails, normalised. */
  readonly senders: readonly string[];
  /** Public keys with good signatures. */
  readonly keys: readonly string[];
  readonly messageIds: readonly string[];
  /** The Message-IDs that its mails refer to. */
  readonly references: readonly string[];
  readonly changeIds: readonly string[];
  /** Message-IDs that its text gives for earlier versions: `Link to v1: …`. */
  readonly named: readonly string[];
  /** The cover letter's title; "" without one. */
  readonly title: string;
  /** The patches' titles, without brackets. */
  readonly titles: readonly string[];
  /** Digests of its patches' diffs. */
  readonly diffs: readonly string[];
  /** Digests of what git would commit of its patches. */
  readonly contents: readonly string[];
}

/** Why a version belongs to a work, the strongest reason first. */
const REASONS = ["by-hand", "change-id", "named", "content", "thread"] as const;
export type WorkReason = (typeof REASONS)[number];

/** What connects two versions of a work; both are places in the list of series. */
interface WorkLink {
  readonly from: number;
  readonly to: number;
  readonly reason: WorkReason;
}

/** A work: series that are its versions, and what connects them. */
export interface Work {
  /** Places in the list of series, in the order of versions; equal versions stay in the given order. */
  readonly members: readonly number[];
  readonly links: readonly WorkLink[];
}

/** What the user decided about two series, which are named by Message-IDs of theirs. */
export interface HandLink {
  readonly a: string;
  readonly b: string;
  /** True if they are versions of one work. */
  readonly together: boolean;
}

/** Series of one name that are tried, the latest, so that the work is linear in the number of series. */
const MAX_TRIED = 16;

/** The works, in the order of their first members. */
export function worksOf(all: readonly VersionFacts[], hand: readonly HandLink[] = []): Work[] {
  const union = new Union(all, apartPairs(all, hand));
  const found: WorkLink[] = [];
  for (const link of candidates(all, hand)) if (union.join(link)) found.push(link);
  const groups = new Map<number, number[]>();
  const links = new Map<number, WorkLink[]>();
  for (const at of all.keys()) push(groups, union.rootOf(at), at);
  for (const link of found) push(links, union.rootOf(link.from), link);
  return [...groups].map(([root, members]) => ({
    members: members.toSorted((a, b) => compareVersions(all[a]!, all[b]!) || a - b),
    links: links.get(root) ?? [],
  }));
}

/** Orders by version, and then by the minor version. */
export function compareVersions(
  a: Pick<VersionFacts, "version" | "minor">,
  b: Pick<VersionFacts, "version" | "minor">,
): number {
  return a.version - b.version || Number(a.minor || 0) - Number(b.minor || 0);
}

/** All links that may connect two series, the strongest first. */
function candidates(all: readonly VersionFacts[], hand: readonly HandLink[]): WorkLink[] {
  const index = indexOf(all);
  const links = all.flatMap((facts, from) => {
    const tried = new Set<number>();
    for (const name of namesToLookFor(facts))
      for (const at of index.get(name) ?? []) if (at !== from) tried.add(at);
    return [...tried].flatMap((to) => {
      const reason = reasonFor(facts, all[to]!);
      return reason === null ? [] : [{ from, to, reason }];
    });
  });
  const byHand = hand.flatMap(({ a, b, together }) => {
    const [from] = index.get(`mail ${a}`) ?? [];
    const [to] = index.get(`mail ${b}`) ?? [];
    return together && from !== undefined && to !== undefined && from !== to
      ? [{ from, to, reason: "by-hand" as const }]
      : [];
  });
  const rank = ({ reason }: WorkLink): number => REASONS.indexOf(reason);
  return [...byHand, ...links].sort((x, y) => rank(x) - rank(y) || x.from - y.from || x.to - y.to);
}

/** The places of series by the names under which they are found. */
function indexOf(all: readonly VersionFacts[]): Map<string, number[]> {
  const index = new Map<string, number[]>();
  for (const [at, facts] of all.entries()) {
    for (const name of new Set(namesToFindBy(facts))) {
      push(index, name, at);
      const known = index.get(name)!;
      if (known.length > MAX_TRIED) known.shift();
    }
  }
  return index;
}

/** The names under which a version is found among many: its mails, and what versions of one work may share. */
export function namesToFindBy(facts: VersionFacts): string[] {
  return [...facts.messageIds.map((id) => `mail ${id}`), ...sharedNames(facts)];
}

/** The names under which to look for other versions of a series' work. */
export function namesToLookFor(facts: VersionFacts): string[] {
  const mails = [...facts.named, ...facts.references].map((id) => `mail ${id}`);
  return [...mails, ...sharedNames(facts)];
}

function sharedNames({ changeIds, title, titles, diffs }: VersionFacts): string[] {
  return [
    ...changeIds.map((id) => `change ${id}`),
    ...[title, ...titles].filter((text) => text !== "").map((text) => `title ${text}`),
    ...diffs.map((digest) => `diff ${digest}`),
  ];
}

/** Why two series are versions of one work; null if they are not. `later` is the one that refers to the other. */
function reasonFor(later: VersionFacts, earlier: VersionFacts): WorkReason | null {
  if (!share(later.keys, earlier.keys) && !share(later.senders, earlier.senders))
    return areCopies(later, earlier) ? "content" : null;
  const order = compareVersions(later, earlier);
  if (order < 0) return null;
  // the same version was sent twice, if the patches are the same
  if (order === 0) return halfOf(later.diffs, earlier.diffs) ? "content" : null;
  if (share(later.changeIds, earlier.changeIds)) return "change-id";
  if (share(later.named, earlier.messageIds)) return "named";
  const sameTitle = later.title !== "" && later.title === earlier.title;
  if (sameTitle || halfOf(later.titles, earlier.titles) || halfOf(later.diffs, earlier.diffs))
    return "content";
  return share(later.references, earlier.messageIds) ? "thread" : null;
}

/**
 * Whether two series without a sender are copies of one, which came through two lists. Nobody's mail is joined with
 * another that says anything else.
 */
function areCopies(one: VersionFacts, two: VersionFacts): boolean {
  if (one.senders.length + two.senders.length > 0) return false;
  if (compareVersions(one, two) !== 0 || one.title !== two.title) return false;
  const [left, right] = [new Set(one.contents), new Set(two.contents)];
  return (
    left.size > 0 && left.size === right.size && [...left].every((content) => right.has(content))
  );
}

function share(a: readonly string[], b: readonly string[]): boolean {
  const [few, many] = a.length < b.length ? [a, b] : [b, a];
  const known = new Set(few);
  return many.some((one) => known.has(one));
}

/** True if the lists have at least half of the shorter one in common. */
function halfOf(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  const both = [...left].filter((one) => right.has(one)).length;
  return both > 0 && both * 2 >= Math.min(left.size, right.size);
}

/** Pairs of series of which the user decided that they are not one work. */
function apartPairs(
  all: readonly VersionFacts[],
  hand: readonly HandLink[],
): readonly (readonly [number, number])[] {
  const apart = hand.filter(({ together }) => !together);
  if (apart.length === 0) return [];
  const byMail = new Map<string, number>();
  for (const [at, { messageIds }] of all.entries())
    for (const id of messageIds) if (!byMail.has(id)) byMail.set(id, at);
  return apart.flatMap(({ a, b }) => {
    const [x, y] = [byMail.get(a), byMail.get(b)];
    return x === undefined || y === undefined || x === y ? [] : [[x, y] as const];
  });
}

/** Joins series to works (union-find). */
class Union {
  readonly #parents: number[];
  readonly #apart: readonly (readonly [number, number])[];
  /** The versions in each work, by its root. */
  readonly #versions: Set<string>[];

  constructor(all: readonly VersionFacts[], apart: readonly (readonly [number, number])[]) {
    this.#parents = [...all.keys()];
    this.#apart = apart;
    this.#versions = all.map(({ version, minor }) => new Set([`${version}.${minor}`]));
  }

  rootOf(at: number): number {
    let root = at;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let next = at; next !== root;) {
      const up = this.#parents[next]!;
      this.#parents[next] = root;
      next = up;
    }
    return root;
  }

  /** Joins two works. @returns false if they are joined already, or must not be */
  join({ from, to, reason }: WorkLink): boolean {
    const [a, b] = [this.rootOf(from), this.rootOf(to)];
    if (a === b || this.#isApart(a, b)) return false;
    // a thread alone does not join works that have a version in common: the sender may post two works in one thread
    if (reason === "thread" && share([...this.#versions[a]!], [...this.#versions[b]!]))
      return false;
    const [root, other] = a < b ? [a, b] : [b, a];
    this.#parents[other] = root;
    for (const version of this.#versions[other]!) this.#versions[root]!.add(version);
    return true;
  }

  #isApart(a: number, b: number): boolean {
    return this.#apart.some(([x, y]) => {
      const [p, q] = [this.rootOf(x), this.rootOf(y)];
      return (p === a && q === b) || (p === b && q === a);
    });
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
