import { createVerifier } from "../../src/minisign/ed25519.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import type { LocalSigner } from "../../src/minisign/signature.ts";
import type { Cause, StatementKind } from "../../src/trust/record.ts";
import { findStatements, signStatement, type Statement } from "../../src/trust/statement.ts";

export const ALICE = "alice@example.org";
export const BOB = "bob@example.org";
export const TIME = 1_794_000_000;
const verifier = createVerifier();

export interface Key {
  readonly signer: LocalSigner;
  readonly text: string;
}

/** A key that depends only on the number. */
export function keyOf(number: number): Key {
  const signer = generateSecretKey(Buffer.alloc(32, number), Buffer.alloc(8, number));
  return { signer, text: formatPublicKeyText(signer.publicKey) };
}

/** `who` says it of `of`'s `key`, as `by`. */
export function says(
  who: Key,
  kind: StatementKind,
  key: Key,
  { by = ALICE, of = ALICE, time = TIME }: { by?: string; of?: string; time?: number } = {},
): Statement {
  return signStatement(who.signer, { kind, time, by, of, key: key.text });
}

export function find(text: string): ReturnType<typeof findStatements> {
  return findStatements(Buffer.from(text, "latin1"), verifier);
}

export function byMail(at = TIME, messageId = "<statement@example.org>"): Cause {
  return { cause: "mail", at, messageId, source: "" };
}
