/** Test results, for people and as records. */

import { instant } from "../primitives/time.ts";
import { FLAW_WORDS, type FlawedResult, type FoundResult } from "../result/found.ts";
import type { TestOutcome, TestResult } from "../result/text.ts";
import type { ResultKey } from "../result/weigh.ts";
import { escapeText, joinSafe, ours, padTo, type SafeText, truncateTo } from "./escape.ts";
import { type Style, tint } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

const COLORS: Readonly<Record<TestOutcome, "good" | "warn" | "bad">> = {
  pass: "good",
  fail: "bad",
  error: "bad",
  miss: "warn",
  done: "good",
  skip: "warn",
};

const INDENT = " ".repeat(7);

/** One result, and what it is worth: four lines or more. */
export function renderResult(found: FoundResult, style: Style): SafeText[] {
  const { signed, worth, relayed, details } = found;
  const { said } = signed;
  const word = tint(style, COLORS[said.result], padTo(ours`${said.result}`, 5));
  const env = said.env.length === 0 ? "" : ` on ${said.env.join(" ")}`;
  const lines = [
    treeLine(said),
    ...casesLine(said),
    `${said.by}, ${instant(said.time)}${relayed ? ", sent on by somebody else" : ""}`,
    `${worth}: ${whyWorth(found.key, worth)}`,
    ...(said.log === null ? [] : [`log ${said.log}`]),
    ...(said.via === null ? [] : [`run elsewhere: ${said.via}`]),
    ...(said.details === null || details !== null ? [] : ["its details are not attached"]),
  ];
  const title = joinSafe([word, escapeText(said.test + env)], ours`  `);
  return [title, ...lines.map((line) => escapeText(INDENT + line))].map((line) =>
    truncateTo(line, Math.max(style.columns, 60)),
  );
}

function treeLine({ tree, base, commit, run }: TestResult): string {
  const words = [
    `tree ${shortName(tree)}`,
    ...(commit === null ? [] : [`commit ${shortName(commit)}`]),
    ...(base === null ? [] : [`on ${shortName(base)}`]),
    ...(run === 1 ? [] : [`attempt ${run}`]),
  ];
  return words.join(", ");
}

function casesLine({ counts }: TestResult): string[] {
  if (counts === null) return [];
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    some.length === 0 ? "no cases" : some.map(([name, count]) => `${count} ${name}`).join(", "),
  ];
}

function whyWorth(key: ResultKey, worth: FoundResult["worth"]): string {
  if (worth === "void") return "the key was revoked";
  if (worth === "counts") return "the key was accepted for results";
  if (key.state === null) return "nothing is known of the key";
  return `the key is ${key.state}${key.forResults ? "" : ", not accepted for results"}`;
}

export function renderFlawedResult({ source, why }: FlawedResult, style: Style): SafeText[] {
  const word = tint(style, "bad", padTo(ours`bad`, 5));
  return [
    joinSafe(
      [word, escapeText(`${source}: a result does not count: ${FLAW_WORDS[why]}`)],
      ours`  `,
    ),
  ];
}

/** docs/schema/result.md */
export function resultRecord({ source, signed, key, worth, relayed }: FoundResult) {
  const { said, publicKey } = signed;
  return { source, worth, key: key.state, publicKey, relayed, ...said };
}

export function flawedResultRecord({ source, why }: FlawedResult) {
  return { source, why };
}
