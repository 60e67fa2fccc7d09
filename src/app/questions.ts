/** Questions to whoever runs the program. How they are asked is the business of src/terminal. */

import type { SafeText } from "../report/escape.ts";
import type { Reporter } from "./reporter.ts";

export interface Questions {
  /** Somebody is there to answer. */
  readonly canAsk: () => boolean;
  /**
   * Asks until an answer is one.
   *
   * @param read null for what is no answer; a PatchsigError that it throws is said first
   */
  readonly askUntil: <T>(
    prompt: SafeText,
    read: (answer: string) => T | null | Promise<T | null>,
  ) => Promise<T>;
  /** @param question without a mark of what can be answered */
  readonly askYesOrNo: (question: SafeText) => Promise<boolean>;
  /** Shows what a question is about. */
  readonly show: (lines: readonly SafeText[]) => void;
  readonly say: Reporter["say"];
}
