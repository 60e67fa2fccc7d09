/**
 * What an X-Developer-Signature is over: git mailinfo's author, title, message and patch in DKIM's
 * "relaxed" and "simple" forms. Those forms let some differences through that git does not. Here
 * they have to be the identity: where another mail, which git reads otherwise, would have the same
 * signed text, the text is not covered, and nothing is good.
 */

import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { findBreak } from "../mail/body.ts";
import { CR, LF, latin1 } from "../primitives/bytes.ts";
import { readDiff } from "../diff/diff.ts";
import type { Diff, MailView } from "../types.ts";
import { type DevsigClaim, hasQWord, relaxed } from "./claim.ts";
import { type HeaderField } from "../mail/fields.ts";

/** A mail in the form that is signed. */
export interface Covered {
  /** Base64 of the body's SHA-256, as in `bh=`. */
  readonly bodyHash: string;
  /** The same of the body's first bytes, if they are all that git reads; else null. */
  readonly partHash: (length: number) => string | null;
  /** All headers, top to bottom, From and Subject as git reads them. */
  readonly fields: readonly HeaderField[];
}

/** The signed form of the mail, or why a signature cannot vouch for what git makes of it. */
export function coveredText(
  view: MailView,
  diff: Diff | null,
  fields: readonly HeaderField[],
): Covered | string {
  if (diff === null) return "the diff is refused";
  // what is signed are bytes: their charset is not, and may have been taken away
  const { author, email, subject } = view.info;
  if (view.recoded || ![author, email, subject, view.message].every((text) => isUtf8(text)))
    return "text in another charset than utf-8";
  const headers = coveredFields(view, fields);
  if (typeof headers === "string") return headers;
  const body = coveredBody(view, diff);
  if (typeof body === "string") return body;
  return {
    bodyHash: sha256Base64(body),
    partHash: (length) =>
      isAllThatIsRead(view, diff, body, length) ? sha256Base64(body.subarray(0, length)) : null,
    fields: headers,
  };
}

function sha256Base64(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64");
}

/**
 * True if git reads the same message and diff from the lines that make up these bytes of the body: what
 * follows is a list's footer.
 */
function isAllThatIsRead(view: MailView, diff: Diff, body: Buffer, length: number): boolean {
  const lines = body.subarray(0, length);
  if (length > body.length || !lines.includes("\r\n", -2)) return false;
  const text = Buffer.from(latin1(lines).replaceAll("\r\n", "\n"), "latin1");
  // a message alone would have been the footer's too
  if (text.length <= view.message.length || view.patch.length === 0) return false;
  const alone = readDiff(text.subarray(view.message.length));
  return alone.ok && alone.value.end === diff.end && alone.value.canonical.equals(diff.canonical);
}

/** The headers with git's author and title in the place of the mail's own. */
function coveredFields(view: MailView, fields: readonly HeaderField[]): HeaderField[] | string {
  const { author, email, subject, date } = view.info;
  // patatt reads them line by line, and the last of a name counts
  if ([author, email, subject, date].some((text) => text.includes(LF)))
    return "a line break in a header";
  if (latin1(email).includes(" ")) return "an odd address";
  if (fields.some(({ value }) => /[\v\f]/.test(value))) return "a form feed in the header";
  const from = `${author.length === 0 ? "" : `${latin1(author)} `}<${latin1(email)}>`;
  // a Map: a header may be called "constructor"
  const values = new Map([
    ["from", from],
    ["subject", latin1(subject)],
  ]);
  for (const [name, value] of values) {
    const own = fields.filter((field) => field.name === name);
    if (own.length === 0) return `no ${name} header`;
    if (!own.every((field) => isUtf8(Buffer.from(field.value, "latin1"))))
      return `a ${name} header that is not utf-8`;
    if (relaxed(value) !== value || hasQWord(value)) return `white space or words in ${name}`;
  }
  return fields.map((field) => ({ ...field, value: values.get(field.name) ?? field.value }));
}

/** Message and patch as one text, its lines ended by CR LF, without empty lines at its end. */
function coveredBody({ message, patch }: MailView, diff: Diff): Buffer | string {
  const text = Buffer.concat([message, patch]);
  // message and patch are hashed as one: where the one ends has to follow from the text
  if (patch.length > 0 && findBreak(text, 0)?.start !== message.length)
    return "message and patch are not told apart";
  let end = text.length;
  while (end > 0 && (text[end - 1] === LF || text[end - 1] === CR)) end--;
  if (end === 0) return "no text";
  if (patch.length > 0 && message.length + diff.end > end + 1)
    return "the diff goes on in empty lines at the end";
  if (text.includes("\r\n") || text.at(-1) === CR) return "carriage returns at line ends";
  const lines = latin1(text, 0, end).replaceAll("\n", "\r\n");
  return Buffer.from(`${lines}\r\n`, "latin1");
}

/**
 * SHA-256 over the signed headers and the signature's own, in DKIM's way: of several headers of one
 * name the last comes first, and one that is not there adds nothing. Null if patatt would decode one.
 */
export function signedDigest(
  claim: Pick<DevsigClaim, "headers" | "prefix">,
  fields: readonly HeaderField[],
): Buffer | null {
  const hash = createHash("sha256");
  const left = fields.toReversed();
  for (const name of claim.headers) {
    const at = left.findIndex((field) => field.name === name);
    if (at < 0) continue;
    const [field] = left.splice(at, 1);
    if (hasQWord(field!.value)) return null;
    hash.update(`${name}:${relaxed(field!.value)}\r\n`, "latin1");
  }
  return hash.update(`x-developer-signature:${claim.prefix}`, "latin1").digest();
}
