/**
 * Texts that a machine signs as they stand, and minisign's four lines below them: test results
 * (docs/spec/result.md) and what a feed says of itself.
 *
 *     patchsig-result-v1
 *     t: 1795530000
 *     …
 *
 *     untrusted comment: patchsig-result RW…
 *     RU…
 *     trusted comment: patchsig-result-v1 t=1795530000 …
 *     …
 *
 * Lines are whole, of printable ASCII, in one order: there is one way to write what is said. So the bytes
 * that stand in a mail are the bytes that were signed, and nothing is put together again.
 */

import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { formatPublicKeyText, parsePublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import {
  formatSignature,
  globalMessage,
  parseSignature,
  type Signature,
  signing,
  type Signing,
  verifySignature,
} from "../minisign/signature.ts";
import type { PublicKeyText } from "../types.ts";

/** A line `name: value` of a text, in the place that it has in the table. */
export interface FieldRule {
  readonly name: string;
  /** The whole value: anchored. */
  readonly value: RegExp;
  /** It may stand so many times, and may be missing; without this, it stands once. */
  readonly most?: number;
}

/** A kind of text. Its version 1 is closed: further fields are another version. */
export interface TextKind<T> {
  /** `result`: the first line is `patchsig-result-v1`. */
  readonly name: string;
  /** What no text of this kind is longer than, in bytes. */
  readonly maxBytes: number;
  readonly fields: readonly FieldRule[];
  /** What the fields say; null if their values do not go together. */
  readonly read: (values: FieldValues) => T | null;
  /** The reverse of `read`. */
  readonly write: (said: T) => FieldValues;
  /** What the trusted comment repeats for people: `t=… by=…`. */
  readonly comment: (said: T) => string;
}

/** All values of a field, in their order. */
export type FieldValues = Readonly<Record<string, readonly string[]>>;

/** A text whose two signatures are good: the holder of `publicKey` said so. */
export interface SignedText<T> {
  readonly said: T;
  readonly publicKey: PublicKeyText;
  /** What was signed. ASCII. */
  readonly text: string;
  /** The four lines. */
  readonly minisig: string;
}

/**
 * Why a text does not count. `changed`: it is not what the key's holder signed. `diff`: the mail has a diff of
 * its own, so that readers could take the text for one about that.
 */
export type TextFlaw = "malformed" | "version" | "signature" | "changed" | "too-many" | "diff";

/** What was found in the place of a text. */
export type TextReading<T> =
  | { readonly ok: true; readonly signed: SignedText<T> }
  | { readonly ok: false; readonly why: TextFlaw };

/** In one mail. */
const MAX_TEXTS = 8;
/** RFC 5322's limit: no transport has to break such a line. */
const MAX_LINE = 998;
/** Four lines of at most that length. */
const MAX_MINISIG = 4 * (MAX_LINE + 1);

const BASE64 = "[A-Za-z0-9+/]";

/**
 * The texts of a kind in the text of a mail, in their order: at the start of a line, by default eight. Quoted
 * ones are none. Bad ones are returned too, with the reason.
 *
 * @param text all that is below the header, decoded, without CR before LF
 * @param hasDiff the mail has a diff of its own
 * @param most how many count
 */
export function signedTextsIn<T>(
  kind: TextKind<T>,
  text: Buffer,
  verifier: Verifier,
  hasDiff = false,
  most = MAX_TEXTS,
): TextReading<T>[] {
  const readings: TextReading<T>[] = [];
  const marker = `patchsig-${kind.name}-v`;
  // most mails have none: the search spares the copy
  if (!text.includes(marker)) return [];
  const all = text.toString("latin1");
  for (const { index, 1: version } of all.matchAll(
    // not "^" and "$": lines end with LF alone, also where a quoted one has a CR in it
    new RegExp(`(?<![^\\n])${marker}([1-9][0-9]{0,8})(?![^\\n])`, "g"),
  )) {
    if (readings.length === most) return [...readings, { ok: false, why: "too-many" }];
    const flaw = hasDiff ? "diff" : version !== "1" ? "version" : null;
    const end = index + kind.maxBytes + MAX_MINISIG + 1;
    readings.push(
      flaw === null ? readSigned(kind, all.slice(index, end), verifier) : { ok: false, why: flaw },
    );
  }
  return readings;
}

/** @param text begins with the text, one character for each byte */
function readSigned<T>(kind: TextKind<T>, text: string, verifier: Verifier): TextReading<T> {
  const end = text.indexOf("\n\n") + 1;
  const signedText = text.slice(0, end);
  const said = end === 0 ? null : readText(kind, signedText);
  const block = said === null ? null : readMinisig(kind.name, text.slice(end + 1));
  if (said === null || block === null) return { ok: false, why: "malformed" };
  const { key, signature } = block;
  // the comment's signature first: if it alone is good, something has changed the text
  const comment = globalMessage(signature.signature, signature.trustedComment);
  if (!verifier.verifyStrict(key.point, comment, signature.globalSignature))
    return { ok: false, why: "signature" };
  if (!signature.trustedComment.startsWith(`${versionOf(kind.name)} `))
    return { ok: false, why: "malformed" };
  const check = verifySignature(verifier, key, Buffer.from(signedText), signature);
  if (check !== "good") return { ok: false, why: check === "other-key" ? "signature" : "changed" };
  // the comment must not say anything that the text does not
  if (signature.trustedComment !== commentOf(kind, said)) return { ok: false, why: "malformed" };
  const minisig = formatSignature(signature);
  return {
    ok: true,
    signed: { said, publicKey: formatPublicKeyText(key), text: signedText, minisig },
  };
}

/** What a text says; null if it is none of this kind in its one form. */
function readText<T>(kind: TextKind<T>, text: string): T | null {
  const [first, ...lines] = text.split("\n");
  if (text.length > kind.maxBytes || first !== versionOf(kind.name) || lines.pop() !== "")
    return null;
  const values = readFields(lines, kind.fields);
  return values === null ? null : kind.read(values);
}

/** The values of `name: value` lines in the order of the rules; null if a line is amiss. */
function readFields(lines: readonly string[], rules: readonly FieldRule[]): FieldValues | null {
  const values: Record<string, string[]> = {};
  let at = 0;
  for (const { name, value, most } of rules) {
    const found: string[] = [];
    const lead = `${name}: `;
    while (found.length < (most ?? 1) && lines[at]?.startsWith(lead) === true)
      found.push(lines[at++]!.slice(lead.length));
    if (most === undefined && found.length === 0) return null;
    if (!found.every((one) => lead.length + one.length <= MAX_LINE && value.test(one))) return null;
    values[name] = found;
  }
  return at === lines.length ? values : null;
}

/** What is signed. Throws a RangeError for what no reader would accept. */
function formatText<T>(kind: TextKind<T>, said: T): string {
  const values = kind.write(said);
  const lines = kind.fields.flatMap(({ name }) =>
    (values[name] ?? []).map((value) => `${name}: ${value}\n`),
  );
  const text = `${versionOf(kind.name)}\n${lines.join("")}`;
  if (readText(kind, text) === null) throw new RangeError(`no ${kind.name} can say that`);
  return text;
}

/**
 * Signs a text, for whoever holds the secret half of `key`. Throws a RangeError for what no reader would
 * accept.
 */
export function* textSigning<T>(
  kind: TextKind<T>,
  key: PublicKey,
  said: T,
): Signing<SignedText<T>> {
  const text = formatText(kind, said);
  const publicKey = formatPublicKeyText(key);
  const made = yield* signing(
    key,
    Buffer.from(text),
    commentOf(kind, said),
    untrusted(kind.name, publicKey),
  );
  return { said, publicKey, text, minisig: formatSignature(made) };
}

/** What stands in a mail: the text, an empty line, the four lines. */
export function formatSignedText({ text, minisig }: SignedText<unknown>): string {
  return `${text}\n${minisig}`;
}

/** The four lines at the start of a text, each as it was written; null if they are damaged. */
function readMinisig(
  name: string,
  text: string,
): { readonly key: PublicKey; readonly signature: Signature } | null {
  const block = new RegExp(
    `^untrusted comment: patchsig-${name} (RW${BASE64}{54})\n` +
      `RU${BASE64}{97}=\ntrusted comment: [ -~]+\n${BASE64}{86}==(?:\n|$)`,
  ).exec(text);
  if (block === null) return null;
  try {
    // "RW" alone is not yet "Ed": a part of the third character decides
    const key = parsePublicKeyText(block[1]!);
    return { key, signature: parseSignature(Buffer.from(block[0])) };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function versionOf(name: string): string {
  return `patchsig-${name}-v1`;
}

function commentOf<T>(kind: TextKind<T>, said: T): string {
  return `${versionOf(kind.name)} ${kind.comment(said)}`;
}

function untrusted(name: string, publicKey: PublicKeyText): string {
  return `patchsig-${name} ${publicKey}`;
}
