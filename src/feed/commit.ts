/**
 * A mail as a commit of a public-inbox (public-inbox-v2-format(5)): author and times are the mail's, the message is its
 * subject. test/feed/commit.test.ts compares the commits with those that public-inbox itself makes.
 */

import { mailboxes } from "../mail/address-list.ts";
import { parseZonedDate, type ZonedDate } from "../mail/date.ts";
import { messageIds } from "../mail/message-id.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { CR, LF } from "../primitives/bytes.ts";
import { attempt } from "../refused.ts";

/** A mail that a feed can hold. */
export interface FeedMail {
  /** With its angle brackets. */
  readonly messageId: string;
  /** The mail as it is stored. */
  readonly bytes: Buffer;
  readonly author: { readonly name: string; readonly email: string };
  /** From Date: the commit's author time. */
  readonly written: ZonedDate;
  /** From the last server's Received, else `written`: the committer time. */
  readonly received: ZonedDate;
  readonly subject: string;
}

/** Bytes of a header. Only a hostile one is longer. */
const MAX_HEADER = 65_536;
const MAX_SUBJECT = 4096;

/** Fields that mail programs write about their copy of a mail; public-inbox does not keep them either. */
const OF_A_COPY = /^(?:Status|X-Status|Lines|Content-Length|Bytes):/i;

/**
 * @param mail as in a file; it may begin with an mbox's `From ` line
 * @param now seconds since the epoch: the date of a mail that has none
 * @returns `why` a feed cannot hold the mail, if it cannot
 */
export function feedMail(mail: Buffer, now: number): FeedMail | { readonly why: string } {
  const bytes = storedBytes(mail);
  const header = bytes === null ? null : headerOf(bytes);
  if (bytes === null || header === null) return { why: "its header has no end" };
  const ids = header.all("message-id");
  const [messageId, ...others] = ids.length === 1 ? messageIds(ids[0]!) : [];
  if (messageId === undefined || others.length > 0)
    return { why: "it needs exactly one Message-ID" };
  const received = readDate(/;([^;]*)$/.exec(header.first("received"))?.[1] ?? "");
  const written = readDate(header.first("date")) ?? received ?? { time: now, east: 0 };
  return {
    messageId,
    bytes,
    author: authorOf(header.first("from")),
    written,
    received: received ?? written,
    subject: subjectOf(header.first("subject")),
  };
}

/**
 * The mail without the fields and the `From ` line of a mailbox, and without the empty lines at its end, where an mbox
 * adds one. Null if the header has no end.
 */
function storedBytes(file: Buffer): Buffer | null {
  const from = /^From [^\n]*\n/.exec(file.toString("latin1", 0, MAX_HEADER))?.[0].length ?? 0;
  const mail = file.subarray(from);
  const text = mail.toString("latin1", 0, MAX_HEADER);
  const gap = /\n\r?\n/.exec(text);
  if (gap === null) return null;
  const end = gap.index;
  const fields = text.slice(0, end + 1).split(/(?<=\n)(?![ \t])/);
  const kept = fields.filter((field) => !OF_A_COPY.test(field));
  const body = mail.subarray(end + 1, endOfText(mail, end + gap[0].length));
  return Buffer.concat([Buffer.from(kept.join(""), "latin1"), body]);
}

/** The offset after the last line that is not empty; at least `from`. */
function endOfText(mail: Buffer, from: number): number {
  let end = mail.length;
  const emptyLine = (): number => {
    if (mail[end - 1] !== LF) return 0;
    const size = mail[end - 2] === CR ? 2 : 1;
    return mail[end - size - 1] === LF ? size : 0;
  };
  for (let size = emptyLine(); size > 0 && end - size >= from; size = emptyLine()) end -= size;
  return end;
}

/** A header's fields, unfolded, and in latin1: each character is one byte. */
export interface MailFields {
  readonly first: (name: string) => string;
  readonly all: (name: string) => readonly string[];
}

/** Null if the header has no end within `MAX_HEADER` bytes. */
export function headerOf(mail: Buffer): MailFields | null {
  const text = mail.toString("latin1", 0, MAX_HEADER);
  const end = /\n\r?\n/.exec(text)?.index;
  if (end === undefined) return null;
  const fields = text
    .slice(0, end + 1)
    .split(/(?<=\n)(?![ \t])/)
    .flatMap((field) => {
      const colon = field.indexOf(":");
      const value = field.slice(colon + 1).replace(/\r?\n(?=[ \t]|$)/g, "");
      return colon < 1 ? [] : [[field.slice(0, colon).toLowerCase(), value.trim()] as const];
    });
  const all = (name: string): string[] =>
    fields.flatMap(([n, value]) => (n === name ? [value] : []));
  return { all, first: (name) => all(name)[0] ?? "" };
}

/** Within what git accepts: no date before 1970, no zone of more than 14 hours. */
function readDate(text: string): ZonedDate | null {
  const date = parseZonedDate(text);
  if (date === null || date.time < 0) return null;
  return Math.abs(date.east) > 14 * 60 ? { time: date.time, east: 0 } : date;
}

function authorOf(from: string): FeedMail["author"] {
  const [first = { name: "", address: "" }] = mailboxes(from);
  const email = plain(utf8(Buffer.from(first.address, "latin1")));
  const name = plain(decoded(first.name === "" && email === "" ? from : first.name));
  return { name: name === "" ? email.slice(0, Math.max(0, email.indexOf("@"))) : name, email };
}

function subjectOf(raw: string): string {
  const subject = decoded(raw)
    .replace(/[\0\r\n\t]+/g, " ")
    .trim()
    .slice(0, MAX_SUBJECT);
  return subject === "" ? "(no subject)" : subject;
}

/** With RFC 2047 words decoded; as it stands if one of them is broken. */
function decoded(value: string): string {
  const raw = Buffer.from(value, "latin1");
  const read = attempt(() => decodeWords(raw));
  return utf8(read.ok ? read.value : raw);
}

/** Without the characters that git does not allow in a name or address. */
function plain(text: string): string {
  return text
    .replace(/[<>]/g, "")
    .replace(/[\0-\x1f\x7f]+/g, " ")
    .trim();
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are not UTF-8 are read as Latin-1. */
function utf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}

/** A date as in a commit object: `1795593600 +0100`. */
export function gitDate({ time, east }: ZonedDate): string {
  const digits = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.abs(east);
  return `${time} ${east < 0 ? "-" : "+"}${digits(Math.trunc(minutes / 60))}${digits(minutes % 60)}`;
}
