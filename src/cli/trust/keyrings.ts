/** `patchsig trust import, export, diff`: keyrings. */

import { statSync } from "node:fs";
import { diffKeyring, exportKeyring } from "../../app/trust/export-keyring.ts";
import {
  configuredKeyrings,
  importFile,
  importKeyring,
  type Imported,
  type KeyringLayout,
} from "../../app/trust/keyrings.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { count } from "../../primitives/words.ts";
import { escapeText, ours } from "../../report/escape.ts";
import { keyLine, moreLine, statementLines } from "../../report/trust.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { KeyringDifference, Keyring } from "../../trust/keyring.ts";
import type { Ruling } from "../../trust/ruling.ts";
import type { Statement } from "../../trust/statement.ts";
import { command } from "../../options/command.ts";
import { out, say, sayWaiting } from "../../terminal/terminal.ts";
import { withTrust } from "./common.ts";
import { flag, required } from "../../options/kinds.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

const KEYRING = "a folder, or ref:REPO:REF:PATH";

const PATATT_OPTION = flag("the keyring is patatt's: use its Ed25519 keys, including ssh's");

function layoutOf(patatt: boolean): KeyringLayout {
  return patatt ? "patatt" : "minisign";
}

export const importCommand = command({
  usage: "import [source..]",
  describe: "pin the keys of a keyring, and follow its statements",
  words: {
    source: {
      type: "string",
      array: true,
      default: [],
      describe: `${KEYRING}; or a file with statements (default: patchsig.keyring)`,
    },
  },
  options: {
    patatt: PATATT_OPTION,
    json: JSON_OPTION,
  },
  run: ({ source, patatt, json }) =>
    withTrust(false, async (trust) => {
      // a patatt keyring has to be named each time: its keys are never pinned by default
      const names = source.length > 0 || patatt ? source : configuredKeyrings().own;
      if (names.length === 0)
        throw new PatchsigError(
          "usage",
          patatt
            ? "import --patatt needs a keyring"
            : "import needs a keyring, or patchsig.keyring in your own git config",
        );
      let met = true;
      sayWaiting(names);
      for (const name of names) {
        const imported =
          isFile(name) && !patatt
            ? importFile(name, trust)
            : await importKeyring(name, trust, createVerifier(), layoutOf(patatt));
        if (!show(imported, json)) met = false;
      }
      return met ? EXIT.ok : EXIT.unmet;
    }),
});

function isFile(name: string): boolean {
  return name === "-" || (statSync(name, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** Prints the result; false if something was not imported that should have been. */
function show({ keys, statements, problems }: Imported, json: boolean): boolean {
  if (json) {
    for (const key of keys) printRecord("imported-key", key);
    for (const { statement, ruling } of statements)
      printRecord("imported-statement", jsonOf(statement, ruling));
    for (const problem of problems) printRecord("problem", problem);
  } else {
    for (const { identity, publicKey, outcome } of keys) {
      if (outcome !== "same") line(outcome, identity, publicKey);
    }
    for (const { statement, ruling } of statements) {
      if (ruling.outcome === "repeated") continue;
      out(statementLines(ruling.outcome, statement));
      if (ruling.why !== "") out(moreLine(ruling.why));
    }
    problems.forEach(sayProblem);
    const conflicts = keys.filter(({ outcome }) => outcome === "conflict").length;
    const same = keys.filter(({ outcome }) => outcome === "same").length;
    const pinned = keys.length - conflicts - same;
    if (keys.length + statements.length === 0) say("no keys and no statements in it");
    else if (keys.length > 0)
      say(`${pinned} pinned, ${same} were pinned before, ${conflicts} in conflict`);
    if (conflicts > 0) say("hint: trust show shows what is known here, trust accept accepts a key");
  }
  return (
    problems.length === 0 &&
    keys.every(({ outcome }) => outcome !== "conflict") &&
    statements.every(({ ruling }) => ruling.outcome !== "refused")
  );
}

function jsonOf({ kind, signer, by, of, key, time }: Statement, { outcome, why }: Ruling): object {
  return { kind, signer, by, of, key, time, outcome, why };
}

function line(word: string, identity: string, publicKey: string): void {
  out([escapeText(identity), keyLine(word, publicKey)]);
}

function sayProblem({ path, why }: Keyring["problems"][number]): void {
  say(`not read: ${path}: ${why}`);
}

export const exportCommand = command({
  usage: "export <folder>",
  describe: "write the pinned keys into a keyring, with the statements about them",
  words: {
    folder: required("made if need be"),
  },
  options: { json: JSON_OPTION },
  run: ({ folder, json }) =>
    withTrust(true, (trust) => {
      const { problems, keys } = exportKeyring(folder, trust);
      problems.forEach(sayProblem);
      let met = problems.length === 0;
      let files = 0;
      for (const { identity, publicKey, outcome, written } of keys) {
        files += written;
        if (outcome === "conflict") met = false;
        if (json) printRecord("exported-key", { identity, publicKey, outcome });
        else if (outcome !== "same") line(outcome, identity, publicKey);
      }
      if (!json) say(`${count(files, "file")} written`);
      return met ? EXIT.ok : EXIT.unmet;
    }),
});

export const diffCommand = command({
  usage: "diff <keyring>",
  paged: true,
  describe: "compare a keyring with the database; changes nothing",
  words: { keyring: required(KEYRING) },
  options: {
    patatt: PATATT_OPTION,
    json: JSON_OPTION,
  },
  run: ({ keyring: name, patatt, json }) =>
    withTrust(true, async (trust) => {
      const { rows, problems } = await diffKeyring(name, layoutOf(patatt), trust);
      for (const row of rows) showDifference(row, trust, json);
      for (const problem of problems) {
        if (json) printRecord("problem", problem);
        else sayProblem(problem);
      }
      return rows.length + problems.length === 0 ? EXIT.ok : EXIT.unmet;
    }),
});

/** As a diff from the database to the keyring. */
function showDifference(row: KeyringDifference, trust: TrustStore, json: boolean): void {
  if (json) return printRecord("difference", row);
  const { identity, inKeyring, here } = row;
  const states = new Map(trust.lookup(identity).map((key) => [key.publicKey, key.state]));
  out(ours` ${identity}`);
  if (here !== null) out(ours`-${here} ${states.get(here) ?? ""}`);
  if (inKeyring === null) return;
  const state = states.get(inKeyring);
  out(ours`+${inKeyring}${state === undefined ? "" : ` ${state} here`}`);
}
