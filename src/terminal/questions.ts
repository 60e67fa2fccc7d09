/** Questions with a visible answer, on the terminal. Ctrl-C ends the program as it would end any. */

import { isatty } from "node:tty";
import { PatchsigError } from "../errors.ts";
import { ours, type SafeText } from "../report/escape.ts";
import { readLine } from "./password.ts";
import type { Questions } from "../app/questions.ts";
import { out, say, sayError, showPrompt } from "./terminal.ts";

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

/** As `Questions` has it. */
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

/** @param question `do it?`; what can be answered is put behind it */
export function askYesOrNo(question: SafeText): Promise<boolean> {
  return askUntil(ours`${question} [y/n] `, (answer) =>
    /^(?:y(?:es)?|no?)$/i.test(answer) ? /^y/i.test(answer) : null,
  );
}

/** For what asks on its own: the application does not know the terminal. */
export const questions: Questions = { canAsk, askUntil, askYesOrNo, show: out, say };
