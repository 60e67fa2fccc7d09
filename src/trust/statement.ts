/**
 * Statements about keys (docs/spec/trust.md): four lines in minisign's form, in which the holder of a
 * key says something about a key. The trusted comment has all of it; the signed data repeats it as
 * lines, below a first line that no patch's attestation has.
 *
 *     untrusted comment: patchsig-statement RW…
 *     RU…
 *     trusted comment: patchsig-statement-v1 rotate t=… by=… of=… key=RW…
 *     …
 */

import { createHash } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { formatPublicKeyText, parsePublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import {
  formatSignature,
  parseSignature,
  type LocalSigner,
  type Signature,
  signing,
  type Signing,
  signNow,
  verifySignature,
} from "../minisign/signature.ts";
import { endOfLine, findLines, squeeze } from "../patch/squeeze.ts";
import type { PublicKeyText } from "../types.ts";
import { normaliseIdentity } from "./identity.ts";
import type { StatementKind } from "./record.ts";

const KINDS: readonly StatementKind[] = ["rotate", "add", "endorse", "revoke"];

/** What is said. */
interface Said {
  readonly kind: StatementKind;
  /** Time of signing, seconds since 1970, by the signer's clock. */
  readonly time: number;
  /** The signer's identity, as the signer claims it. */
  readonly by: string;
  /** The identity that it is about. */
  readonly of: string;
  /** The key that it is about: the new one, the additional, the endorsed, the revoked one. */
  readonly key: PublicKeyText;
}

/** A statement whose two signatures are good: the holder of `signer` said so. */
export interface Statement extends Said {
  readonly signer: PublicKeyText;
  /** The four lines. */
  readonly text: string;
  /** Names what was said and by which key: 32 bytes, the same however often it is signed. */
  readonly digest: Buffer;
}

/** What was found in the place of a statement: a good one, or what is wrong with it. */
export type StatementReading =
  | { readonly ok: true; readonly statement: Statement }
  | { readonly ok: false; readonly why: "malformed" | "version" | "signature" | "too-many" };

const VERSION = "patchsig-statement-v1";
const MARKER = Buffer.from("untrusted comment: patchsig-statement");
const MAX_STATEMENTS = 8;
/** A statement with two addresses of 254 characters has under 1,000 bytes; wrapping may double that. */
const MAX_BYTES = 2000;
const MAX_ADDRESS = 254;

const BASE64 = "[A-Za-z0-9+/]";
const KEY = `RW${BASE64}{54}`;
const HEAD = new RegExp(
  `^untrustedcomment:patchsig-statement(${KEY})(RU${BASE64}{97}=)trustedcomment:patchsig-statement-v([1-9][0-9]{0,3}?)(?=${KINDS.join("|")})`,
);
const TAIL = new RegExp(`^${BASE64}{86}==`);
// one "@" each, and no "=" behind it: the squeezed form has one reading
const ADDRESS = "([!-?A-~]{1,64}@[a-z0-9._-]{1,253}?)";
const FIELDS = new RegExp(
  `^(${KINDS.join("|")})t=(0|[1-9][0-9]{0,11})by=${ADDRESS}of=${ADDRESS}key=(${KEY})`,
);

/**
 * The statements in a text, in their order: at the start of a line, at most eight. Bad ones are
 * returned too, with the reason.
 */
export function findStatements(text: Buffer, verifier: Verifier): StatementReading[] {
  const starts = findLines(text, MARKER, MAX_STATEMENTS + 1);
  return starts.map((start, i) =>
    i < MAX_STATEMENTS ? readStatement(text, start, verifier) : { ok: false, why: "too-many" },
  );
}

function readStatement(text: Buffer, start: number, verifier: Verifier): StatementReading {
  const squeezed = squeeze(text, start, MAX_BYTES);
  const head = HEAD.exec(squeezed.text);
  if (head === null) return { ok: false, why: "malformed" };
  const [lead, signer, signature, version] = head as unknown as [string, string, string, string];
  if (version !== "1") return { ok: false, why: "version" };
  const fields = FIELDS.exec(squeezed.text.slice(lead.length));
  if (fields === null) return { ok: false, why: "malformed" };
  const tail = TAIL.exec(squeezed.text.slice(lead.length + fields[0].length));
  if (tail === null) return { ok: false, why: "malformed" };
  const [, kind, time, by, of, key] = fields as unknown as string[];
  const said = { kind: kind as StatementKind, time: Number(time), by: by!, of: of!, key: key! };
  if (![said.by, said.of].every(isIdentity)) return { ok: false, why: "malformed" };
  if (endOfLine(text, squeezed, lead.length + fields[0].length + tail[0].length) === null)
    return { ok: false, why: "malformed" };
  return verified(
    `untrusted comment: ${untrusted(signer)}\n${signature}\n` +
      `trusted comment: ${statementComment(said)}\n${tail[0]}\n`,
    said,
    signer,
    verifier,
  );
}

function isIdentity(address: string): boolean {
  return address.length <= MAX_ADDRESS && normaliseIdentity(address) === address;
}

function verified(
  lines: string,
  said: Said,
  signer: PublicKeyText,
  verifier: Verifier,
): StatementReading {
  let key: PublicKey;
  let signature: Signature;
  try {
    // "RW" alone is not yet "Ed": a part of the third character decides
    key = parsePublicKeyText(signer);
    parsePublicKeyText(said.key);
    signature = parseSignature(Buffer.from(lines));
  } catch (error) {
    if (error instanceof FormatError) return { ok: false, why: "malformed" };
    throw error;
  }
  const check = verifySignature(verifier, key, signedText(said), signature);
  if (check !== "good") return { ok: false, why: "signature" };
  return { ok: true, statement: complete(said, signer, lines) };
}

function complete(said: Said, signer: PublicKeyText, text: string): Statement {
  const digest = createHash("sha256").update(`${signer}\n`).update(signedText(said)).digest();
  return { ...said, signer, text, digest };
}

/** Signs a statement. `by` and `of` must be identities in ASCII, or it throws a RangeError. */
export function signStatement(signer: LocalSigner, said: Said): Statement {
  return signNow(signer, statementSigning(signer.publicKey, said));
}

/** `signStatement`, for whoever holds the secret half of `publicKey`. */
export function* statementSigning(publicKey: PublicKey, said: Said): Signing<Statement> {
  for (const address of [said.by, said.of])
    if (!isIdentity(address) || !/^[!-~]+$/.test(address))
      throw new RangeError("an address that no statement can be about");
  const name = formatPublicKeyText(publicKey);
  const made = yield* signing(publicKey, signedText(said), statementComment(said), untrusted(name));
  return complete(said, name, formatSignature(made));
}

/** What the signature is made over. */
export function signedText({ kind, time, by, of, key }: Said): Buffer {
  return Buffer.from(`${VERSION}\n${kind}\nt: ${time}\nby: ${by}\nof: ${of}\nkey: ${key}\n`);
}

function statementComment({ kind, time, by, of, key }: Said): string {
  return `${VERSION} ${kind} t=${time} by=${by} of=${of} key=${key}`;
}

function untrusted(signer: PublicKeyText): string {
  return `patchsig-statement ${signer}`;
}
