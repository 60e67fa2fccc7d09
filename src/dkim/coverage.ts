/**
 * How much of what git reads is signed. DKIM signs some headers and a body in a canonical form, and
 * lets much else through. So the signed text is read by itself, as a mail of its own: what git reads in
 * that follows from the signature alone, and only what git reads in the real mail too is covered.
 */

import { readDiff } from "../diff/diff.ts";
import { parseAuthor } from "../mail/author.ts";
import { readMail } from "../mail/mailinfo.ts";
import { latin1 } from "../primitives/bytes.ts";
import type { Diff, FilePatch, MailView } from "../types.ts";

/** "but-space": only how much white space there is within a line, and at its end, is open. */
export type Coverage = "all" | "but-space";

/** What of a mail decides how git reads it. */
export const GIT_FIELDS: ReadonlySet<string> = new Set([
  "from",
  "subject",
  "date",
  "content-type",
  "content-transfer-encoding",
  "mime-version",
]);

/**
 * What the signed text covers, or why that is less than what git reads.
 *
 * @param header the signed ones of GIT_FIELDS, canonical
 * @param body canonical, as far as it is signed
 * @param view of the whole mail
 */
export function coverageOf(
  header: string,
  body: string,
  view: MailView,
  diff: Diff,
): Coverage | { readonly open: string } {
  const missing = ["Subject", "Date"].find((name) => !header.match(new RegExp(`^${name}:`, "im")));
  if (missing !== undefined) return { open: missing };
  const signed = readSigned(header, body);
  if (signed === null) return { open: "the diff, or how it is encoded" };
  const open = headerDifference(signed.view, view);
  if (open !== "") return { open };
  const seen = { view, diff };
  if (!signed.loose && sameText(signed, seen, latin1)) return "all";
  return sameText(signed, seen, squeezed) ? "but-space" : { open: "message or diff" };
}

interface SignedReading {
  readonly view: MailView;
  readonly diff: Diff;
}

/**
 * What git reads in the signed text; null if that depends on a header that is not signed. Whoever
 * takes away or adds Content-Transfer-Encoding or Content-Type must not change the patch: of the ways
 * to read it that make one, all have to make the same. Often only one does.
 *
 * @returns with `loose` if format=flowed would change white space of the message
 */
function readSigned(header: string, body: string): (SignedReading & { loose: boolean }) | null {
  const isPatch = (read: SignedReading | null): read is SignedReading =>
    (read?.diff.files.length ?? 0) > 0;
  const isTyped = TYPED.test(header);
  if (!isTyped && PARTS.test(body)) return null;
  const encodings = ENCODED.test(header) ? [""] : encodingsOf(body);
  const plain = readAlone(header, body);
  const patches = encodings.map((line) => readAlone(header + line, body)).filter(isPatch);
  const [first = plain] = patches;
  if (first === null || !patches.every((read) => sameCommit(read, first))) return null;
  if (isTyped || patches.length === 0) return { ...first, loose: false };
  const flowed = encodings.map((line) => readAlone(header + line + FLOWED, body)).filter(isPatch);
  if (!flowed.every((read) => sameDiff(read, first))) return null;
  return { ...first, loose: !flowed.every((read) => sameCommit(read, first)) };
}

const ENCODED = /^content-transfer-encoding:/im;
const TYPED = /^content-type:/im;
/** The beginning of a part, to whoever knows the boundary. */
const PARTS = /^--\S.{0,80}\n(?:(?:[!-9;-~]{1,80}:|[ \t]).*\n){0,20}content-[a-z-]+:/im;
/** What may have stood there without being signed, and changes how a text is read. */
const FLOWED = "Content-Type: text/plain; format=flowed\n";

/** Those in which a program may have written this body; none, and each as a header line. */
function encodingsOf(body: string): string[] {
  const names = NOT_QUOTED.test(body) ? ["base64"] : ["base64", "quoted-printable"];
  return ["", ...names.map((name) => `Content-Transfer-Encoding: ${name}\n`)];
}

/** git decodes more, but whoever encodes a text leaves no `=` in it that is not part of the encoding. */
const NOT_QUOTED = /=(?![0-9A-F]{2}|\n|$)/;

function sameCommit(a: SignedReading, b: SignedReading): boolean {
  return a.view.message.equals(b.view.message) && sameDiff(a, b);
}

function sameDiff({ diff: a }: SignedReading, { diff: b }: SignedReading): boolean {
  return a.canonical.equals(b.canonical) && a.files.map(shape).join() === b.files.map(shape).join();
}

/** Null if it, or its diff, is refused. */
function readAlone(header: string, body: string): SignedReading | null {
  const read = readMail(Buffer.from(`${header}\n${body}`, "latin1"));
  if (!read.ok) return null;
  const diff = readDiff(read.value.patch, read.value.crs);
  return diff.ok ? { view: read.value, diff: diff.value } : null;
}

/** The first of author, title and date that does not follow from what is signed; "" if all do. */
function headerDifference(signed: MailView, view: MailView): string {
  const [a, b] = [signed.info, view.info];
  const senders = [signed, view].map(({ headers }) => parseAuthor(headers.from));
  const same = {
    author: a.author.equals(b.author) && a.email.equals(b.email),
    "the sender": senders[0]!.email.equals(senders[1]!.email),
    Subject:
      a.subject.equals(b.subject) &&
      oneBlank(signed.headers.subject) === oneBlank(view.headers.subject),
    Date: a.date.equals(b.date) && String(a.absent) === String(b.absent),
  };
  return Object.entries(same).find(([, is]) => !is)?.[0] ?? "";
}

function oneBlank(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

type ReadText = (text: Buffer) => string;

/** A text without runs of white space in a line, and without any at a line's end. */
const squeezed: ReadText = (text) =>
  latin1(text)
    .replace(/[ \t\r]+/g, " ")
    .replaceAll(" \n", "\n");

function sameText(a: SignedReading, b: SignedReading, read: ReadText): boolean {
  // empty lines at the end are not signed: they end the patch, or the message where there is none
  const text = ({ view: { message, patch } }: SignedReading): string =>
    patch.length === 0 ? withoutEnd(read(message)) : `${read(message)}\0${withoutEnd(read(patch))}`;
  return (
    text(a) === text(b) &&
    read(a.diff.canonical) === read(b.diff.canonical) &&
    a.diff.files.map(shape).join() === b.diff.files.map(shape).join()
  );
}

function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === " ")) end--;
  return text.slice(0, end);
}

/** What git does to a file, apart from its name and text. */
function shape({ kind, binary, oldMode, newMode, added, deleted }: FilePatch): string {
  return [kind, binary, oldMode, newMode, added, deleted].join(" ");
}
