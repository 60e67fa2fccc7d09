/** Keyrings by the names that people give them: a folder, or `ref:REPO:REF:PATH`. */

import { PATATT_FOLDERS, readPatattKeyring } from "../devsig/import.ts";
import { isRefKeyring, readKeyringRef } from "../git/keyring.ts";
import { createVerifier, type Verifier } from "../minisign/ed25519.ts";
import { escapeText } from "../report/escape.ts";
import { readKeyringFolder } from "../source/keyring.ts";
import type { TrustStore } from "../store/trust-store.ts";
import { type Keyring, KEYRING_FOLDER, readKeyring } from "../trust/keyring.ts";
import type { Cause } from "../trust/record.ts";
import type { Ruling } from "../trust/ruling.ts";
import type { Statement } from "../trust/statement.ts";
import { shellCommand } from "../shell.ts";
import { gitConfig } from "./settings.ts";
import { note } from "./terminal.ts";
import { now } from "./now.ts";

/** How the files of a keyring lie: as docs/spec/trust.md says, or as patatt has them. */
export type KeyringLayout = "minisign" | "patatt";

/** Throws a CliError: not-found, unreadable, too-large, usage, git-failed. */
export async function openKeyring(
  name: string,
  verifier: Verifier,
  layout: KeyringLayout = "minisign",
): Promise<Keyring> {
  const tops = layout === "patatt" ? PATATT_FOLDERS : [KEYRING_FOLDER];
  const files = isRefKeyring(name)
    ? await readKeyringRef(name, tops)
    : readKeyringFolder(name, tops);
  return layout === "patatt" ? readPatattKeyring(files) : readKeyring(files, verifier);
}

/** The keyrings of git config: `patchsig.keyring`, as often as it is set. */
export function configuredKeyrings(): readonly string[] {
  return gitConfig().paths("patchsig.keyring");
}

/** What became of a keyring's keys and statements. */
export interface Imported {
  readonly keys: readonly {
    readonly identity: string;
    readonly publicKey: string;
    readonly outcome: "pinned" | "same" | "conflict";
  }[];
  readonly statements: readonly { readonly statement: Statement; readonly ruling: Ruling }[];
  readonly problems: Keyring["problems"];
}

/** Takes a keyring over, in one transaction: first its keys, then its statements. */
export async function importKeyring(
  name: string,
  store: TrustStore,
  verifier: Verifier,
  layout?: KeyringLayout,
): Promise<Imported> {
  const { keys, statements, problems } = await openKeyring(name, verifier, layout);
  const at = now();
  const cause: Cause = { cause: "keyring", at, messageId: "", source: name };
  return store.transaction(() => ({
    keys: [...keys].flatMap(([identity, its]) =>
      its.map((publicKey) => ({
        identity,
        publicKey,
        outcome: store.importKey(identity, publicKey, cause, its),
      })),
    ),
    statements: statements.map((statement) => ({
      statement,
      ruling: store.applyStatement(statement, cause),
    })),
    problems,
  }));
}

/** Before mails are verified: takes configured keyrings over, and says where they contradict. */
export async function importKeyrings(names: readonly string[], store: TrustStore): Promise<void> {
  const verifier = createVerifier();
  for (const name of names) {
    const { keys, problems } = await importKeyring(name, store, verifier);
    const conflicts = keys.filter(({ outcome }) => outcome === "conflict").length;
    const wrong = [
      ...(conflicts > 0 ? [`${conflicts} of its keys not taken: other keys are in use here`] : []),
      ...(problems.length > 0 ? [`${problems.length} of its files not read`] : []),
    ];
    if (wrong.length === 0) continue;
    note(`note: keyring ${escapeText(name)}: ${wrong.join("; ")}\n`);
    note(`hint: ${escapeText(shellCommand("git patchsig trust diff", name))}\n`);
  }
}
