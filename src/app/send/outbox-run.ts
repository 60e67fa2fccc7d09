/** Sends what is due in an outbox; docs/outbox.md says what is promised. */

import { PatchsigError } from "../../errors.ts";
import type { SendOutcome, Transport } from "../../send/transport.ts";
import type { Outbox, OutboxRow } from "../../store/outbox.ts";

export interface DrainOptions {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Asked right before a letter is sent: `wait` leaves it for another run. */
  readonly allowed: (row: OutboxRow, now: number) => "send" | "wait" | { readonly cancel: string };
  /**
   * Was a letter sent that an earlier run left in doubt? `false` must be certain: then it
   * is sent again. null: nobody will ever know; `wait`: it is too early to say.
   */
  readonly wasSent: (row: OutboxRow) => Promise<boolean | null | "wait">;
  /** Called for each letter that was tried, before its outcome is recorded, since the disk may be full. */
  readonly onOutcome?: (row: OutboxRow, outcome: SendOutcome) => void;
  /** Once aborted, no further letter is begun. */
  readonly stop: AbortSignal;
}

export interface DrainResult {
  readonly sent: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
  /** Still queued, or in doubt. */
  readonly waiting: number;
  /** Why this run ended before all that is due was tried; null if it did not. */
  readonly outage: string | null;
}

const FIRST_DELAY = 60;
const LONGEST_DELAY = 4 * 3600;
const NOBODY_KNOWS = "nobody can say whether it was sent, so it is not sent again";
/** Somebody else has changed the row since it was read. */
const GONE = new Error("no longer queued");

/** Seconds until the next attempt, after so many that failed before this one. */
export function retryDelay(attempts: number): number {
  return Math.min(FIRST_DELAY * 2 ** attempts, LONGEST_DELAY);
}

/**
 * One run: what an earlier one left in doubt, what has expired, then what is due, oldest first. Never
 * run two at a time on one database: the second would take what the first is sending for left over.
 *
 * @param connect called if there is something to send. A PatchsigError is an outage, except for "usage"
 * @throws what `connect`, `allowed`, `wasSent` and SQLite throw; no letter is lost by it
 */
export async function drain(
  outbox: Outbox,
  connect: () => Promise<Transport>,
  options: DrainOptions,
): Promise<DrainResult> {
  const run = new OutboxRun(outbox, connect, options);
  await run.settleAll();
  run.expire();
  try {
    await run.sendAll();
  } finally {
    await run.close();
  }
  return run.result();
}

class OutboxRun {
  readonly #outbox: Outbox;
  readonly #connect: () => Promise<Transport>;
  readonly #options: DrainOptions;
  readonly #tally = { sent: 0, failed: 0, cancelled: 0, expired: 0, outage: null as string | null };
  #transport: Transport | null = null;

  constructor(outbox: Outbox, connect: () => Promise<Transport>, options: DrainOptions) {
    this.#outbox = outbox;
    this.#connect = connect;
    this.#options = options;
  }

  result(): DrainResult {
    const { queued, "in-doubt": inDoubt } = this.#outbox.counts();
    return { ...this.#tally, waiting: queued + inDoubt };
  }

  async close(): Promise<void> {
    await this.#transport?.close();
  }

  expire(): void {
    this.#tally.expired = this.#outbox.expire(this.#options.now());
  }

  /** What an earlier run left in doubt. */
  async settleAll(): Promise<void> {
    for (const row of this.#outbox.inDoubt())
      if (!this.#options.stop.aborted) await this.#settle(row);
  }

  async #settle(row: OutboxRow): Promise<void> {
    const { id } = row;
    const answer = await this.#options.wasSent(row);
    if (answer === "wait") return;
    if (answer === false) this.#outbox.requeue(id);
    else if (this.#outbox.sent(id, this.#options.now(), answer === null ? NOBODY_KNOWS : "found"))
      this.#tally.sent++;
  }

  /** What is due. */
  async sendAll(): Promise<void> {
    const { now, stop } = this.#options;
    let row = this.#outbox.due(now());
    for (; row !== null && !stop.aborted; row = this.#outbox.due(now(), row.id))
      await this.#sendOne(row);
  }

  async #sendOne(row: OutboxRow): Promise<void> {
    const { now, allowed, onOutcome } = this.#options;
    const answer = allowed(row, now());
    if (answer === "wait") return;
    if (answer !== "send") {
      if (this.#outbox.cancelOne(row.id, now(), answer.cancel)) this.#tally.cancelled++;
      return;
    }
    const outcome = await this.#attempt(row);
    if (outcome === null) return;
    onOutcome?.(row, outcome);
    this.#record(row, outcome);
  }

  /** Null if the row is no longer queued. */
  async #attempt(row: OutboxRow): Promise<SendOutcome | null> {
    try {
      this.#transport ??= await this.#connect();
    } catch (error) {
      if (!(error instanceof PatchsigError) || error.code === "usage") throw error;
      return { kind: "outage", said: error.message };
    }
    try {
      return await this.#transport.send(row, () => {
        if (!this.#outbox.doubt(row.id, this.#options.now())) throw GONE;
      });
    } catch (error) {
      if (error !== GONE) throw error;
      return null;
    }
  }

  /**
   * What is done with a letter. In doubt, it stays as it is; the next run settles it. Where all
   * others are held, nothing more is due.
   */
  #record({ id, attempts }: OutboxRow, { kind, said }: SendOutcome): void {
    const now = this.#options.now();
    switch (kind) {
      case "sent":
        if (this.#outbox.sent(id, now, said)) this.#tally.sent++;
        return;
      case "refused":
        if (this.#outbox.failed(id, now, said)) this.#tally.failed++;
        return;
      case "later":
        this.#outbox.later(id, now + retryDelay(attempts), said);
        return;
      case "outage": {
        const nextAt = now + retryDelay(attempts);
        this.#outbox.later(id, nextAt, said);
        this.#outbox.hold(nextAt);
        this.#tally.outage = said;
        return;
      }
      case "unknown":
        this.#outbox.hold(now + retryDelay(0));
        this.#tally.outage = said;
    }
  }
}
