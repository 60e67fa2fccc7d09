/**
 * Which commit a series was most likely made against: from commits, newest first, and the number of the
 * series' pre-images in each. Pure, in one pass.
 *
 * Commits with the same number are equal: none of them is called the base. First comes the newest on
 * the main branch that existed when the mail was sent, then the newest of other lines.
 */

export interface CommitMatch {
  readonly commit: string;
  /** Committer date, seconds since the epoch. */
  readonly time: number;
  readonly parents: readonly string[];
  /** How many of the pre-images it has. */
  readonly matched: number;
}

export interface BaseCandidate {
  readonly commit: string;
  readonly time: number;
}

export interface Guess {
  /** Pre-images that the candidates hold, and all of them. */
  readonly matched: number;
  readonly total: number;
  /** How many commits have that many; `more` if there may be others, since the search ended early. */
  readonly count: number;
  readonly more: boolean;
  /** All of history was searched, and no other commit has them all. */
  readonly unique: boolean;
  /** They are newer than the mail. */
  readonly later: boolean;
  readonly newest: BaseCandidate | null;
  readonly oldest: BaseCandidate | null;
  /** The most likely first. */
  readonly candidates: readonly BaseCandidate[];
}

/** Most equal commits that are counted; more while none of them is on the main branch. */
const ENOUGH = 30;
const MAX_COUNT = 1000;
const MAX_CANDIDATES = 3;
/** How many commits are remembered, so that the main branch is not lost if clocks differ. */
const MAX_RECENT = 10_000;

/** The commits that hold as many as any before them. */
class BestMatches {
  matched = 0;
  count = 0;
  newest: BaseCandidate | null = null;
  oldest: BaseCandidate | null = null;
  main: BaseCandidate | null = null;
  heads: BaseCandidate[] = [];
  #below = new Set<string>();

  take({ commit, time, parents, matched }: CommitMatch): void {
    const isNew = matched > this.matched;
    // its child counts only if it has as many
    const covered = this.#below.delete(commit) && !isNew;
    if (matched === 0 || matched < this.matched) return;
    if (isNew) {
      this.#below.clear();
      this.matched = matched;
      this.count = 0;
      this.newest = this.main = null;
      this.heads = [];
    }
    const candidate = { commit, time };
    this.count++;
    this.newest ??= candidate;
    this.oldest = candidate;
    if (!covered && this.heads.length < MAX_CANDIDATES) this.heads.push(candidate);
    for (const parent of parents) this.#below.add(parent);
  }

  /** A commit that was taken is on the main branch; these come newest first. */
  takeMain({ commit, time, matched }: CommitMatch): void {
    if (matched > 0 && matched === this.matched) this.main ??= { commit, time };
  }
}

export class Guesser {
  readonly #total: number;
  readonly #sent: number;
  readonly #before = new BestMatches();
  readonly #after = new BestMatches();
  /** The next commit of the main branch. */
  #main: string | null;
  readonly #recent = new Map<string, CommitMatch>();

  /**
   * @param total how many pre-images are looked for, at least one
   * @param sent when the mail was sent, seconds since the epoch; null if that is not known
   * @param main the newest commit of the main branch then
   */
  constructor(total: number, sent: number | null, main: string | null) {
    this.#total = total;
    this.#sent = sent ?? Infinity;
    this.#main = main;
  }

  /** Commits come newest first: those that existed when the mail was sent, then all others. */
  take(sighting: CommitMatch): void {
    this.#tallyOf(sighting).take(sighting);
    this.#recent.set(sighting.commit, sighting);
    if (this.#recent.size > MAX_RECENT) this.#recent.delete(this.#recent.keys().next().value!);
    // clocks differ: the next one of the main branch may have come before this one
    for (;;) {
      const next = this.#recent.get(this.#main ?? "");
      if (next === undefined) break;
      this.#tallyOf(next).takeMain(next);
      this.#main = next.parents[0] ?? null;
    }
  }

  #tallyOf({ time }: CommitMatch): BestMatches {
    return time <= this.#sent ? this.#before : this.#after;
  }

  /**
   * True if more commits could only change whether the best one is unique.
   *
   * @param open true if a later commit is known to have all pre-images
   */
  isSettled(open: boolean): boolean {
    const { matched, count, main } = this.#before;
    if (matched < this.#total || count === 0) return false;
    return !open || count >= (main === null ? MAX_COUNT : ENOUGH);
  }

  /** Exactly one so far has them all. To call it unique, all commits must be seen. */
  get isAlone(): boolean {
    return this.#before.matched === this.#total && this.#before.count === 1;
  }

  /** A commit after the mail has them all. */
  get isFoundLater(): boolean {
    return this.#after.matched === this.#total;
  }

  /** @param complete whether all of history was seen */
  result(complete: boolean): Guess {
    const later = this.#after.matched > this.#before.matched;
    const best = later ? this.#after : this.#before;
    const all = best.matched === this.#total;
    const others = later ? 0 : this.#after.matched === this.#total ? this.#after.count : 0;
    // of the commits after the mail, the first is the closest
    const named = later ? [best.oldest] : [best.main, ...best.heads];
    const candidates = named.filter((c) => c !== null);
    return {
      matched: best.matched,
      total: this.#total,
      count: best.count + (all ? others : 0),
      more: !complete,
      unique: complete && all && best.count === 1 && others === 0,
      later,
      newest: best.newest,
      oldest: best.oldest,
      candidates: candidates
        .filter((c, i) => candidates.findIndex(({ commit }) => commit === c.commit) === i)
        .slice(0, MAX_CANDIDATES),
    };
  }
}
