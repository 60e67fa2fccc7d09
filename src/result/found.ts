/** Results as they are found in mails. */

import type { TextFlaw } from "../patch/signed-text.ts";
import type { SignedResult } from "./text.ts";
import type { ResultKey, ResultWorth } from "./weigh.ts";

/** A result with a good signature. */
export interface FoundResult {
  /** The place of its mail, for messages. */
  readonly source: string;
  readonly signed: SignedResult;
  readonly key: ResultKey;
  readonly worth: ResultWorth;
  /** The mail is from somebody other than the signer. */
  readonly relayed: boolean;
  /** The attached KCIDB JSON; null if no attachment has the signed digest. */
  readonly details: Buffer | null;
}

/** A text in the form of a result that does not count as one. */
export interface FlawedResult {
  readonly source: string;
  readonly why: TextFlaw;
}

/** Why such a text does not count, in words. */
export const FLAW_WORDS: Readonly<Record<TextFlaw, string>> = {
  malformed: "it is damaged, or has values that no result can have",
  version: "it has another version than 1",
  signature: "its signature is not good",
  changed: "it is not what was signed",
  "too-many": "there are more than 8 in the mail",
  diff: "the mail has a diff, and may not carry results",
};

/** True for a text that does not count as a result. */
export function isFlawed(found: FoundResult | FlawedResult): found is FlawedResult {
  return "why" in found;
}
