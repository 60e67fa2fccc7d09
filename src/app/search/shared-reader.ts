/** Has mails read by other threads, and by this one while it would otherwise wait for them. */

import type { SourceMail } from "../../source/item.ts";
import type { CheckPool } from "../verify/check-pool.ts";

/** Mails of a part: a thread is given one part at a time. */
const PART_MAILS = 64;
/** Parts that the other threads are given while this one reads too: enough that they never wait for it. */
const FEW = 2;

interface Part<M, F> {
  readonly mails: readonly M[];
  readonly done: (facts: Promise<readonly F[]>) => void;
}

/** `M` are mails, `F` what is read of them. */
export class SharedReader<M extends SourceMail, F> {
  readonly #pool: CheckPool<F>;
  readonly #most: number;
  readonly #here: (mails: readonly M[]) => readonly F[];
  /** Parts that nobody has begun; the first is needed first. */
  readonly #waiting: Part<M, F>[] = [];
  #given = 0;

  /**
   * @param most parts that the other threads are given when this one is about to do other work
   * @param here reads mails in this thread
   */
  constructor(pool: CheckPool<F>, most: number, here: (mails: readonly M[]) => readonly F[]) {
    this.#pool = pool;
    this.#most = most;
    this.#here = here;
  }

  /**
   * @param urgent read these before all that have not been begun
   * @returns in the order of the mails
   */
  async read(mails: readonly M[], urgent: boolean): Promise<readonly F[]> {
    const parts: Part<M, F>[] = [];
    const facts: Promise<readonly F[]>[] = [];
    for (let at = 0; at < mails.length; at += PART_MAILS) {
      const some = mails.slice(at, at + PART_MAILS);
      facts.push(new Promise((done) => parts.push({ mails: some, done })));
    }
    this.#waiting.splice(urgent ? 0 : this.#waiting.length, 0, ...parts);
    this.#give(FEW);
    return (await Promise.all(facts)).flat();
  }

  #give(most: number): void {
    while (this.#given < Math.min(most, this.#most)) {
      const part = this.#waiting.shift();
      if (part === undefined) return;
      const facts = this.#pool.check(part.mails);
      this.#given++;
      part.done(facts);
      const next = (): void => {
        this.#given--;
        this.#give(FEW);
      };
      facts.then(next, next);
    }
  }

  /** Waits for `begun`, and meanwhile reads parts that the other threads have not been given. */
  async help<T>(begun: Promise<T>): Promise<T> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    begun.then(end, end);
    for (;;) {
      // lets the threads' answers in
      await new Promise(setImmediate);
      const part = isDone ? undefined : this.#waiting.shift();
      if (part === undefined) break;
      part.done((async () => this.#here(part.mails))());
    }
    const found = await begun;
    this.#give(this.#most);
    return found;
  }

  close(): void {
    this.#pool.close();
  }
}
