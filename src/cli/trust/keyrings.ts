/** `patchsig trust import, export, diff`: keyrings. */

import { withUserTrust } from "../../app/trust/user-trust.ts";
import { statSync } from "node:fs";
import { diffKeyring, exportKeyring, statesOf } from "../../app/trust/export-keyring.ts";
import {
  configuredKeyrings,
  importFile,
  importKeyring,
  type KeyringLayout,
} from "../../app/trust/keyrings.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { count } from "../../primitives/words.ts";
import {
  importedWords,
  outcomeWord,
  problemWords,
  renderDifference,
  renderImported,
} from "../../report/keyring.ts";
import { ownedKeyLines } from "../../report/trust.ts";
import { type Imported, isImported } from "../../trust/keyring.ts";
import { command } from "../../options/command.ts";
import { out, say, sayWaiting } from "../../terminal/terminal.ts";
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
    withUserTrust(false, async (trust) => {
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
        showImported(imported, json);
        met &&= isImported(imported);
      }
      return met ? EXIT.ok : EXIT.unmet;
    }),
});

function isFile(name: string): boolean {
  return name === "-" || (statSync(name, { throwIfNoEntry: false })?.isFile() ?? false);
}

function showImported(imported: Imported, json: boolean): void {
  const { keys, statements, problems } = imported;
  if (json) {
    for (const key of keys) printRecord("imported-key", key);
    for (const { statement, ruling } of statements) {
      const { kind, signer, by, of, key, time } = statement;
      const { outcome, why } = ruling;
      printRecord("imported-statement", { kind, signer, by, of, key, time, outcome, why });
    }
    for (const problem of problems) printRecord("problem", problem);
    return;
  }
  out(renderImported(imported));
  problems.map(problemWords).forEach(say);
  importedWords(imported).forEach(say);
}

export const exportCommand = command({
  usage: "export <folder>",
  describe: "write the pinned keys into a keyring, with the statements about them",
  words: {
    folder: required("made if need be"),
  },
  options: { json: JSON_OPTION },
  run: ({ folder, json }) =>
    withUserTrust(true, (trust) => {
      const { problems, keys } = exportKeyring(folder, trust);
      problems.map(problemWords).forEach(say);
      let met = problems.length === 0;
      let files = 0;
      for (const { written, ...key } of keys) {
        files += written;
        if (key.outcome === "conflict") met = false;
        if (json) printRecord("exported-key", key);
        else if (key.outcome !== "same") out(ownedKeyLines(outcomeWord(key), key));
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
    withUserTrust(true, async (trust) => {
      const { rows, problems } = await diffKeyring(name, layoutOf(patatt), trust);
      for (const row of rows) {
        if (json) printRecord("difference", row);
        else out(renderDifference(row, statesOf(trust, row.use, row.identity)));
      }
      for (const problem of problems) {
        if (json) printRecord("problem", problem);
        else say(problemWords(problem));
      }
      return rows.length + problems.length === 0 ? EXIT.ok : EXIT.unmet;
    }),
});
