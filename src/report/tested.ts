/** What `tested` prints for people: the answer, and who says what. */

import { day } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { escapeText, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

/** As of `Tested`. */
interface ShownAnswer {
  readonly tree: string;
  readonly test: string;
  readonly answer: string;
  readonly results: readonly {
    readonly result: string;
    readonly by: string;
    readonly worth: string;
    readonly stale: boolean;
    readonly flaky: boolean;
    readonly time: number;
    readonly env: readonly string[];
  }[];
  readonly others: number;
}

const ANSWERS: Readonly<Record<string, string>> = {
  pass: "pass",
  fail: "FAIL",
  disputed: "disputed: some pass, some fail",
  stale: "stale: the results that count are too old",
  claims: "claims only: no key that counts",
  none: "not tested",
};

/** Why a result does not count. */
const NOTES: Readonly<Record<string, string>> = {
  counts: "",
  void: "the key is revoked",
  withdrawn: "the feed has withdrawn it",
};

/** Most lines of results. */
const MAX_LINES = 10;

export function renderTested(
  { tree, test, answer, results, others }: ShownAnswer,
  { columns }: Style,
): SafeText[] {
  const lines = results
    .slice(0, MAX_LINES)
    .map(({ result, by, worth, stale, flaky, time, env }) => {
      const notes = [
        NOTES[worth] ?? "does not count",
        stale ? "too old" : "",
        flaky ? "failed before" : "",
      ].filter((note) => note !== "");
      const where = env.length === 0 ? "" : `  ${env.join(" ")}`;
      const why = notes.length === 0 ? "" : `  (${notes.join(", ")})`;
      return `  ${result.padEnd(5)}  ${day(time)}  ${by}${why}${where}`;
    });
  const hidden = results.length - lines.length;
  return [
    `${test} on tree ${shortName(tree)}: ${ANSWERS[answer] ?? answer}`,
    ...lines,
    ...(hidden > 0 ? [`  ${count(hidden, "more result")}: --json`] : []),
    ...(others > 0 ? [`  ${count(others, "result")} about another environment or revision`] : []),
  ].map((line) => truncateTo(escapeText(line), columns));
}
