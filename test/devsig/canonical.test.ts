/** The borders of the signed text, one by one. */

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Covered, coveredText, signedDigest } from "../../src/devsig/canonical.ts";
import { readFields } from "../../src/mail/fields.ts";
import { readMail } from "../../src/mail/mailinfo.ts";
import { readDiff } from "../../src/diff/diff.ts";
import type { MailView } from "../../src/types.ts";
import { PLAIN } from "./mails.ts";

function covered(mail: string, change: Partial<MailView> = {}): Covered | string {
  const bytes = Buffer.from(mail, "latin1");
  const read = readMail(bytes);
  if (!read.ok) throw new Error(read.refusal.detail);
  const view = { ...read.value, ...change };
  const diff = readDiff(view.patch);
  return coveredText(view, diff.ok ? diff.value : null, readFields(bytes));
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64");

test("lines end in CRLF, and empty lines at the end are dropped", () => {
  const head = "From: B <b@x>\nSubject: s\n\n";
  expect(covered(`${head}a\n\nb\n\n\n`)).toMatchObject({ bodyHash: sha256("a\r\n\r\nb\r\n") });
  const body = PLAIN.slice(PLAIN.indexOf("\n\n") + 2).trimEnd();
  const lines = `${body.replaceAll("\n", "\r\n")}\r\n`;
  expect(covered(PLAIN)).toMatchObject({ bodyHash: sha256(lines) });
});

test("From and Subject are as git reads them, other headers as in the mail", () => {
  const { fields } = covered(PLAIN) as Covered;
  expect(fields.map(({ name, value }) => ({ name, value }))).toEqual([
    { name: "from", value: "Bob <bob@example.org>" },
    { name: "date", value: " Mon, 23 Nov 2026 12:00:00 +0000\n" },
    { name: "subject", value: "song: louder" },
  ]);
});

test.each(["Constructor", "__proto__"])("a header may be called %s", (name) => {
  const { fields } = covered(`${name}: x\n${PLAIN}`) as Covered;
  expect(fields[0]).toMatchObject({ name: name.toLowerCase(), value: " x\n" });
  const claim = { headers: ["from", "subject", name.toLowerCase()], prefix: "v=1" };
  expect(signedDigest(claim, fields)).toHaveLength(32);
});

const info = {
  author: Buffer.from("Bob"),
  email: Buffer.from("bob@example.org"),
  subject: Buffer.from("s"),
  date: Buffer.from("now"),
};
const message = Buffer.from("text\n");

test.each<[string, Partial<MailView>, RegExp]>([
  ["a diff in the message", { message: Buffer.from("a\n---\nb\n") }, /told apart/],
  ["a message without a line end", { message: Buffer.from("a") }, /told apart/],
  [
    "a title in two lines",
    { info: { ...info, subject: Buffer.from("s\nEmail: e@x") } },
    /line break/,
  ],
  [
    "a date in two lines",
    { info: { ...info, date: Buffer.from("now\nEmail: e@x") } },
    /line break/,
  ],
  ["a blank in the address", { info: { ...info, email: Buffer.from("b> <e@x") } }, /odd address/],
  ["an author that is not utf-8", { info: { ...info, author: Buffer.from([0xe9]) } }, /charset/],
  ["a word that is left", { info: { ...info, subject: Buffer.from("=?x?q?y?=") } }, /words/],
  ["two blanks", { info: { ...info, author: Buffer.from("B  b") } }, /white space/],
  ["another charset", { recoded: true }, /charset/],
  ["a CR in the message", { message: Buffer.from("a\r\n") }, /carriage/],
])("not covered: %s", (_, change, why) => {
  expect(covered(PLAIN, { message, ...change })).toMatch(why);
});

test.each([
  ["no subject", PLAIN.replace(/^Subject.*\n/m, ""), /no subject/],
  ["a form feed in any header", PLAIN.replace("Date:", "X-Y: a\fb\nDate:"), /form feed/],
  ["no text", "From: B <b@x>\nSubject: s\n\n\n", /no text/],
])("not covered: %s", (_, mail, why) => {
  expect(covered(mail)).toMatch(why);
});

test("of repeated headers the last is signed first; a missing one adds nothing", () => {
  const claim = (...headers: string[]) => ({ headers, prefix: "v=1; b=" });
  const fields = readFields(Buffer.from("To: a\nTo: b\n\tc\nCc: =?utf-8?q?d?=\n\n"));
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const end = "x-developer-signature:v=1; b=";
  expect(signedDigest(claim("to", "x", "to", "to"), fields)).toEqual(
    digest(`to:b c\r\nto:a\r\n${end}`),
  );
  expect(signedDigest(claim("to"), fields)).toEqual(digest(`to:b c\r\n${end}`));
  expect(signedDigest(claim("cc"), fields)).toBeNull();
});
