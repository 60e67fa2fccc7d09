/**
 * What mail transports do to mails, each as a function on a mail's bytes. Found by comparing archives of
 * mailing lists, and by real servers (test/transports). Pure.
 */

import { isAscii } from "node:buffer";
import { readFields } from "../mail/fields.ts";
import { inEncoding } from "./encoding.ts";
import { bodyOf, type NewField, withFields, withoutFields } from "./header.ts";

export interface TransportChange {
  readonly name: string;
  /** @param mail lines end in LF. The same Buffer if there is nothing to change */
  readonly apply: (mail: Buffer) => Buffer;
}

type Rows = readonly (readonly [name: string, apply: TransportChange["apply"]])[];

function changes(rows: Rows): TransportChange[] {
  return rows.map(([name, apply]) => ({ name, apply }));
}

/** What working servers and lists do, in the order in which a mail meets it. */
const AS_TEXT = changes([
  ["bytes that are not UTF-8", (mail) => inBytes(mail, (body) => Buffer.from(body.toString()))],
  ["empty context lines without their blank", (mail) => inBody(mail, /^ $/gm, "")],
  ["blanks at ends of lines removed", (mail) => inBody(mail, /[ \t]+$/gm, "")],
  ["lines over 998 bytes broken", (mail) => inBody(mail, /^.{998}(?=.)/gm, "$&\n ")],
  ["> before From", (mail) => inBody(mail, /^From /gm, ">From ")],
  ["a list's prefix", (mail) => inHeader(mail, /^Subject:[ \t]*/im, "Subject: [list] ")],
  ["a list's From", rewriteFrom],
  ["unfolded header fields", (mail) => inHeader(mail, /\n[ \t]+/g, " ")],
  ["a footer", (mail) => Buffer.concat([mail, Buffer.from(FOOTER)])],
  ["CRLF", (mail) => Buffer.from(mail.toString("latin1").replace(/\r?\n/g, "\r\n"), "latin1")],
]);
const RECODED = changes([
  [
    "quoted-printable by a relay of seven bits",
    (mail) => (isAscii(bodyOf(mail)) ? mail : inEncoding(mail, "quoted-printable", "UTF-8")),
  ],
  ["base64 by a list", (mail) => inEncoding(mail, "base64", "UTF-8")],
  ["a footer as its own part", withPart],
]);

/** Journeys of a mail, each a list of changes; an encoding must survive every one. */
export const JOURNEYS: readonly (readonly TransportChange[])[] = [AS_TEXT, RECODED];

/** Changes that only damage mails. */
export const SPOILING: readonly TransportChange[] = changes([
  ["tabs made blanks", (mail) => inBody(mail, /\t/g, "        ")],
  ["blanks made no-break spaces", (mail) => inBody(mail, / {2}/g, "\xc2\xa0 ")],
  ["lines wrapped at 78 columns", (mail) => inBody(mail, /^(.{78})(?=.)/gm, "$1\n")],
  [
    "the eighth bit cleared",
    (mail) => inBytes(mail, (body) => Buffer.from(body.map((byte) => byte & 0x7f))),
  ],
  [
    "format=flowed",
    (mail) => withFields(mail, [["Content-Type", "text/plain; charset=UTF-8; format=flowed"]]),
  ],
]);

const FOOTER = `_______________________________________________
list mailing list -- list@example.org
https://lists.example.org/list
`;

function withPart(mail: Buffer): Buffer {
  const own = readFields(mail).filter(({ name }) => name.startsWith("content-"));
  const part = own.map(({ label, value }) => label + value).join("");
  const outer = withoutFields(mail, /^content-/);
  const type: NewField = ["Content-Type", 'multipart/mixed; boundary="=list="'];
  const whole = withFields(outer, [["MIME-Version", "1.0"], type]);
  const top = whole.subarray(0, whole.length - bodyOf(whole).length);
  return Buffer.concat([
    top,
    Buffer.from(`--=list=\n${part}\n`, "latin1"),
    bodyOf(mail),
    Buffer.from(
      `\n--=list=\nContent-Type: text/plain; charset="us-ascii"\n\n${FOOTER}--=list=--\n`,
    ),
  ]);
}

/** As Mailman does it, because of DMARC. */
function rewriteFrom(mail: Buffer): Buffer {
  const from =
    readFields(mail)
      .find(({ name }) => name === "from")
      ?.value.trim() ?? "";
  return withFields(mail, [
    ["From", "Somebody via list <list@example.org>"],
    ["Reply-To", from],
  ]);
}

function inHeader(mail: Buffer, what: RegExp, by: string): Buffer {
  const body = bodyOf(mail);
  const header = mail.toString("latin1", 0, mail.length - body.length);
  return Buffer.concat([Buffer.from(header.replace(what, by), "latin1"), body]);
}

function inBody(mail: Buffer, what: RegExp, by: string): Buffer {
  const body = bodyOf(mail);
  const text = body.toString("latin1");
  const changed = text.replace(what, by);
  if (changed === text) return mail;
  return withBody(mail, body, Buffer.from(changed, "latin1"));
}

/** The same, but only if the body is not ASCII. */
function inBytes(mail: Buffer, change: (body: Buffer) => Buffer): Buffer {
  const body = bodyOf(mail);
  return isAscii(body) ? mail : withBody(mail, body, change(body));
}

function withBody(mail: Buffer, before: Buffer, after: Buffer): Buffer {
  return Buffer.concat([mail.subarray(0, mail.length - before.length), after]);
}
