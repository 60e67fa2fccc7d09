import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readMail } from "../../src/mail/mailinfo.ts";
import { LONG } from "../support/long.ts";
import { type Judge, openJudge } from "./judge.ts";

const HEAD = "From: A U <a@x.example>\nSubject: one\nDate: now\n";
const REST = "\nmessage\n---\n f | 1 +\n";
const FROM = "From a@x.example Mon Sep 17 00:00:00 2001\n";
const MULTI = `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n`;
const nest = (depth: number) =>
  Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}x\n\nx\n--b${i}x\n`,
  ).join("");

const base64 = (text: string) => Buffer.from(text).toString("base64");
const BASE64_PATCH = `${HEAD}Content-Transfer-Encoding: base64\n\n${base64("m\n---\n x\n")}\n`;

/** Mails that git accepts, though others would see something else in them. */
const AMBIGUOUS: [reason: string, what: string, mail: string][] = [
  ["leading-blank", "an empty line on top", `\n${HEAD}${REST}`],
  ["leading-blank", "a blank on top", ` ${HEAD}${REST}`],
  ["foreign-format", "a header and an StGit-like body", "Subject: x\n\nFrom: A U <a@x>\n\nm\n"],
  ["folder-data", "a folder's own mail", `From: Mail System Internal Data <x@y>\n${REST}`],
  ["nul-byte", "a NUL in a header", `${HEAD}X: \0\n${REST}`],
  ["nul-byte", "a NUL in the message", `${HEAD}\nme\0ssage\n---\n`],
  ["nul-byte", "a NUL in the patch", `${HEAD}\nm\n---\n+\0\n`],
  [
    "nul-byte",
    "an encoded NUL",
    `${HEAD}Content-Transfer-Encoding: quoted-printable\n\nm\n---\n=00\n`,
  ],
  [
    "nul-byte",
    "a NUL in an attachment that holds a patch",
    `${MULTI}--b\n\nm\n---\n\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n${Buffer.from(
      "\0\ndiff --git a/f b/f\n",
    ).toString("base64")}\n--b--\n`,
  ],
  [
    "nul-byte",
    "a NUL in an attachment above the patch",
    `${MULTI}--b\n\nm\n\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAEC\n--b\n\nm\n---\n+\n--b--\n`,
  ],
  ["malformed-header", "a blank before the colon of From", `${HEAD}From : M <m@x>\n${REST}`],
  ["malformed-header", "a blank before the first colon", `From : M <m@x>\n${HEAD}${REST}`],
  ["malformed-header", "a blank before the colon of Subject", `${HEAD}Subject : two\n${REST}`],
  ["malformed-header", "an escaped From line", `>From x\n${HEAD}${REST}`],
  ["malformed-header", "a From line below the first line", `${HEAD}From x\n${REST}`],
  ["malformed-header", "no empty line", `${HEAD}message\n---\n`],
  [
    "malformed-header",
    "a folded line of blanks in Subject",
    `From: a@x\nSubject: y\n \n z\n${REST}`,
  ],
  ["malformed-header", "one at its end", `From: a@x\nSubject: y\n\t\nDate: now\n${REST}`],
  ["malformed-header", "one in a header of mail programs", `${HEAD}Reply-To: b@x\n \n${REST}`],
  ["malformed-header", "one in a part", `${MULTI}--b\nX: y\n \n z\n\nm\n--b--\n`],
  ["loose-from-line", "a From line in the text of an mbox", `${FROM}${HEAD}\nm\n${FROM}\n---\n`],
  ["loose-from-line", "no header below a From line", `${FROM}text\n${HEAD}${REST}`],
  ["malformed-header", "a header without a name", `${HEAD}: y\n${REST}`],
  ["malformed-header", "a CR in a header", `${HEAD}X: a\rb\n${REST}`],
  ["malformed-header", "a part without an empty line", `${MULTI}--b\ntext\n--b--\n`],
  ["conflicting-header", "two From", `${HEAD}From: M <m@x>\n${REST}`],
  ["conflicting-header", "two Subject", `${HEAD}subject: two\n${REST}`],
  ["conflicting-header", "two Date", `${HEAD}DATE: then\n${REST}`],
  [
    "conflicting-header",
    "two Content-Type",
    `${HEAD}Content-Type: text/plain\nContent-Type: text/html\n${REST}`,
  ],
  [
    "conflicting-header",
    "two Content-Transfer-Encoding",
    `${HEAD}Content-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: 7bit\n${REST}`,
  ],
  [
    "conflicting-header",
    "two MIME-Version",
    `${HEAD}MIME-Version: 1.0\nMIME-Version: 2.0\n${REST}`,
  ],
  [
    "conflicting-header",
    "one multipart twice",
    `${HEAD}Content-Type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nm\n--b--\n`,
  ],
  ["malformed-author", "a quote without end", `From: "A U <a@x>\nSubject: s\n${REST}`],
  ["malformed-author", "a comment without end", `From: A U (x <a@x>\nSubject: s\n${REST}`],
  [
    "header-in-part",
    "a Date in a part only",
    `From: A U <a@x>\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n--b\nDate: then\n\nm\n--b--\n`,
  ],
  [
    "content-type-ambiguous",
    "xboundary",
    `${HEAD}Content-Type: text/plain; xboundary=b\n\n--b\n\nm\n--b--\n`,
  ],
  [
    "content-type-ambiguous",
    "a quoted charset=",
    `${HEAD}Content-Type: text/plain; name="charset=latin1"\n${REST}`,
  ],
  [
    "content-type-ambiguous",
    "an encoded boundary=",
    `${HEAD}Content-Type: text/plain; x="=?utf-8?q?boundary=3Db?="\n\n--b\n\nm\n--b--\n`,
  ],
  [
    "content-type-ambiguous",
    "charset twice",
    `${HEAD}Content-Type: text/plain; charset=utf-8; charset=latin1\n${REST}`,
  ],
  [
    "content-type-ambiguous",
    "blanks around =",
    `${HEAD}Content-Type: text/plain; charset = latin1\n${REST}`,
  ],
  [
    "content-type-ambiguous",
    "an extended charset",
    `${HEAD}Content-Type: text/plain; charset*=utf-8''latin1\n${REST}`,
  ],
  [
    "content-type-ambiguous",
    "an empty boundary",
    `${HEAD}Content-Type: multipart/mixed; boundary=""\n\n--\n\nm\n`,
  ],
  [
    "content-type-ambiguous",
    "a boundary on text",
    `${HEAD}Content-Type: text/plain; boundary=b\n\n--b\n\nm\n`,
  ],
  [
    "content-type-ambiguous",
    "a multipart without boundary",
    `${HEAD}Content-Type: multipart/mixed\n${REST}`,
  ],
  [
    "transfer-encoding-unknown",
    "a parameter",
    `${HEAD}Content-Transfer-Encoding: 8bit; x=base64\n\nbQo=\n`,
  ],
  [
    "transfer-encoding-unknown",
    "a comment",
    `${HEAD}Content-Transfer-Encoding: base64 (x)\n\nbQo=\n`,
  ],
  [
    "transfer-encoding-unknown",
    "uuencode",
    `${HEAD}Content-Transfer-Encoding: x-uuencode\n${REST}`,
  ],
  ["boundary-ambiguous", "a prefix", `${MULTI}--bc\n\nm\n--b--\n`],
  ["boundary-ambiguous", "an empty part", `${MULTI}--b\n\n--b\n\nm\n--b--\n`],
  [
    "boundary-ambiguous",
    "an inner multipart that is not closed",
    `${MULTI}--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nm\n--b--\n`,
  ],
  [
    "quoted-printable-ambiguous",
    "a blank after =",
    `${HEAD}Content-Transfer-Encoding: quoted-printable\n\nm= \nn\n`,
  ],
  [
    "base64-ambiguous",
    "lines of odd length",
    `${HEAD}Content-Transfer-Encoding: base64\n\nbWVzc\n2FnZQo=\n`,
  ],
  [
    "base64-ambiguous",
    "padding in the middle",
    `${HEAD}Content-Transfer-Encoding: base64\n\nbQ==\nbWVz\n`,
  ],
  [
    "base64-ambiguous",
    "a footer below a message",
    `${HEAD}Content-Transfer-Encoding: base64\n\nbQo=\n____\nlist\n`,
  ],
  ...[
    ["a + line", "= Kw o r ="],
    ["a header line", "_ZGlmZiAtLWdpdCBhL2IgYi9i_"],
    ["a line below the first", "_ Cito _"],
    ["an empty line", "_ eAoK _"],
    ["a blank", "_IHh4_"],
  ].map(([what, footer]): [string, string, string] => [
    "base64-ambiguous",
    `a footer that git decodes to ${what}`,
    `${BASE64_PATCH}\n${footer}\n`,
  ]),
  ["base64-ambiguous", "a footer of base64 alone", `${BASE64_PATCH}\nlists\n-- \nlist\n`],
  [
    "base64-ambiguous",
    "a footer in the last line",
    `${HEAD}Content-Transfer-Encoding: base64\n\n${base64("m\n---\nx")}\n_list_\n`,
  ],
  ["base64-ambiguous", "the other alphabet", `${HEAD}Content-Transfer-Encoding: base64\n\nbQ-_\n`],
  [
    "flowed-ambiguous",
    "a soft break before the signature",
    `${HEAD}Content-Type: text/plain; format=flowed\n\nm \n-- \nx\n`,
  ],
  [
    "charset-unsupported",
    "utf-7",
    `${HEAD}Content-Type: text/plain; charset=utf-7\n\nm +AOk-\n---\n`,
  ],
  [
    "charset-unsupported",
    "koi8-u beyond ascii",
    `${HEAD}Content-Type: text/plain; charset=koi8-u\n\n\xa4\n---\n`,
  ],
  ["conflicting-inbody-header", "two From", `${HEAD}\nFrom: C <c@x>\nFrom: D <d@x>\n\nm\n---\n`],
  ["conflicting-inbody-header", "two titles", `${HEAD}\nSubject: a\n[PATCH] b\n\nm\n---\n`],
  ["too-big", "a long header field", `${HEAD}X: ${"a\n b".repeat(20_000)}\n${REST}`],
  ["too-big", "a long header", `${HEAD}${`X: ${"a".repeat(50_000)}\n`.repeat(6)}${REST}`],
  ["too-big", "many header lines", `${HEAD}${"X: a\n".repeat(4001)}${REST}`],
  ["too-big", "many parts", `${MULTI}${"--b\n\nm\n".repeat(1001)}--b--\n`],
  ["too-big", "a long in-body header", `${HEAD}\nSubject: a\n${" b\n".repeat(9000)}\nm\n---\n`],
];

