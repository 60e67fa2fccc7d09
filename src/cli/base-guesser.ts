/** Guesses the base of series in one repository. */

import { describeAll, newestBefore } from "../git/describe.ts";
import { type Step, walkHistory } from "../git/history.ts";
import { Objects } from "../git/objects.ts";
import { findRefs, type Refs } from "../git/refs.ts";
import type { Repository } from "../git/repository.ts";
import { parseDate } from "../mail/date.ts";
import type { Trial } from "../verify/base-check.ts";
import { type Candidate, type Guess, Guesser } from "../verify/base-guess.ts";
import { type Preimage, preimagesOf } from "../verify/preimages.ts";
import { BaseChecker } from "./base-checker.ts";
import type { Subject } from "./base-subject.ts";
import { progress } from "./terminal.ts";

interface Tried extends Candidate {
  /** As git describe names it. */
  readonly name: string;
  /** Null if that was not tried: one before it did, or not the whole series is here. */
  readonly applies: boolean | null;
  /** Files of which it holds another version; a few of them. */
  readonly others: readonly string[];
}

/** high: holds all files and the series applies · medium: one of both · low: neither · none. */
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

const MAX_OTHERS = 5;
/** Commits before the mail that are looked at before those after it. */
const NEAR = 5000;

export class BaseGuesser {
  readonly #repository: Repository;
  readonly #refs: Refs;
  readonly #objects: Objects;
  readonly #checker: BaseChecker;
  readonly #exhaustive: boolean;

  private constructor(repository: Repository, refs: Refs, exhaustive: boolean) {
    this.#exhaustive = exhaustive;
    this.#repository = repository;
    this.#refs = refs;
    this.#objects = new Objects(repository);
    this.#checker = new BaseChecker(repository);
  }

  /**
   * @param globs as `findRefs` takes them
   * @param exhaustive look at all of history where that can tell whether a commit is the only one
   */
  static async open(
    repository: Repository,
    globs: readonly string[],
    exhaustive = false,
  ): Promise<BaseGuesser> {
    return new BaseGuesser(repository, await findRefs(repository, globs), exhaustive);
  }

  close(): void {
    this.#objects.close();
    this.#checker.close();
  }

  async guess(subject: Subject): Promise<Guessed> {
    const diffs = subject.patches.flatMap(({ diff }) => diff ?? []);
    const { wanted, created } = preimagesOf(diffs);
    const sent = sentAt(subject);
    const byFiles = wanted.length === 0 ? null : await this.#byFiles(wanted, sent);
    const found = byFiles !== null && byFiles.matched > 0;
    const guess = found ? byFiles : await this.#byDate(wanted.length, sent);
    const [names, applies] = await Promise.all([
      describeAll(this.#repository, guess.candidates),
      this.#apply(subject, guess.candidates),
    ]);
    const candidates: Tried[] = [];
    for (const [i, candidate] of guess.candidates.entries()) {
      const others = found ? await this.#others(candidate.commit, wanted) : [];
      candidates.push({ ...candidate, name: names[i] ?? "", applies: applies[i] ?? null, others });
    }
    // equal by their files: it is better to apply, too
    const sorted = candidates.sort(
      (a, b) => Number(b.applies === true) - Number(a.applies === true),
    );
    return {
      guess,
      by: found ? "files" : "date",
      confidence: confidenceOf(guess, found, sorted[0]),
      candidates: sorted,
      created,
      main: this.#refs.main?.ref.replace(/^refs\/(?:remotes|heads|tags)\//, "") ?? null,
    };
  }

  async #byFiles(wanted: readonly Preimage[], sent: number | null): Promise<Guess> {
    const main = await this.#mainAt(sent);
    const guesser = new Guesser(wanted.length, sent, main?.commit ?? null, this.#exhaustive);
    const began = Date.now();
    const { tips } = this.#refs;
    const walk = (takes: (time: number) => boolean): AsyncGenerator<Step> =>
      walkHistory(this.#repository, this.#objects, tips, wanted, takes);
    let seen = 0;
    /** Goes on with a walk, up to so many commits; false once it is at its end. */
    const look = async (steps: AsyncGenerator<Step>, most: number): Promise<boolean> => {
      for (let n = 0; n < most; n++) {
        const { done, value } = await steps.next();
        if (done === true) return false;
        guesser.take(value);
        if (++seen % 256 === 0) progress(`${seen} commits`, 0, 0, began);
        if (guesser.isSettled(value.open)) return true;
      }
      return true;
    };
    const then = walk((time) => time <= (sent ?? Infinity));
    const since = walk((time) => time > (sent ?? Infinity));
    try {
      // a mail can have been written before its base, but rather that than years after it
      let more = await look(then, NEAR);
      if (guesser.isSettled(false)) return guesser.result(false);
      if (sent !== null) await look(since, Infinity);
      if (more && guesser.isSettledLater()) return guesser.result(false);
      while (more && !guesser.isSettled(false)) more = await look(then, NEAR);
      return guesser.result(!more);
    } finally {
      await then.return(undefined);
      await since.return(undefined);
    }
  }

  async #mainAt(sent: number | null): Promise<Candidate | null> {
    const main = this.#refs.main?.commit ?? null;
    return main === null ? null : newestBefore(this.#repository, main, sent);
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

  /** Whether the series applies to each, up to the first to which it does. */
  async #apply(subject: Subject, candidates: readonly Candidate[]): Promise<(boolean | null)[]> {
    const tried: (boolean | null)[] = [];
    for (const { commit } of candidates) {
      const applies = appliesOf(await this.#checker.tryOn(subject, commit));
      tried.push(applies);
      if (applies !== false) break;
    }
    return tried;
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
function sentAt({ dates }: Subject): number | null {
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
