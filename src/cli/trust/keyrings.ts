/** `patchsig trust import, export, diff`: keyrings. */

import { existsSync, lstatSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { ours } from "../../report/escape.ts";
import { readKeyringFolder } from "../../source/keyring.ts";
import { replaceFile } from "../../store/replace-file.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import {
  type Difference,
  differences,
  folderOf,
  type Keyring,
  KEYRING_FOLDER,
  keyFileOf,
  type KeyringFile,
  readKeyring,
  statementFileOf,
} from "../../trust/keyring.ts";
import type { StatementRecord } from "../../trust/record.ts";
import type { Ruling } from "../../trust/ruling.ts";
import type { Statement } from "../../trust/statement.ts";
import {
  configuredKeyrings,
  importKeyring,
  type Imported,
  type KeyringLayout,
  openKeyring,
} from "../../app/trust/keyrings.ts";
import { out, say } from "../terminal.ts";
import { now } from "../../app/now.ts";
import { COLUMN, INDENT, JSON_OPTION, record, statementLines, withTrust } from "./common.ts";
import { statementsInFile } from "./statements.ts";

const KEYRING = "a folder, or ref:REPO:REF:PATH";

const PATATT_OPTION = {
  type: "boolean",
  default: false,
  describe: "the keyring is patatt's: its Ed25519 keys, those of ssh too",
} as const;

function layoutOf(patatt: boolean): KeyringLayout {
  return patatt ? "patatt" : "minisign";
}

interface ImportArguments {
  source: string[];
  patatt: boolean;
  json: boolean;
}

export const importCommand: CommandModule<object, ImportArguments> = {
  command: "import [source..]",
  describe: "pin the keys of a keyring, and do what its statements say",
  builder: (yargs) =>
    yargs
      .positional("source", {
        type: "string",
        array: true,
        default: [],
        describe: `${KEYRING}; or a file with statements (default: patchsig.keyring)`,
      })
      .option("patatt", PATATT_OPTION)
      .option("json", JSON_OPTION),
  handler: ({ source, patatt, json }) =>
    withTrust(false, async (trust) => {
      // a patatt keyring is named each time: its keys are pinned only where somebody asks for it
      const names = source.length > 0 || patatt ? source : configuredKeyrings().own;
      if (names.length === 0)
        throw new PatchsigError(
          "usage",
          patatt
            ? "import --patatt needs a keyring"
            : "import needs a keyring, or patchsig.keyring in your own git config",
        );
      let met = true;
      for (const name of names) {
        const imported =
          isFile(name) && !patatt
            ? importFile(name, trust)
            : await importKeyring(name, trust, createVerifier(), layoutOf(patatt));
        if (!show(imported, json)) met = false;
      }
      process.exitCode = met ? EXIT.ok : EXIT.unmet;
    }),
};

function isFile(name: string): boolean {
  return name === "-" || (statSync(name, { throwIfNoEntry: false })?.isFile() ?? false);
}

function importFile(name: string, trust: TrustStore): Imported {
  const cause = { cause: "file", at: now(), messageId: "", source: name } as const;
  const said = [...statementsInFile(name)].sort((a, b) => a.time - b.time);
  return trust.transaction(() => ({
    keys: [],
    problems: [],
    statements: said.map((statement) => ({
      statement,
      ruling: trust.applyStatement(statement, cause),
    })),
  }));
}

