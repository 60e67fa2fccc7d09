/** Refusals as values; inside a reader they are thrown, and `attempt` catches them. */

import type { RefusalCode } from "./findings.ts";
import type { Result } from "./types.ts";

/** Thrown inside a reader only; `attempt` makes it a value before it leaves. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly reason: RefusalCode;
  /** Where in the text, in bytes; null if it is all of it. */
  readonly offset: number | null;

  constructor(reason: RefusalCode, detail: string, offset: number | null) {
    super(detail);
    this.reason = reason;
    this.offset = offset;
  }
}

/** Refuses what is being read. */
export function refuse(reason: RefusalCode, detail: string): never {
  throw new Refused(reason, detail, null);
}

/** The same, with the `offset` in the text. */
export function refuseAt(reason: RefusalCode, offset: number, detail: string): never {
  throw new Refused(reason, detail, offset);
}

/**
 * Runs a reader; a refusal inside becomes its result.
 *
 * @param place turns an offset into words to put before the detail
 */
export function attempt<T>(read: () => T, place?: (offset: number) => string): Result<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { reason, offset, message } = error;
    return refused(reason, offset === null || !place ? message : `${place(offset)}: ${message}`);
  }
}

/** A refusal as a result. */
export function refused(reason: RefusalCode, detail: string): Result<never> {
  return { ok: false, refusal: { reason, detail } };
}
