/** Keyrings by the names that people give them: a folder, or `ref:REPO:REF:PATH`. */

import { PATATT_FOLDERS, readPatattKeyring } from "../../devsig/import.ts";
import { isRefKeyring, readKeyringRef } from "../../git/keyring.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { readKeyringFolder } from "../../source/keyring.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { type Imported, type Keyring, KEYRING_FOLDERS, readKeyring } from "../../trust/keyring.ts";
import { type Pins, pinsOf } from "../../trust/pins.ts";
import type { Cause } from "../../trust/record.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { statementsInFile } from "./statements.ts";
import { placesOf } from "../settings.ts";
import type { Reporter } from "../reporter.ts";
import { now } from "../now.ts";

/** How the files of a keyring lie: as docs/spec/trust.md says, or as patatt has them. */
export type KeyringLayout = "minisign" | "patatt";

/** Throws a PatchsigError: not-found, unreadable, too-large, usage, git-failed. */
export async function openKeyring(
  name: string,
  verifier: Verifier,
  layout: KeyringLayout = "minisign",
): Promise<Keyring> {
  const tops = layout === "patatt" ? PATATT_FOLDERS : KEYRING_FOLDERS;
  const files = isRefKeyring(name)
    ? await readKeyringRef(name, tops)
    : readKeyringFolder(name, tops);
  return layout === "patatt" ? readPatattKeyring(files) : readKeyring(files, verifier);
}

/**
 * The keyrings of git config, `patchsig.keyring`, by owner. The user's own pin keys in the user's
 * database. One that the repository's settings name, or a relative path, is the repository's: it counts
 * only for verdicts there (trust/pins.ts).
 */
export function configuredKeyrings(): {
  readonly own: readonly string[];
  readonly repository: readonly string[];
} {
  const named = placesOf("patchsig.keyring");
  return {
    own: named.filter(({ fixed }) => fixed).map(({ name }) => name),
    repository: named.filter(({ fixed }) => !fixed).map(({ name }) => name),
  };
}

/**
 * Before verification: imports the user's keyrings, and reads the repository's.
 *
 * @param say gets what is wrong with them
 * @returns what the latter say
 */
export async function readKeyrings(store: TrustStore, say: Reporter["say"]): Promise<Pins> {
  const { own, repository } = configuredKeyrings();
  await importKeyrings(own, store, say);
  const verifier = createVerifier();
  const keyrings: Keyring[] = [];
  for (const name of repository) {
    const keyring = await openKeyring(name, verifier);
    keyrings.push(keyring);
    wrongWith(name, keyring.problems.length, 0).forEach(say);
  }
  return pinsOf(keyrings);
}

/** Imports a keyring in one transaction: first its keys, then its statements. */
export async function importKeyring(
  name: string,
  store: TrustStore,
  verifier: Verifier,
  layout?: KeyringLayout,
): Promise<Imported> {
  const keyring = await openKeyring(name, verifier, layout);
  return takeKeyring(keyring, store, { cause: "keyring", at: now(), messageId: "", source: name });
}

/** The same for a keyring that was read. */
export function takeKeyring(
  { keys, results, statements, problems }: Keyring,
  store: TrustStore,
  cause: Cause,
): Imported {
  return store.transaction(() => ({
    keys: [
      ...eachKey(keys, (identity, publicKey, its) => ({
        use: "patches" as const,
        outcome: store.importKey(identity, publicKey, cause, its),
      })),
      ...eachKey(results.keys, (identity, publicKey, its) => ({
        use: "results" as const,
        outcome: store.results.take(identity, publicKey, cause, its),
      })),
    ],
    statements: statements.map((statement) => ({
      statement,
      ruling: store.applyStatement(statement, cause),
    })),
    problems,
  }));
}

function eachKey<T>(
  keys: Keyring["keys"],
  take: (identity: string, publicKey: string, its: readonly string[]) => T,
): ({ readonly identity: string; readonly publicKey: string } & T)[] {
  return [...keys].flatMap(([identity, its]) =>
    its.map((publicKey) => ({ identity, publicKey, ...take(identity, publicKey, its) })),
  );
}

/** Imports keyrings, and reports conflicts. */
async function importKeyrings(
  names: readonly string[],
  store: TrustStore,
  say: Reporter["say"],
): Promise<void> {
  const verifier = createVerifier();
  for (const name of names) {
    const { keys, problems } = await importKeyring(name, store, verifier);
    const conflicts = keys.filter(({ outcome }) => outcome === "conflict").length;
    wrongWith(name, problems.length, conflicts).forEach(say);
  }
}

function wrongWith(name: string, problems: number, conflicts: number): string[] {
  const wrong = [
    ...(conflicts > 0 ? [`${conflicts} of its keys not taken: other keys are in use here`] : []),
    ...(problems > 0 ? [`${problems} of its files not read`] : []),
  ];
  if (wrong.length === 0) return [];
  return [
    `note: keyring ${name}: ${wrong.join("; ")}`,
    `hint: ${shellCommand("git patchsig trust diff", name)}`,
  ];
}

/** Imports statements from a file, in the order of their time. */
export function importFile(name: string, trust: TrustStore): Imported {
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
