/** Guesses the base of series in one repository. */

import { CommitList } from "../../git/commit-list.ts";
import { describeAll } from "../../git/describe.ts";
import { type Step, walkHistory } from "../../git/history.ts";
import { Objects } from "../../git/objects.ts";
import { findRefs, type Refs } from "../../git/refs.ts";
import type { Repository } from "../../git/repository.ts";
import { parseDate } from "../../mail/date.ts";
import type { Trial } from "../../base/check.ts";
import { type BaseCandidate, type Guess, Guesser } from "../../base/guess.ts";
import { type Preimage, preimagesOf } from "../../base/preimages.ts";
import { BaseChecker } from "./checker.ts";
import type { SeriesBase } from "./series-base.ts";
import type { Progress } from "../reporter.ts";

interface Tried extends BaseCandidate {
  /** As git describe names it. */
  readonly name: string;
  /** Null if not tried: an earlier one applied, or the series is incomplete. */
  readonly applies: boolean | null;
  /** Some of the files of which it has another version. */
  readonly others: readonly string[];
}

/** high: has all files and the series applies · medium: one of the two · low: neither · none. */
type Confidence = "high" | "medium" | "low" | "none";

export interface Guessed {
  readonly guess: Guess;
  /** By what the candidates were found. */
  readonly by: "files" | "date";
  readonly confidence: Confidence;
  readonly candidates: readonly Tried[];
  readonly created: number;
  /** The main branch, or null. */
  readonly main: string | null;
}

/** Before the candidates were tried and named. */
interface Searched extends Pick<Guessed, "guess" | "by" | "created"> {
  readonly series: SeriesBase;
  readonly wanted: readonly Preimage[];
}

/**
 * How much of history to search. near: some thousand commits before the mail · usual: until a commit is
 * found · exhaustive: all, if that can tell whether a commit is the only one.
 */
type Reach = "near" | "usual" | "exhaustive";

interface GuesserOptions {
  readonly reach?: Reach;
  /** Gets the number of commits searched. */
  readonly progress?: Progress | null;
}

const MAX_OTHERS = 5;
/** How many commits before the mail are searched before those after it. */
const NEAR = 5000;
/** A history of at most this many commits is searched to its end: that takes less than a second. */
const SHORT = 6000;

export class BaseGuesser {
  readonly #repository: Repository;
  readonly #refs: Refs;
  readonly #list: CommitList;
  readonly #objects: Objects;
  readonly #checker: BaseChecker;
  readonly #reach: Reach;
  readonly #progress: Progress | null;

  private constructor(repository: Repository, refs: Refs, reach: Reach, progress: Progress | null) {
    this.#reach = reach;
    this.#progress = progress;
    this.#repository = repository;
    this.#refs = refs;
    this.#list = new CommitList(repository, refs.tips);
    this.#objects = new Objects(repository);
    this.#checker = new BaseChecker(repository);
  }

  /**
   * @param globs as `findRefs` takes them
   */
  static async open(
    repository: Repository,
    globs: readonly string[],
    { reach = "usual", progress = null }: GuesserOptions = {},
  ): Promise<BaseGuesser> {
    return new BaseGuesser(repository, await findRefs(repository, globs), reach, progress);
  }

  close(): void {
    this.#list.close();
    this.#objects.close();
    this.#checker.close();
  }