/** Mails that git refuses as well. */
const REFUSED_BY_BOTH: [reason: string, what: string, mail: string][] = [
  ["broken-word", "a word without end", `From: A U <a@x>\nSubject: =?utf-8?q?x\n${REST}`],
  ["broken-word", "an unknown encoding", `From: A U <a@x>\nSubject: =?utf-8?z?x?=\n${REST}`],
  ["broken-word", "in the Message-ID", `${HEAD}Message-ID: =?\n${REST}`],
  ["nul-byte", "in a word", `From: A U <a@x>\nSubject: =?utf-8?q?=00?=\n${REST}`],
  ["charset-unsupported", "no such charset", `${HEAD}Content-Type: text/plain; charset=y\n${REST}`],
  ["charset-unsupported", "no such charset in a word", `From: =?y?q?x?= <a@x>\n${REST}`],
  ["charset-invalid", "ascii", `${HEAD}Content-Type: text/plain; charset=us-ascii\n\n\xe9\n`],
  ["charset-invalid", "gb2312", `${HEAD}Content-Type: text/plain; charset=gb2312\n\n\xff\n`],
  ["nesting-too-deep", "five multiparts", `${HEAD}${nest(5)}\nm\n`],
];

let judge: Judge;
beforeAll(() => {
  judge = openJudge();
});
afterAll(() => judge.close());

