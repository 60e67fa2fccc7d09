/**
 * Turns the mails of a pass into events: a patch, then its series when that closes. Counts them.
 */

import { faultAt, type MailPlace } from "../fault.ts";
import type { ThreadMail } from "../../series/item.ts";
import type { ReadFailure, SourceItem } from "../../source/item.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { PatchResult, StatementMail } from "../../verify/result.ts";
import {
  type Collected,
  createJudgedSeriesCollector,
  type JudgedMail,
} from "../../verify/series.ts";
import { createTotals, type Totals } from "../../verify/totals.ts";
import {
  newTally,
  type PassCounts,
  type VerificationOptions,
  verifyMails,
} from "./verification.ts";

/** In the order in which they are known: a patch before its series. */
export type JudgedEvent<P> =
  | { readonly kind: "patch"; readonly result: PatchResult }
  | { readonly kind: "note"; readonly result: StatementMail }
  | { readonly kind: "series"; readonly series: Collected<P> }
  | { readonly kind: "unread"; readonly unread: ReadFailure };

/** The counts of a run. */
export interface EventCounts extends PassCounts {
  readonly totals: Totals;
  series: number;
  /** Mails without a patch that say something of keys. */
  notes: number;
  /** What could not be read, and at what the program failed. */
  unread: number;
  /** Refused, but without a patch. */
  passedOver: number;
}

export function newEventCounts(): EventCounts {
  const totals = createTotals();
  return { ...newTally(), totals, series: 0, notes: 0, unread: 0, passedOver: 0 };
}

type Tell<P, R> = (event: JudgedEvent<P | null>) => R | Promise<R>;

/**
 * Verifies mails, and yields what `tell` makes of each event. Events judged before an error are
 * yielded before the error is thrown.
 *
 * @param tell if it throws, the event's mails are reported as unread, and the run goes on
 * @param counts updated while it runs
 * @throws what `verifyMails` throws; a PatchsigError of `tell`, and "disk-full"
 */
export async function* verifyEvents<P, R>(
  items: AsyncIterable<readonly SourceItem[]>,
  options: VerificationOptions<P>,
  memory: TrustMemory,
  tell: Tell<P, R>,
  counts: EventCounts,
): AsyncGenerator<R> {
  const events = new Events(tell, counts);
  try {
    for await (const seen of verifyMails(items, options, memory, counts)) {
      if (seen.kind === "patch") yield* events.patch(seen.mail);
      else if (seen.kind === "note") yield* events.note(seen.note);
      else if (seen.kind === "unread") yield* events.unread([seen.unread]);
      else yield* events.link(seen.mail);
    }
  } catch (error) {
    yield* events.end();
    throw error;
  }
  yield* events.end();
}

/** Collects series, and yields each event as soon as it is known. */
class Events<P, R> {
  readonly #tell: Tell<P, R>;
  readonly #counts: EventCounts;
  /** Failures of the collector that are not yet reported. */
  readonly #faults: ReadFailure[] = [];
  readonly #collector = createJudgedSeriesCollector<P | null>((members, error) => {
    for (const { result } of members) this.#faults.push(faultAt(result, error));
  });

  constructor(tell: Tell<P, R>, counts: EventCounts) {
    this.#tell = tell;
    this.#counts = counts;
  }

  async *unread(all: readonly ReadFailure[]): AsyncGenerator<R> {
    for (const unread of all) {
      this.#counts.unread++;
      yield this.#tell({ kind: "unread", unread });
    }
  }

  async *note(result: StatementMail): AsyncGenerator<R> {
    if (!result.read) this.#counts.passedOver++;
    // the patch in an attached mail was not judged
    else if (!result.findings.every(isWrapped)) this.#counts.notes++;
    yield* this.#attempt({ kind: "note", result }, [result]);
  }

  async *patch(mail: JudgedMail<P | null>): AsyncGenerator<R> {
    const { result } = mail;
    this.#counts.totals.add(result);
    const told = yield* this.#attempt({ kind: "patch", result }, [result]);
    // a patch that could not be reported is not part of its series either
    if (!told) return;
    let closed: Collected<P | null>[];
    try {
      closed = this.#collector.add(mail);
    } catch (error) {
      return yield* this.unread([faultAt(result, error)]);
    }
    yield* this.#close(closed);
  }

  async *link(mail: ThreadMail): AsyncGenerator<R> {
    yield* this.#close(this.#collector.link(mail));
  }

  async *end(): AsyncGenerator<R> {
    yield* this.#close(this.#collector.end());
  }

  async *#close(closed: readonly Collected<P | null>[]): AsyncGenerator<R> {
    yield* this.unread(this.#faults.splice(0));
    for (const series of closed) {
      this.#counts.series++;
      const mails = series.members.map(({ result }) => result);
      yield* this.#attempt({ kind: "series", series }, mails);
    }
  }

  /** False if `tell` failed; then each of these mails is reported as unread instead. */
  async *#attempt(
    event: JudgedEvent<P | null>,
    mails: readonly MailPlace[],
  ): AsyncGenerator<R, boolean> {
    let told: R;
    try {
      told = await this.#tell(event);
    } catch (error) {
      yield* this.unread(mails.map((mail) => faultAt(mail, error)));
      return false;
    }
    yield told;
    return true;
  }
}
