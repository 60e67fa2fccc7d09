import { expect, test } from "vitest";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { replyMail, reviewBody } from "../../src/review/reply-mail.ts";
import type { MailHeaders } from "../../src/types.ts";
import { findReviews, reviewed } from "./support.ts";

const BOB = { name: "Bob Berg", address: "bob@example.org" };

function headersOf(text: string): MailHeaders {
  const read = readRawMail(Buffer.from(`${text}\n\nhello\n`));
  if (!read.ok) throw new Error(read.refusal.detail);
  return read.value.headers;
}

const PLAIN = `From: Alice <alice@example.org>
To: list@example.org
Cc: Carl <carl@example.org>, bob@example.org
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <1@example.org>
Subject: [PATCH v2 1/3] song: be loud`;

function reply(header: string, references: readonly string[] = [], from = BOB): string {
  return replyMail(from, headersOf(header), references, "yes\n").toString();
}

const field = (mail: string, name: string): string =>
  new RegExp(`^${name}: (.*(?:\\n .*)*)`, "m").exec(mail.split("\n\n")[0]!)?.[1] ?? "";

test("a reply to all", () => {
  expect(reply(PLAIN, ["<0@example.org>"])).toBe(`From: Bob Berg <bob@example.org>
To: Alice <alice@example.org>
Cc: list@example.org,
 Carl <carl@example.org>
Subject: Re: [PATCH v2 1/3] song: be loud
In-Reply-To: <1@example.org>
References: <0@example.org>
 <1@example.org>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 7bit

On Tue, 24 Nov 2026 10:00:00 +0000, Alice wrote:
> [PATCH v2 1/3] song: be loud

yes
`);
});

test.each<[string, string, string, string]>([
  [
    "Reply-To counts before From",
    PLAIN.replace("To: l", "Reply-To: b <x@example.org>\nTo: l"),
    "To",
    "b <x@example.org>",
  ],
  [
    "nobody twice",
    PLAIN.replace(
      "To: list@example.org",
      "To: list@example.org, LIST@example.org, a <Alice@example.org>",
    ),
    "Cc",
    "list@example.org,\n Carl <carl@example.org>",
  ],
  [
    "no second Re:",
    PLAIN.replace("Subject: ", "Subject: Re: RE:"),
    "Subject",
    "Re: [PATCH v2 1/3] song: be loud",
  ],
  [
    "an answer to oneself",
    PLAIN.replace("Alice <alice", "Bob <bob"),
    "To",
    "Bob <bob@example.org>",
  ],
  ["no Message-ID", PLAIN.replace(/Message-ID.*\n/, ""), "In-Reply-To", ""],
  ["one that is none", PLAIN.replace("<1@example.org>", "1@example.org"), "In-Reply-To", ""],
  [
    "a name beyond ASCII",
    PLAIN.replace("Alice", "=?UTF-8?q?J=C3=B6rg?="),
    "To",
    "=?UTF-8?q?J=C3=B6rg?= <alice@example.org>",
  ],
  [
    "a name that must be quoted",
    PLAIN.replace("Carl", '"Carl, Jr."'),
    "Cc",
    'list@example.org,\n "Carl, Jr." <carl@example.org>',
  ],
  [
    "people who are none",
    PLAIN.replace("To: list@example.org", "To: undisclosed-recipients:;, nobody, <@>, x@[1.2.3.4]"),
    "Cc",
    "Carl <carl@example.org>",
  ],
  [
    "a comment with a comma",
    PLAIN.replace("Carl <carl@example.org>", "carl@example.org (Carl, again)"),
    "Cc",
    'list@example.org,\n "Carl, again" <carl@example.org>',
  ],
])("%s", (_, header, name, value) => {
  expect(field(reply(header), name)).toBe(value);
});

test("nothing in the mail that is answered adds a line or a header", () => {
  const evil = "=?UTF-8?q?x=0ABcc:_mallory=40example.com=0A=0Ahello?=";
  const header = PLAIN.replace("Alice", evil).replace("song: be loud", `${evil} \u202e`);
  const mail = reply(header.replace("Carl <", `${evil} <`), [
    "<0@example.org>\nBcc: m@example.com",
  ]);
  const [head = "", ...body] = mail.split("\n\n");
  expect(
    head
      .split("\n")
      .filter((line) => !line.startsWith(" "))
      .map((line) => line.split(":")[0]),
  ).toEqual([
    "From",
    "To",
    "Cc",
    "Subject",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
  ]);
  expect(head).toMatch(/^[\x20-\x7e\n]*$/);
  expect(body).toHaveLength(2);
  expect(body.join("\n\n")).not.toMatch(/[\0-\x09\x0b-\x1f\u202e]/);
});

test("of many people and references, so many are kept", () => {
  const many = Array.from({ length: 500 }, (_, i) => `p${i}@example.org`).join(", ");
  const ids = Array.from({ length: 100 }, (_, i) => `<${i}@example.org>`);
  const mail = reply(PLAIN.replace("To: list@example.org", `To: ${many}`), ids);
  expect(field(mail, "Cc").split(",").length).toBeLessThanOrEqual(200);
  const references = field(mail, "References").split("\n ");
  expect([references[0], references.length, references.at(-1)]).toEqual([
    "<0@example.org>",
    22,
    "<1@example.org>",
  ]);
});

test("the body has the trailers, and the review below a mail's signature separator", () => {
  const review = reviewed();
  const body = reviewBody(review);
  expect(body.split("\n").slice(0, 3)).toEqual([
    "Reviewed-by: Bob Builder <bob@example.org>",
    "-- ",
    "patchsig-review-v1",
  ]);
  expect(findReviews(body)).toEqual([{ ok: true, review }]);
});

test("text beyond ASCII is sent as UTF-8", () => {
  const from = { name: "Björn", address: "bob@example.org" };
  const mail = reply(PLAIN.replace("be loud", "=?UTF-8?q?=C3=BC?="), [], from);
  expect(field(mail, "From")).toBe("=?UTF-8?q?Bj=C3=B6rn?= <bob@example.org>");
  expect(field(mail, "Content-Transfer-Encoding")).toBe("8bit");
  expect(mail).toContain("> [PATCH v2 1/3] song: ü\n");
});
