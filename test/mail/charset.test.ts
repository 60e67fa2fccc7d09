import { afterAll, beforeAll, expect, it } from "vitest";

import { readMail } from "../../src/mail/mailinfo.ts";
import { some } from "../support/long.ts";
import { type Judge, compare, openJudge } from "./judge.ts";

let judge: Judge;
beforeAll(() => {
  judge = openJudge();
});
afterAll(() => judge.close());

const mail = (charset: string, lines: readonly Buffer[]) =>
  Buffer.concat([
    Buffer.from(`From: A U <a@x>\nSubject: s\nContent-Type: text/plain; charset=${charset}\n\n`),
    ...lines.flatMap((line) => [Buffer.from("x "), line, Buffer.from("\n")]),
    Buffer.from("---\n"),
  ]);

const single = Array.from({ length: 255 }, (_, i) => Buffer.from([i + 1]));
const allDouble = Array.from({ length: 128 * 255 }, (_, i) =>
  Buffer.from([128 + Math.floor(i / 255), 1 + (i % 255)]),
);
// 4 and 255 have nothing in common: each second byte comes with each fourth first one
const double = some(allDouble, 4);

const utf8 = ["\u00e9", "\u20ac", "\u{1f600}", "\ufeff", "e\u0301"].map((char) =>
  Buffer.from(char),
);

const DOUBLE_BYTE: [charset: string, least: number][] = [
  ["gb2312", 7000],
  ["gbk", 21_000],
  ["big5", 13_000],
];
const SINGLE_BYTE =
  "iso-8859-1 iso8859-1 latin1 latin-1 iso-8859-2 iso-8859-15 windows-1251 cp1251 windows-1252 cp1252 koi8-r";
const ASCII_ONLY =
  "us-ascii ascii ANSI_X3.4-1968 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-7 iso-8859-9 iso-8859-13 " +
  "windows-1250 windows-1254 windows-1256 windows-1257 koi8-u gb18030 euc-kr euc-jp";

/** Charset, codes to try, and how many of them must be read at least. */
const CHARSETS: [charset: string, codes: Buffer[], least: number][] = [
  ["utf-8", [...single, ...utf8], 127 + utf8.length],
  ["UTF8", [...single, ...utf8], 127 + utf8.length],
  // where nothing is declared, nothing is checked
  ['""', single, 255],
  ...SINGLE_BYTE.split(" ").map((name): [string, Buffer[], number] => [name, single, 250]),
  ...ASCII_ONLY.split(" ").map((name): [string, Buffer[], number] => [name, single, 127]),
  ["iso-2022-jp", single, 124],
  ...DOUBLE_BYTE.map(([name, least]): [string, Buffer[], number] => [
    name,
    [...single, ...double],
    Math.floor((least * double.length) / allDouble.length),
  ]),
];

it.each(CHARSETS)(
  "every code of %s that is read is read as git reads it",
  (charset, codes, least) => {
    const accepted = codes.filter((code) => readMail(mail(charset, [code])).ok);
    expect(accepted.length).toBeGreaterThanOrEqual(least);
    expect(compare(mail(charset, accepted), judge)).toEqual({ kind: "same" });
  },
);

it("text that git refuses in a fully supported charset is refused", () => {
  for (const charset of ["windows-1251", "windows-1252", "koi8-r", "us-ascii"]) {
    const codes = single.filter(([byte]) => byte! > 127);
    // ASCII has none of them
    for (const code of charset === "us-ascii" ? some(codes, 16) : codes) {
      const ours = readMail(mail(charset, [code])).ok;
      if (!ours) expect(judge.read(mail(charset, [code])), `${charset} ${code[0]}`).toBeNull();
    }
  }
});

it("text not in its declared charset is refused, also UTF-8; the diff may have any bytes", () => {
  const invalid = ["\xe9", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"];
  for (const bytes of invalid.map((text) => Buffer.from(text, "latin1"))) {
    const read = readMail(mail("utf-8", [bytes]));
    expect([bytes, read.ok ? "read" : read.refusal.reason]).toEqual([bytes, "charset-invalid"]);
    const inPatch = Buffer.concat([mail("utf-8", []), bytes, Buffer.from("\n")]);
    expect(compare(inPatch, judge)).toEqual({ kind: "same" });
    const inFirstLine = Buffer.concat([
      mail("utf-8", []).subarray(0, -4),
      Buffer.from("Index: "),
      bytes,
      Buffer.from("\n"),
    ]);
    expect(compare(inFirstLine, judge)).toEqual({ kind: "same" });
  }
});
