/** What plain git am would do with a good mail, setting by setting; stock git is asked in plain-am.test.ts. */

import { describe, expect, it } from "vitest";
import type { AmSettings } from "../../src/verify/plain-am.ts";
import { withPlainAm } from "../../src/verify/plain-am.ts";
import { whitespaceRules } from "../../src/verify/whitespace.ts";
import { check, isGood, signMails } from "../support/signing.ts";

const NONE: AmSettings = {
  keepCr: false,
  scissors: false,
  stripCr: false,
  encoding: null,
  mend: null,
  ignoreWhitespace: false,
};

function signed({ message = "why\n", lines = ["-1", "+2"], title = "[PATCH] x" } = {}): string {
  const diff = `diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n${lines.join("\n")}\n`;
  const mail = `From: Alice <alice@example.org>\nSubject: ${title}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n\n${message}---\n${diff}`;
  return signMails([Buffer.from(mail, "latin1")])[0]!.toString("latin1");
}

const crlf = (text: string): string => text.replace(/\r?\n/g, "\r\n");

function inBase64(mail: string): string {
  const [header, ...body] = mail.split("\n\n");
  const text = Buffer.from(crlf(body.join("\n\n")), "latin1").toString("base64");
  return `${header}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${text.replace(/.{76}/g, "$&\n")}\n`;
}

const CRS = ["-1\r", "+2\r"];
const SCISSORS = "above\n-- >8 --\nbelow\n";
const KEEP = "keep the CRs of the mail (am.keepcr)";

/** [what, the mail, the setting, what git am would do] */
const EFFECTS: readonly [string, () => string, Partial<AmSettings>, string | null][] = [
  ["a mail with LF", () => signed(), { keepCr: true }, null],
  ["a mail with CRLF", () => crlf(signed()), { keepCr: true }, KEEP],
  ["a mail with CRLF, read as usual", () => crlf(signed()), {}, null],
  ["a diff with CRs in a mail with LF", () => signed({ lines: CRS }), { keepCr: true }, null],
  [
    "a diff with CRs",
    () => signed({ lines: CRS }),
    { stripCr: true },
    "drop CRs that belong to the diff (mailinfo.quotedCr)",
  ],
  ["a diff with CRs, read as usual", () => signed({ lines: CRS }), {}, null],
  ["a diff without", () => signed(), { stripCr: true }, null],
  [
    "a scissors line",
    () => signed({ message: SCISSORS }),
    { scissors: true },
    "cut the message at its scissors line (mailinfo.scissors)",
  ],
  ["a scissors line, read as usual", () => signed({ message: SCISSORS }), {}, null],
  ["no scissors line", () => signed(), { scissors: true }, null],
  [
    "text without a charset",
    () => signed({ message: "Gr\u00c3\u00bc\u00c3\u009fe.\n" }),
    { encoding: "ISO-8859-1" },
    "take the text for ISO-8859-1 (i18n.commitEncoding): the mail names no charset",
  ],
  [
    "the same, read as usual",
    () => signed({ message: "Gr\u00c3\u00bc\u00c3\u009fe.\n" }),
    {},
    null,
  ],
  ["ASCII without a charset", () => signed(), { encoding: "ISO-8859-1" }, null],
  [
    "a blank at the end of a line",
    () => signed({ lines: ["-1", "+2 "] }),
    { mend: whitespaceRules("") },
    "mend white space that the diff adds (apply.whitespace)",
  ],
  ["the same, applied as usual", () => signed({ lines: ["-1", "+2 "] }), {}, null],
  ["no such blank", () => signed(), { mend: whitespaceRules("") }, null],
  [
    "CRs that came with base64",
    () => inBase64(signed()),
    { ignoreWhitespace: true },
    "add lines with CRs to a file without (apply.ignoreWhitespace)",
  ],
  ["the same, applied as usual", () => inBase64(signed()), {}, null],
  ["no such CRs", () => signed(), { ignoreWhitespace: true }, null],
];

const effects = (mail: string, settings: AmSettings | null): string[] => {
  const bytes = Buffer.from(mail, "latin1");
  const { findings } = withPlainAm(bytes, check(bytes), settings);
  return findings.filter(({ code }) => code === "am-differs").map(({ message }) => message);
};

describe("plain git am, with one setting", () => {
  it.each(EFFECTS)("%s", (_, make, setting, effect) => {
    const mail = make();
    expect(isGood(check(Buffer.from(mail, "latin1")))).toBe(true);
    const expected = effect === null ? [] : [`plain git am here would ${effect}`];
    expect(effects(mail, { ...NONE, ...setting })).toEqual(expected);
  });

  it("does two things with two", () => {
    const mail = crlf(signed({ message: SCISSORS }));
    expect(effects(mail, { ...NONE, keepCr: true, scissors: true })).toEqual([
      `plain git am here would ${KEEP}, and cut the message at its scissors line (mailinfo.scissors)`,
    ]);
  });

  it("keeps the CRs of a diff with am.keepcr, so that nobody is told that it drops them", () => {
    const mail = Buffer.from(signed({ lines: ["-1", "+2\r"] }), "latin1");
    const codes = (settings: Partial<AmSettings>): string[] =>
      withPlainAm(mail, check(mail), { ...NONE, ...settings }).findings.map(({ code }) => code);
    expect(codes({})).toEqual(["raw-cr"]);
    expect(codes({ keepCr: true })).toEqual([]);
  });

  it("has nothing to be compared with, unless the mail is a good patch and there are settings", () => {
    const all = { ...NONE, keepCr: true };
    const same = (mail: string, settings: AmSettings | null): void => {
      const bytes = Buffer.from(mail, "latin1");
      const checked = check(bytes);
      expect(withPlainAm(bytes, checked, settings)).toBe(checked);
    };
    same(crlf(signed()), null);
    same(crlf(signed()).replace("+2", "+3"), all);
    same(crlf(signed({ title: "[PATCH 0/1] x" })), all);
  });
});
