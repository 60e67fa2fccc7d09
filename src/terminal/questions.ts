/** Questions with a visible answer, on the terminal. Ctrl-C ends the program as it would end any. */

import { isatty } from "node:tty";
import { PatchsigError } from "../errors.ts";
import { ours, type SafeText } from "../report/escape.ts";
import { readLine } from "./password.ts";
import { sayError, showPrompt } from "./terminal.ts";

/** Somebody reads the questions and types the answers. */
export function canAsk(): boolean {
  return isatty(0) && isatty(2);
}

/** The line that is typed, without white space around it. PatchsigError "usage" if input ends instead. */
function askLine(prompt: SafeText): string {
  showPrompt(prompt);
  // the terminal edits and echoes it
  const line = readLine(0);
  if (line !== null) return line.toString("utf8").trim();
  showPrompt(ours`\n`);
  throw new PatchsigError("usage", "no answer: nothing was changed");
}

/**
 * Asks until an answer is one.
 *
 * @param read null for what is no answer; a PatchsigError that it throws is said first
 */
export async function askUntil<T>(
  prompt: SafeText,
  read: (answer: string) => T | null | Promise<T | null>,
): Promise<T> {
  for (;;) {
    const line = askLine(prompt);
    try {
      const answer = await read(line);
      if (answer !== null) return answer;
    } catch (error) {
      if (!(error instanceof PatchsigError)) throw error;
      sayError(error);
    }
  }
}

/** No is not an error. */
export function askYesOrNo(prompt: SafeText): Promise<boolean> {
  return askUntil(prompt, (answer) =>
    /^(?:y(?:es)?|no?)$/i.test(answer) ? /^y/i.test(answer) : null,
  );
}
