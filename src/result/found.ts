/** A result as it was found in a mail, for those who show it. */

import type { TextFlaw } from "../patch/signed-text.ts";
import type { SignedResult } from "./text.ts";
import type { ResultKey, ResultWorth } from "./weigh.ts";

/** A good one. */
export interface FoundResult {
  /** The mail, for people. */
  readonly source: string;
  readonly signed: SignedResult;
  readonly key: ResultKey;
  readonly worth: ResultWorth;
  /** Somebody else sent it on. */
  readonly relayed: boolean;
  /** The attached JSON; null if there is none with the signed digest. */
  readonly details: Buffer | null;
}

/** What stands in the place of a result, and is none. */
export interface FlawedResult {
  readonly source: string;
  readonly why: TextFlaw;
}

export function isFlawed(found: FoundResult | FlawedResult): found is FlawedResult {
  return "why" in found;
}