function reason(mail: string): string {
  const result = readMail(Buffer.from(mail, "latin1"));
  return result.ok ? "read" : result.refusal.reason;
}

describe("refused though git accepts it", () => {
  it.each(AMBIGUOUS)("%s: %s", (expected, _, mail) => {
    expect(reason(mail)).toBe(expected);
    expect(judge.read(Buffer.from(mail, "latin1"))).not.toBeNull();
  });
  it("foreign-format: Mercurial's and StGit's first lines", () => {
    expect(reason(`# HG changeset patch\n${HEAD}${REST}`)).toBe("foreign-format");
    expect(reason(`# This series applies on GIT commit 0123\n${HEAD}`)).toBe("foreign-format");
  });
});

describe("refused by git too", () => {
  it.each(REFUSED_BY_BOTH)("%s: %s", (expected, _, mail) => {
    expect(reason(mail)).toBe(expected);
    expect(judge.read(Buffer.from(mail, "latin1"))).toBeNull();
  });
});

it("similar valid mails are read", () => {
  expect(reason(HEAD + REST)).toBe("read");
  expect(reason(`${FROM}${HEAD}${REST}From now on\n`)).toBe("read");
  expect(reason(`${HEAD}\nm\n${FROM}\n---\n`)).toBe("read");
  expect(reason(`${BASE64_PATCH}\n-- \nlist mailing list\n`)).toBe("read");
  expect(reason(`${MULTI}--b\n\nm\n--b--\n`)).toBe("read");
  expect(reason(`${HEAD}${nest(4)}\nm\n`)).toBe("read");
});

