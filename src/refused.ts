/** Refusals: what is not read further, as a value, or thrown by a reader and caught at its door. */

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

/** Gives up on what is being read. */
export function refuse(reason: RefusalCode, detail: string): never {
  throw new Refused(reason, detail, null);
}

/** The same, for what stands at `offset` of the text. */
export function refuseAt(reason: RefusalCode, offset: number, detail: string): never {
  throw new Refused(reason, detail, offset);
}

/**
 * Runs a reader; a refusal inside becomes its result.
 *
 * @param place says where an offset is, to stand before the detail
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
