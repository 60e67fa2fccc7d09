/** Statements about keys: signing with the user's key, following, and reading from files. */

import { readFileSync, statSync } from "node:fs";
import { EXIT, PatchsigError } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { formatPublicKeyText, parsePublicKeyText } from "../../minisign/public-key.ts";
import { type MinisignSigner, signWith } from "../../minisign/signature.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { readStdin } from "../../source/reading.ts";
import { readPublicKeyFile } from "../../store/key-file.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import type { StatementKind } from "../../trust/record.ts";
import { findStatements, type Statement, statementSigning } from "../../trust/statement.ts";

export interface Saying {
  readonly kind: StatementKind;
  /** Who makes the statement, and about whose key. */
  readonly by: string;
  readonly of: string;
  /** The key that it is about, as text or a file; null: the one that signs. */
  readonly key: string | null;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** PatchsigError "bad-key"; "usage" for one's own key where another one is meant. */
export async function signedStatement(
  signer: MinisignSigner,
  { kind, by, of, key, time }: Saying,
): Promise<Statement> {
  const own = formatPublicKeyText(signer.publicKey);
  const about = key === null ? own : publicKeyOf(key);
  if (kind !== "revoke" && about === own)
    throw new PatchsigError("usage", "this is your own signing key");
  const said = { kind, time, by, of, key: about };
  return signWith(signer, statementSigning(signer.publicKey, said));
}

/** Follows the user's own statement. PatchsigError "refused" if it has no effect here. */
export function believe(trust: TrustStore, statement: Statement, time: number): void {
  const { outcome, why } = trust.applyOwn(statement, time);
  if (outcome !== "applied") throw new PatchsigError("refused", `not believed here: ${why}`);
}

/** The only key in use of an identity. PatchsigError "not-found" unless there is exactly one. */
export function keyInUse(trust: TrustStore, identity: string): string {
  const all = [...usableKeys(trust.lookup(identity)), ...trust.results.inUse(identity)];
  const [key, ...others] = all;
  if (key === undefined || others.length > 0)
    throw new PatchsigError("not-found", `which key of ${identity}?`, {
      hint: shellCommand("git patchsig trust show", identity),
      exit: EXIT.unmet,
    });
  return key.publicKey;
}

/** A key that was given as text or as a file. @throws PatchsigError "bad-key" */
export function publicKeyOf(text: string): string {
  if (text.endsWith(".pub")) return formatPublicKeyText(readPublicKeyFile(text));
  try {
    parsePublicKeyText(text);
    return text;
  } catch (cause) {
    throw new PatchsigError("bad-key", `"${text}" is not a complete public key`, {
      hint: "give all 56 characters, from RW on, or a file that ends in .pub",
      cause,
    });
  }
}

const MAX_FILE = 1 << 20;

/** The statements in a file or in what comes on stdin. Throws a PatchsigError if there is none. */
export function statementsInFile(file: string): readonly Statement[] {
  const found = findStatements(readStatementFile(file), createVerifier());
  const good = found.flatMap((one) => (one.ok ? [one.statement] : []));
  const bad = found.find((one) => !one.ok);
  if (bad?.ok === false)
    throw new PatchsigError("refused", `${file} holds a bad statement: ${bad.why}`, {
      exit: EXIT.unmet,
    });
  if (good.length === 0)
    throw new PatchsigError("refused", `no statement in ${file}`, { exit: EXIT.unmet });
  return good;
}

function readStatementFile(file: string): Buffer {
  const stat = file === "-" ? undefined : statSync(file, { throwIfNoEntry: false });
  if (file !== "-" && stat === undefined)
    throw new PatchsigError("not-found", `no such file: ${file}`);
  let bytes: Buffer | null;
  try {
    if (file === "-") bytes = readStdin(MAX_FILE);
    else bytes = (stat?.size ?? 0) > MAX_FILE ? null : readFileSync(file);
  } catch (cause) {
    throw new PatchsigError("unreadable", `cannot read ${file}`, { cause });
  }
  if (bytes === null)
    throw new PatchsigError("too-large", `${file} is too large to be a statement`);
  return bytes;
}
