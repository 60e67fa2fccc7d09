/** What `patchsig trust import`, `export` and `diff` print for people. */

import type { Imported, Keyring, KeyringDifference, KeyUse } from "../trust/keyring.ts";
import { ours, type SafeText } from "./escape.ts";
import { moreLine, ownedKeyLines, statementLines } from "./trust.ts";

/** For keys that are in conflict. */
export const CONFLICT_HINT =
  "hint: trust show shows what is known here, trust accept accepts a key";

/** What is new, or could not be taken. */
export function renderImported({ keys, statements }: Imported): SafeText[] {
  return [
    ...keys
      .filter(({ outcome }) => outcome !== "same")
      .flatMap((key) => ownedKeyLines(outcomeWord(key), key)),
    ...statements
      .filter(({ ruling }) => ruling.outcome !== "repeated")
      .flatMap(({ statement, ruling: { outcome, why } }) => [
        ...statementLines(outcome, statement),
        ...(why === "" ? [] : [moreLine(why)]),
      ]),
  ];
}

/** `results`: the key was accepted for them alone. */
export function outcomeWord({
  use,
  outcome,
}: {
  readonly use: KeyUse;
  readonly outcome: string;
}): string {
  return use === "results" && outcome === "pinned" ? "results" : outcome;
}

/** The same in numbers. */
export function importedWords({ keys, statements }: Imported): string[] {
  const conflicts = keys.filter(({ outcome }) => outcome === "conflict").length;
  const same = keys.filter(({ outcome }) => outcome === "same").length;
  const pinned = keys.length - conflicts - same;
  return [
    ...(keys.length + statements.length === 0 ? ["no keys and no statements in it"] : []),
    ...(keys.length > 0
      ? [`${pinned} pinned, ${same} were pinned before, ${conflicts} in conflict`]
      : []),
    ...(conflicts > 0 ? [CONFLICT_HINT] : []),
  ];
}

export function problemWords({ path, why }: Keyring["problems"][number]): string {
  return `not read: ${path}: ${why}`;
}

/**
 * As a diff from the database to the keyring.
 *
 * @param states of the identity's keys in the database
 */
export function renderDifference(
  { identity, use, inKeyring, here }: KeyringDifference,
  states: ReadonlyMap<string, string>,
): SafeText[] {
  const state = inKeyring === null ? undefined : states.get(inKeyring);
  return [
    ours` ${identity}${use === "results" ? ", for test results" : ""}`,
    ...(here === null ? [] : [ours`-${here} ${states.get(here) ?? ""}`]),
    ...(inKeyring === null
      ? []
      : [ours`+${inKeyring}${state === undefined ? "" : ` ${state} here`}`]),
  ];
}
