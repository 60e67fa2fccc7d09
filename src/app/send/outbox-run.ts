/** Sends what is due in an outbox; docs/outbox.md says what is promised. */

import { PatchsigError } from "../../errors.ts";
import type { Outcome, Transport } from "../../send/transport.ts";
import type { Outbox, OutboxRow } from "../../store/outbox.ts";

export interface DrainOptions {
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Asked right before a letter is sent: `wait` leaves it for another run. */
  readonly allowed: (row: OutboxRow, now: number) => "send" | "wait" | { readonly cancel: string };
  /**
   * Was a letter sent that an earlier run left in doubt? `false` must be sure: then it
   * is sent again. null: nobody will ever know; `wait`: it is too early to say.
   */
  readonly wasSent: (row: OutboxRow) => Promise<boolean | null | "wait">;
  /** Told of each letter that was tried. */
  readonly onOutcome?: (row: OutboxRow, outcome: Outcome) => void;
  /** Aborted, no other letter is begun. */
  readonly stop: AbortSignal;
}

export interface Tally {
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
 * One run: what an earlier one left in doubt, what has expired, then what is due, oldest first. No
 * two runs at a time on one database: the second would take for left what the first is just sending.
 *
 * @param connect called if there is something to send. A PatchsigError is an outage, except for "usage"
 * @throws what `connect`, `allowed`, `wasSent` and SQLite throw; no letter is lost by it
 */
export async function drain(
  outbox: Outbox,
  connect: () => Promise<Transport>,
  { now, allowed, wasSent, onOutcome, stop }: DrainOptions,
): Promise<Tally> {
  const tally = { sent: 0, failed: 0, cancelled: 0, expired: 0, outage: null as string | null };

  const settle = async (row: OutboxRow): Promise<void> => {
    const { id } = row;
    const answer = await wasSent(row);
    if (answer === "wait") return;
    if (answer === false) outbox.requeue(id);
    else if (outbox.sent(id, now(), answer === null ? NOBODY_KNOWS : "found")) tally.sent++;
  };

  /**
   * What is done with a letter. In doubt, it stays as it is; the next run settles it. Where all
   * others are held, nothing more is due.
   */
  const record: Readonly<Record<Outcome["kind"], (row: OutboxRow, said: string) => void>> = {
    sent: ({ id }, said) => {
      if (outbox.sent(id, now(), said)) tally.sent++;
    },
    refused: ({ id }, said) => {
      if (outbox.failed(id, now(), said)) tally.failed++;
    },
    later: ({ id, attempts }, said) => void outbox.later(id, now() + retryDelay(attempts), said),
    outage: ({ id, attempts }, said) => {
      const nextAt = now() + retryDelay(attempts);
      outbox.later(id, nextAt, said);
      outbox.hold(nextAt);
      tally.outage = said;
    },
    unknown: (_, said) => {
      outbox.hold(now() + retryDelay(0));
      tally.outage = said;
    },
  };

  let transport: Transport | null = null;

  /** null if the row is no longer queued. */
  const attempt = async (row: OutboxRow): Promise<Outcome | null> => {
    try {
      transport ??= await connect();
    } catch (error) {
      if (!(error instanceof PatchsigError) || error.code === "usage") throw error;
      return { kind: "outage", said: error.message };
    }
    try {
      return await transport.send(row, () => {
        if (!outbox.doubt(row.id, now())) throw GONE;
      });
    } catch (error) {
      if (error !== GONE) throw error;
      return null;
    }
  };

  for (const row of outbox.inDoubt()) if (!stop.aborted) await settle(row);
  tally.expired = outbox.expire(now());
  try {
    let row = outbox.due(now());
    for (; row !== null && !stop.aborted; row = outbox.due(now(), row.id)) {
      const answer = allowed(row, now());
      if (answer === "wait") continue;
      if (answer !== "send") {
        if (outbox.cancelOne(row.id, now(), answer.cancel)) tally.cancelled++;
        continue;
      }
      const outcome = await attempt(row);
      if (outcome === null) continue;
      record[outcome.kind](row, outcome.said);
      onOutcome?.(row, outcome);
    }
  } finally {
    await (transport as Transport | null)?.close();
  }
  const { queued, "in-doubt": inDoubt } = outbox.counts();
  return { ...tally, waiting: queued + inDoubt };
}
