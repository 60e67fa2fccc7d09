/** Writes pinned keys into a keyring, which others may have made, and compares the two. */

import { existsSync, lstatSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { readKeyringFolder } from "../../source/keyring.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import {
  type KeyringDifference,
  keyringDifferences,
  folderOf,
  type Keyring,
  KEYRING_FOLDER,
  KEYRING_FOLDERS,
  keyFileOf,
  type KeyringFile,
  type KeyUse,
  readKeyring,
  RESULTS_FOLDER,
  statementFileOf,
} from "../../trust/keyring.ts";
import type { StatementRecord } from "../../trust/record.ts";
import { type KeyringLayout, openKeyring } from "./keyrings.ts";
import { makeFolders } from "../../places.ts";

export interface ExportedKey {
  readonly identity: string;
  readonly publicKey: string;
  readonly use: KeyUse;
  readonly outcome: "written" | "same" | "conflict";
  /** Files, those of statements about the identity too. */
  readonly written: number;
}

/** Yields a key as soon as it is written. `problems`: files of the folder that cannot be read. */
export function exportKeyring(
  folder: string,
  trust: TrustStore,
): { readonly problems: Keyring["problems"]; readonly keys: Iterable<ExportedKey> } {
  const there = KEYRING_FOLDERS.some((top) => existsSync(join(folder, top)))
    ? readKeyring(readKeyringFolder(folder), createVerifier())
    : EMPTY;
  function* keys(): Generator<ExportedKey> {
    for (const use of ["patches", "results"] as const)
      for (const [identity, publicKey] of wantedKeys(trust, use))
        yield {
          identity,
          publicKey,
          use,
          ...exportKey(folder, there, trust, { use, identity, publicKey }),
        };
  }
  return { problems: there.problems, keys: keys() };
}

/** Compares a keyring with the database. Changes nothing. */
export async function diffKeyring(
  name: string,
  layout: KeyringLayout,
  trust: TrustStore,
): Promise<{
  readonly rows: readonly KeyringDifference[];
  readonly problems: Keyring["problems"];
}> {
  const keyring = await openKeyring(name, createVerifier(), layout);
  const [patches, results] = (["patches", "results"] as const).map((use) => {
    const here = new Map<string, readonly string[]>();
    for (const [identity, key] of wantedKeys(trust, use))
      here.set(identity, [...(here.get(identity) ?? []), key]);
    return here;
  }) as [Map<string, readonly string[]>, Map<string, readonly string[]>];
  for (const identity of keyring.keys.keys()) {
    const keys = usableKeys(trust.lookup(identity)).map(({ publicKey }) => publicKey);
    if (keys.length > 0) patches.set(identity, keys);
  }
  const rows = [
    ...keyringDifferences(keyring, "patches", patches),
    // patatt's keyrings have none
    ...(layout === "patatt" ? [] : keyringDifferences(keyring, "results", results)),
  ];
  return { rows, problems: keyring.problems };
}

/** Writes a key and the statements about its owner. Replaces a key that is known to be revoked. */
function exportKey(
  folder: string,
  there: Keyring,
  trust: TrustStore,
  { use, identity, publicKey }: Pick<ExportedKey, "use" | "identity" | "publicKey">,
): Pick<ExportedKey, "outcome" | "written"> {
  const [its, top] = use === "results" ? [there.results, RESULTS_FOLDER] : [there, KEYRING_FOLDER];
  const files = its.files.get(identity) ?? [];
  const states = statesOf(trust, use, identity);
  const old = files.filter(({ key }) => ["replaced", "revoked"].includes(states.get(key) ?? ""));
  const kept = files.filter((one) => !old.includes(one));
  const file = keyFileOf(identity, publicKey, kept.length === 0, top);
  const unclear = there.problems.some(({ path }) => path.startsWith(folderOf(identity, top)));
  if (file === null || unclear || kept.some(({ key }) => !states.has(key)))
    return { outcome: "conflict", written: 0 };
  let written = worthTelling(trust, identity, publicKey)
    .map((said) => statementFileOf(said, top))
    .filter((one) => writeNew(folder, one)).length;
  for (const { path } of old) rmSync(join(folder, path), { force: true });
  if (kept.some(({ key }) => key === publicKey)) return { outcome: "same", written };
  if (writeNew(folder, file)) written++;
  return { outcome: "written", written };
}

/** Statements that were followed, and those about this key, each once. */
function worthTelling(trust: TrustStore, identity: string, publicKey: string): StatementRecord[] {
  const said = trust
    .statements(identity)
    .filter(({ applied, key }) => applied || key === publicKey)
    .map((one) => [[one.kind, one.signer, one.key].join(" "), one] as const);
  return [...new Map(said).values()];
}

/** What is known here of the keys of an identity. */
export function statesOf(trust: TrustStore, use: KeyUse, identity: string): Map<string, string> {
  if (use === "patches")
    return new Map(trust.lookup(identity).map(({ publicKey, state }) => [publicKey, state]));
  const its = trust.results.list().filter((one) => one.identity === identity);
  return new Map(
    its.map(({ publicKey }) => {
      const { revoked, state } = trust.results.of(identity, publicKey);
      return [publicKey, revoked ? "revoked" : (state ?? "")];
    }),
  );
}

const EMPTY: Keyring = {
  keys: new Map(),
  files: new Map(),
  results: { keys: new Map(), files: new Map() },
  statements: [],
  problems: [],
};

/** Those that a person pinned, or accepted for results. */
function* wantedKeys(trust: TrustStore, use: KeyUse): Generator<[string, string]> {
  const all =
    use === "patches"
      ? [...trust.list()].filter(({ state }) => state === "pinned")
      : trust.results
          .list()
          .filter(
            ({ identity, publicKey }) => statesOf(trust, use, identity).get(publicKey) === "pinned",
          );
  for (const { identity, publicKey } of all) yield [identity, publicKey];
}

/** Writes a file of a keyring unless it is there. */
function writeNew(folder: string, { path, bytes }: KeyringFile): boolean {
  const target = join(folder, path);
  if (bytes === null || existsSync(target)) return false;
  refuseLinks(folder, path);
  writing(dirname(target), () => makeFolders(dirname(target)), "make");
  replaceFile(target, bytes);
  return true;
}

/** A keyring that others made must not lead elsewhere. */
function refuseLinks(folder: string, path: string): void {
  let name = folder;
  for (const part of path.split("/")) {
    name = join(name, part);
    if (lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new PatchsigError("refused", `${name} is a symbolic link: not written`);
  }
}