/** What became of it; false if something was not taken that should have been. */
function show({ keys, statements, problems }: Imported, json: boolean): boolean {
  if (json) {
    for (const key of keys) record("imported-key", key);
    for (const { statement, ruling } of statements)
      record("imported-statement", jsonOf(statement, ruling));
    for (const problem of problems) record("problem", problem);
  } else {
    for (const { identity, publicKey, outcome } of keys) {
      if (outcome !== "same") line(outcome, identity, publicKey);
    }
    for (const { statement, ruling } of statements) {
      if (ruling.outcome === "repeated") continue;
      out(statementLines(ruling.outcome, statement));
      if (ruling.why !== "") out(ours`${INDENT}${ruling.why}`);
    }
    for (const { path, why } of problems) say(`not read: ${path}: ${why}`);
    const conflicts = keys.filter(({ outcome }) => outcome === "conflict").length;
    const same = keys.filter(({ outcome }) => outcome === "same").length;
    const pinned = keys.length - conflicts - same;
    if (keys.length + statements.length === 0) say("no keys and no statements in it");
    else if (keys.length > 0)
      say(`${pinned} pinned, ${same} were pinned before, ${conflicts} in conflict`);
    if (conflicts > 0)
      say("hint: trust show says what is known here, trust accept takes a key over");
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
  out(ours`${identity}\n${word.padEnd(COLUMN)}${publicKey}`);
}

interface ExportArguments {
  folder: string;
  json: boolean;
}

export const exportCommand: CommandModule<object, ExportArguments> = {
  command: "export <folder>",
  describe: "write what is pinned into a keyring, with the statements about it",
  builder: (yargs) =>
    yargs
      .positional("folder", { type: "string", demandOption: true, describe: "made if need be" })
      .option("json", JSON_OPTION),
  handler: ({ folder, json }) =>
    withTrust(true, (trust) => {
      const there = existsSync(join(folder, KEYRING_FOLDER))
        ? readKeyring(readKeyringFolder(folder), createVerifier())
        : EMPTY;
      let met = there.problems.length === 0;
      for (const { path, why } of there.problems) say(`not read: ${path}: ${why}`);
      let files = 0;
      for (const [identity, publicKey] of pinnedKeys(trust)) {
        const { outcome, written } = exportKey(folder, there, trust, identity, publicKey);
        files += written;
        if (outcome === "conflict") met = false;
        if (json) record("exported-key", { identity, publicKey, outcome });
        else if (outcome !== "same") line(outcome, identity, publicKey);
      }
      if (!json) say(`${files} ${files === 1 ? "file" : "files"} written`);
      process.exitCode = met ? EXIT.ok : EXIT.unmet;
    }),
};

/** Writes a key and the statements about its owner. A key that is known to be void is replaced. */
function exportKey(
  folder: string,
  there: Keyring,
  trust: TrustStore,
  identity: string,
  publicKey: string,
): { readonly outcome: "written" | "same" | "conflict"; readonly written: number } {
  const records = trust.lookup(identity);
  const files = there.files.get(identity) ?? [];
  const states = new Map(records.map((key) => [key.publicKey, key.state]));
  const old = files.filter(({ key }) => ["replaced", "revoked"].includes(states.get(key) ?? ""));
  const kept = files.filter((one) => !old.includes(one));
  const file = keyFileOf(identity, publicKey, kept.length === 0);
  const unclear = there.problems.some(({ path }) => path.startsWith(folderOf(identity)));
  if (file === null || unclear || kept.some(({ key }) => !states.has(key)))
    return { outcome: "conflict", written: 0 };
  let written = worthTelling(trust, identity, publicKey)
    .map(statementFileOf)
    .filter((one) => writeNew(folder, one)).length;
  for (const { path } of old) rmSync(join(folder, path), { force: true });
  if (kept.some(({ key }) => key === publicKey)) return { outcome: "same", written };
  if (writeNew(folder, file)) written++;
  return { outcome: "written", written };
}

/** What was followed, and what is said of this key: whoever repeats it is told once. */
function worthTelling(trust: TrustStore, identity: string, publicKey: string): StatementRecord[] {
  const said = trust
    .statements(identity)
    .filter(({ applied, key }) => applied || key === publicKey)
    .map((one) => [[one.kind, one.signer, one.key].join(" "), one] as const);
  return [...new Map(said).values()];
}

const EMPTY: Keyring = {
  keys: new Map(),
  files: new Map(),
  statements: [],
  problems: [],
};

function* pinnedKeys(trust: TrustStore): Generator<[string, string]> {
  const pinned = [...trust.list()].filter(({ state }) => state === "pinned");
  for (const { identity, publicKey } of pinned) yield [identity, publicKey];
}

/** Writes a file of a keyring unless it is there. */
function writeNew(folder: string, { path, bytes }: KeyringFile): boolean {
  const target = join(folder, path);
  if (bytes === null || existsSync(target)) return false;
  refuseLinks(folder, path);
  try {
    mkdirSync(dirname(target), { recursive: true });
  } catch (cause) {
    throw new PatchsigError("unwritable", `cannot make the folder ${dirname(target)}`, { cause });
  }
  replaceFile(target, bytes);
  return true;
}

/** A keyring that others have made must not lead elsewhere. */
function refuseLinks(folder: string, path: string): void {
  let name = folder;
  for (const part of path.split("/")) {
    name = join(name, part);
    if (lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new PatchsigError("refused", `${name} is a symbolic link: nothing is written there`);
  }
}

interface DiffArguments {
  keyring: string;
  patatt: boolean;
  json: boolean;
}

export const diffCommand: CommandModule<object, DiffArguments> = {
  command: "diff <keyring>",
  describe: "how a keyring and what is remembered differ; changes nothing",
  builder: (yargs) =>
    yargs
      .positional("keyring", { type: "string", demandOption: true, describe: KEYRING })
      .option("patatt", PATATT_OPTION)
      .option("json", JSON_OPTION),
  handler: ({ keyring: name, patatt, json }) =>
    withTrust(true, async (trust) => {
      const keyring = await openKeyring(name, createVerifier(), layoutOf(patatt));
      const here = new Map<string, readonly string[]>();
      for (const [identity, key] of pinnedKeys(trust))
        here.set(identity, [...(here.get(identity) ?? []), key]);
      for (const identity of keyring.keys.keys()) {
        const keys = usableKeys(trust.lookup(identity)).map(({ publicKey }) => publicKey);
        if (keys.length > 0) here.set(identity, keys);
      }
      const rows = differences(keyring, here);
      for (const row of rows) showDifference(row, trust, json);
      for (const { path, why } of keyring.problems) {
        if (json) record("problem", { path, why });
        else say(`not read: ${path}: ${why}`);
      }
      process.exitCode = rows.length + keyring.problems.length === 0 ? EXIT.ok : EXIT.unmet;
    }),
};

/** As a diff that leads from what is remembered to the keyring. */
function showDifference(row: Difference, trust: TrustStore, json: boolean): void {
  if (json) return record("difference", row);
  const { identity, inKeyring, here } = row;
  const states = new Map(trust.lookup(identity).map((key) => [key.publicKey, key.state]));
  out(ours` ${identity}`);
  if (here !== null) out(ours`-${here} ${states.get(here) ?? ""}`);
  if (inKeyring === null) return;
  const state = states.get(inKeyring);
  out(ours`+${inKeyring}${state === undefined ? "" : ` ${state} here`}`);
}