  /** In their order. One git names all candidates while they are tried. */
  async guess(allSeries: readonly SeriesBase[]): Promise<Guessed[]> {
    const searched: Searched[] = [];
    for (const series of allSeries) searched.push(await this.#search(series));
    const commits = searched.flatMap(({ guess }) => guess.candidates.map(({ commit }) => commit));
    const naming = describeAll(this.#repository, [...new Set(commits)]);
    const tries: (boolean | null)[][] = [];
    for (const { series, guess } of searched) tries.push(await this.#try(series, guess));
    const names = await naming;
    const guesses: Guessed[] = [];
    for (const [i, one] of searched.entries())
      guesses.push(await this.#conclude(one, tries[i]!, names));
    return guesses;
  }

  async #search(series: SeriesBase): Promise<Searched> {
    const diffs = series.patches.flatMap(({ diff }) => diff ?? []);
    const { wanted, created } = preimagesOf(diffs);
    const sent = sentAt(series);
    const byFiles = wanted.length === 0 ? null : await this.#byFiles(wanted, sent);
    const found = byFiles !== null && byFiles.matched > 0;
    const guess = found ? byFiles : await this.#byDate(wanted.length, sent);
    return { series, wanted, created, by: found ? "files" : "date", guess };
  }

  /** Whether the series applies to each candidate, up to the first to which it does. */
  async #try(series: SeriesBase, { candidates }: Guess): Promise<(boolean | null)[]> {
    const tries: (boolean | null)[] = [];
    for (const { commit } of candidates) {
      const goesOn = tries.every((applies) => applies === false);
      tries.push(goesOn ? appliesOf(await this.#checker.tryOn(series, commit)) : null);
    }
    return tries;
  }

  async #conclude(
    { wanted, created, by, guess }: Searched,
    tries: readonly (boolean | null)[],
    names: ReadonlyMap<string, string>,
  ): Promise<Guessed> {
    const candidates: Tried[] = [];
    const missed = by === "files" && guess.matched < guess.total;
    for (const [i, { commit, time }] of guess.candidates.entries()) {
      const others = missed ? await this.#others(commit, wanted) : [];
      candidates.push({
        commit,
        time,
        name: names.get(commit) ?? "",
        applies: tries[i] ?? null,
        others,
      });
    }
    // equal by their files: one that applies is better
    candidates.sort((a, b) => Number(b.applies === true) - Number(a.applies === true));
    return {
      guess,
      by,
      confidence: confidenceOf(guess, by === "files", candidates[0]),
      candidates,
      created,
      main: this.#refs.main?.ref.replace(/^refs\/(?:remotes|heads|tags)\//, "") ?? null,
    };
  }

  async #byFiles(wanted: readonly Preimage[], sent: number | null): Promise<Guess> {
    const main = await this.#mainAt(sent);
    const guesser = new Guesser(wanted.length, sent, main?.commit ?? null);
    const began = Date.now();
    const walk = (takes: (time: number) => boolean): AsyncGenerator<Step> =>
      walkHistory(this.#list, this.#objects, wanted, takes);
    let seen = 0;
    const settled = async (open: boolean): Promise<boolean> =>
      guesser.isSettled(open) && !(guesser.isAlone && (await this.#isThorough()));
    /** Continues a walk, up to this many commits; false at its end. */
    const look = async (steps: AsyncGenerator<Step>, most: number): Promise<boolean> => {
      for (let n = 0; n < most; n++) {
        const { done, value } = await steps.next();
        if (done === true) return false;
        guesser.take(value);
        if (++seen % 256 === 0) this.#progress?.(`${seen} commits`, 0, 0, began);
        if (await settled(value.open)) return true;
      }
      return true;
    };
    const then = walk((time) => time <= (sent ?? Infinity));
    const since = walk((time) => time > (sent ?? Infinity));
    try {
      // a mail may be older than its base, but that is likelier than years younger
      let more = await look(then, NEAR);
      if (this.#reach === "near" || (await settled(false))) return guesser.result(false);
      const moreSince = sent !== null && (await look(since, Infinity));
      if (more && guesser.isFoundLater && this.#reach !== "exhaustive")
        return guesser.result(false);
      while (more && !(await settled(false))) more = await look(then, NEAR);
      return guesser.result(!more && !moreSince);
    } finally {
      await then.return(undefined);
      await since.return(undefined);
    }
  }

  /** Is all of history searched, to tell whether a commit is the only one? */
  async #isThorough(): Promise<boolean> {
    return this.#reach === "exhaustive" || (await this.#list.at(SHORT)) === undefined;
  }

  async #mainAt(sent: number | null): Promise<BaseCandidate | null> {
    const main = this.#refs.main?.commit ?? null;
    return main === null ? null : this.#list.newestBefore(main, sent ?? Infinity);
  }

  async #byDate(total: number, sent: number | null): Promise<Guess> {
    const newest = await this.#mainAt(sent);
    return {
      matched: 0,
      total,
      count: 0,
      more: false,
      unique: false,
      later: false,
      newest,
      oldest: newest,
      candidates: newest === null ? [] : [newest],
    };
  }

  async #others(commit: string, wanted: readonly Preimage[]): Promise<string[]> {
    const found = await this.#objects.look(wanted.map(({ path }) => `${commit}:${path}`));
    return wanted
      .filter(({ blob }, i) => found[i]?.name.startsWith(blob) !== true)
      .slice(0, MAX_OTHERS)
      .map(({ path }) => Buffer.from(path, "latin1").toString("utf8"));
  }
}

/** When the last of its mails was sent; null if none says so. */
function sentAt({ dates }: SeriesBase): number | null {
  const times = dates.map(parseDate).filter((time) => time !== null);
  return times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b));
}

function appliesOf(trial: Trial): boolean | null {
  return trial.kind === "untried" ? null : trial.kind === "applies";
}

function confidenceOf(guess: Guess, byFiles: boolean, best: Tried | undefined): Confidence {
  if (best === undefined) return "none";
  if (!byFiles) return "low";
  const points = Number(guess.matched === guess.total) + Number(best.applies === true);
  return (["low", "medium", "high"] as const)[points]!;
}
