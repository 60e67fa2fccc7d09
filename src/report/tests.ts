/** What is known of tests on a tree, for people: three lines at most, below what is said of patches. */

import type { TreeTest, TreeTests } from "../result/about.ts";
import { TEST_OUTCOMES } from "../result/text.ts";
import { displayWidth, escapeText, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** How a test went, as people read it. */
export const TEST_WORDS: Readonly<Record<TreeTest["answer"], string>> = {
  pass: "pass",
  fail: "FAIL",
  disputed: "DISPUTED",
  error: "error",
  miss: "did not run",
  done: "no verdict",
  skip: "skipped",
};

/** Of the words before each line. */
const LABEL = 8;

/** `tested  kselftest.net pass on arch=x86_64, build FAIL on arch=arm64, by ci@example.org` */
export function renderTests(tests: TreeTests, { columns }: Style): SafeText[] {
  return testLines(tests, columns - LABEL).map(([label, text]) =>
    truncateTo(escapeText(`${label.padEnd(LABEL)}${text}`), Math.max(columns, 40)),
  );
}

/**
 * What each line says, and the word before it.
 *
 * @param width columns: tests that are beyond them are counted
 */
export function testLines(
  { tree, counting, claims, elsewhere }: TreeTests,
  width: number,
): (readonly [label: "tested" | "claims" | "other", text: string])[] {
  const claimed = claimLine(claims);
  const where = tree === null ? "perhaps on another base" : "on another base";
  return [
    ...(counting.length === 0 ? [] : [["tested", listOf(counting, width)] as const]),
    ...(claimed === "" ? [] : [["claims", claimed] as const]),
    ...(elsewhere.length === 0
      ? []
      : [["other", listOf(elsewhere, width, `the same patches ${where}: `)] as const]),
  ];
}

/** `2 pass, 1 fail, by keys that were not accepted for results`; "" if nothing is claimed. */
export function claimLine(claims: TreeTests["claims"]): string {
  const parts = TEST_OUTCOMES.flatMap((outcome) =>
    claims[outcome] === undefined ? [] : [`${claims[outcome]} ${outcome}`],
  );
  if (parts.length === 0) return "";
  return `${parts.join(", ")}, by keys that were not accepted for results`;
}

/** As many as there is room for; who says so stands at the end if it is the same for all. */
function listOf(tests: readonly TreeTest[], width: number, before = ""): string {
  const signers = new Set(tests.map(byWords));
  const [by = ""] = signers;
  const isShared = signers.size === 1;
  const end = isShared ? `, by ${by}` : "";
  const all = tests.map((test) => `${testWords(test)}${isShared ? "" : ` (${byWords(test)})`}`);
  const lineOf = (shown: number): string => {
    const more = shown < all.length ? `, and ${all.length - shown} more` : "";
    return `${before}${all.slice(0, shown).join(", ")}${more}${end}`;
  };
  let shown = all.length;
  while (shown > 1 && displayWidth(escapeText(lineOf(shown))) > width) shown--;
  return lineOf(shown);
}

function byWords({ by }: TreeTest): string {
  return by.length > 2 ? `${by[0]} and ${by.length - 1} others` : by.join(" and ");
}

function testWords({ test, rev, env, answer, flaky }: TreeTest): string {
  const version = rev === null ? "" : ` ${rev}`;
  const where = env.length === 0 ? "" : ` on ${env.join(" ")}`;
  const attempt = flaky && answer === "pass" ? " (failed before)" : "";
  return `${test}${version} ${TEST_WORDS[answer]}${attempt}${where}`;
}
