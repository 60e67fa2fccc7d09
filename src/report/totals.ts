/** The end of a run over several series: a line, and after a long run a table of signers. */

import { COMMANDS } from "../commands.ts";
import type { Count, Totals } from "../verify/totals.ts";
import { count } from "../primitives/words.ts";
import {
  displayWidth,
  escapeText,
  ours,
  padTo,
  type SafeText,
  truncateTo,
  wrapTo,
} from "./escape.ts";
import type { Style } from "./text.ts";

/** Rows of the table; the rest is one row. */
const MAX_ROWS = 20;
const HEAD = ["patches", "ok", "not signed", "to look at", "not good"];

/**
 * @param messages mails read
 * @param unread parts of the sources that could not be read
 */
export function renderTotals(
  totals: Totals,
  { messages, unread }: { readonly messages: number; readonly unread: number },
  style: Style,
): SafeText[] {
  const { all, signed } = totals;
  const said = [
    [signed, "signed"],
    [all.pass, "ok"],
    [all.unsigned, "not signed"],
    [all.warn, "to look at"],
    [all.fail, "not good"],
    [unread, "not read"],
  ] as const;
  const words = said.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  const begin = `${count(all.patches, "patch")} in ${count(messages, "mail")}`;
  return wrapTo(ours`${begin}${words.length === 0 ? "" : ": "}${words.join(", ")}`, style.columns);
}

/** Why patches fail that are only unsigned. */
export function renderRequired({ all, verdicts }: Totals, style: Style): SafeText[] {
  const unsigned = verdicts.fail - all.fail;
  if (unsigned === 0) return [];
  return wrapTo(
    ours`the policy requires a signature: ${count(unsigned, "patch")} without`,
    style.columns,
  );
}

/** How many series name no base. */
export function renderBaseless(baseless: number, series: number, style: Style): SafeText[] {
  if (baseless === 0) return [];
  const of = series === 1 ? "" : ` in ${baseless} of ${series} series`;
  const [what, hint] = [
    ours`no base commit recorded${of}`,
    ours`the submitter can add one: ${COMMANDS.prepare}`,
  ];
  const whole = ours`${what}; ${hint}`;
  // a command is not to be cut in two
  return displayWidth(whole) <= style.columns ? [whole] : [what, hint];
}

/** Refused mails without a patch: reported, not judged. */
export function renderPassedOver(mails: number, style: Style): SafeText[] {
  return wrapTo(ours`${count(mails, "mail")} without a patch could not be read`, style.columns);
}

/** A row per signer, busiest first. */
export function renderSigners(totals: Totals, style: Style): SafeText[] {
  const rows = totals.bySigner();
  const shown: [string, Count][] = rows
    .slice(0, MAX_ROWS)
    .map(([name, one]) => [name === null ? "(not signed)" : name || "(others)", one]);
  const rest = rows.slice(MAX_ROWS).map(([, one]) => one);
  if (rest.length > 0) shown.push([`and ${count(rest.length, "more signer")}`, sum(rest)]);
  const width = style.columns - HEAD.join("  ").length - 2;
  const line = (name: string, cells: readonly string[]): SafeText =>
    ours`${padTo(truncateTo(escapeText(name), width), width)}  ${cells.map((cell, i) => cell.padStart(HEAD[i]!.length)).join("  ")}`;
  return [
    line("", HEAD),
    ...shown.map(([name, { patches, pass, unsigned, warn, fail }]) =>
      line(name, [patches, pass, unsigned, warn, fail].map(String)),
    ),
  ];
}

function sum(counts: readonly Count[]): Count {
  const add = (pick: (one: Count) => number): number =>
    counts.reduce((total, one) => total + pick(one), 0);
  return {
    patches: add((one) => one.patches),
    pass: add((one) => one.pass),
    unsigned: add((one) => one.unsigned),
    warn: add((one) => one.warn),
    fail: add((one) => one.fail),
  };
}