describe("the work grows linearly with the size", () => {
  const SIZE = LONG ? 4 << 20 : 1 << 20;
  const body = (headers: string, line: string) =>
    `${HEAD}${headers}\n${line.repeat(Math.floor(SIZE / line.length))}`;
  const FLOWED = "Content-Type: text/plain; format=flowed\n";
  const QP = "Content-Transfer-Encoding: quoted-printable\n";
  it.each<[string, string]>([
    ["empty lines", body("", "\n")],
    ["blanks", body("", " ")],
    ["in-body header lines", body("", "From: a\n")],
    ["soft breaks", body(QP, "=\n")],
    ["equals signs", body(QP, "=")],
    ["base64 line ends", body("Content-Transfer-Encoding: base64\n", "\n")],
    ["base64 CR", body("Content-Transfer-Encoding: base64\n", "\r")],
    ["base64 lines", body("Content-Transfer-Encoding: base64\n", "AAAA\n")],
    ["flowed lines", body(FLOWED, "a \n")],
    ["flowed lines, encoded", body(FLOWED + QP, "a \n")],
    ["empty flowed lines", body(FLOWED, "\n")],
    ["empty flowed lines, encoded", body(FLOWED + QP, "\n")],
    [
      "a flowed line of many pieces",
      body(`${FLOWED}Content-Transfer-Encoding: base64\n`, "ICAg\n"),
    ],
    [
      "characters of a single-byte charset",
      body("Content-Type: text/plain; charset=koi8-r\n", "\xc1"),
    ],
    ["a From line in the body", `${HEAD}\nFrom: ${"(a".repeat(SIZE / 2)}\n\nm\n---\n`],
    ["a [PATCH] line", `${HEAD}\n[PATCH] ${"[a] ".repeat(SIZE / 4)}\n\nm\n---\n`],
    [
      "boundaries of dashes",
      `${HEAD}Content-Type: multipart/mixed; boundary="${"-".repeat(68)}"\n\n${"-".repeat(SIZE)}`,
    ],
    ["flowed lines below the limit, encoded", body(FLOWED + QP, `${"a \n".repeat(5000)}b\n`)],
    ["scissors", body("", "8<")],
    ["scissors in lines", body("", "8< -- 8<\n")],
    ["words in a header", `Subject: ${"=?utf-8?q?a?= ".repeat(4000)}\n${REST}`],
    ["half words in a header", `Subject: ${"=?".repeat(30_000)}\n${REST}`],
    ["folds", `Subject: ${"a\n ".repeat(3900)}b\n${REST}`],
    ["brackets in a subject", `Subject: ${"[".repeat(60_000)}\n${REST}`],
    ["parameters", `${HEAD}Content-Type: text/plain${"; a".repeat(20_000)}\n${REST}`],
    ["parameter names", `${HEAD}Content-Type: text/plain${";a=b".repeat(15_000)}\n${REST}`],
    ["quotes in a type", `${HEAD}Content-Type: text/plain; ${'a="'.repeat(15_000)}\n${REST}`],
    ["boundaries within lines", `${MULTI}--b\n\n${"x--b".repeat(SIZE / 4)}`],
    [
      "parts in a nested multipart",
      `${HEAD}${nest(4)}\n${`--b3x\n\n${"x\n".repeat(2000)}`.repeat(900)}--b3x--\n`,
    ],
  ])("%s", (_, mail) => {
    // takes less than a second; what is quadratic takes minutes and runs into the limit of the test
    const read = readMail(Buffer.from(mail, "latin1"));
    expect(read.ok || read.refusal.detail !== "").toBe(true);
  });
});
