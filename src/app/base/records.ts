/** The records of the base commands (docs/schema/base.md): the fields that all have, then those of the question. */

import type { Finding } from "../../findings.ts";
import type { Checkup } from "./checker.ts";
import type { Guessed } from "./guesser.ts";
import type { SeriesBase } from "./series-base.ts";

export function shownRecord(series: SeriesBase, findings: readonly Finding[]) {
  const { prerequisites, dependencies } = series.claim.lines;
  return { type: "base", ...common(series), prerequisites, dependencies, findings };
}

export function checkedRecord(series: SeriesBase, checkup: Checkup) {
  const { check, prerequisites, dependencies, findings } = checkup;
  return { type: "base-check", ...common(series), check, prerequisites, dependencies, findings };
}

export function guessedRecord(series: SeriesBase, guessed: Guessed) {
  const { by, confidence, candidates, created } = guessed;
  const { candidates: _, ...rest } = guessed.guess;
  const guess = { by, confidence, ...rest, created };
  return { type: "base-guess", ...common(series), guess, candidates };
}

function common({ outline, claim, messageId }: SeriesBase): object {
  const { subject, version, total, complete } = outline;
  const { base, signed, lines } = claim;
  return { messageId, subject, version, total, complete, base, signed, changeId: lines.changeId };
}
