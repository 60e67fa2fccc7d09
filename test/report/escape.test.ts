import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  displayWidth,
  escapeJson,
  escapeLines,
  escapeText,
  joinSafe,
  ours,
  padTo,
  type SafeText,
  truncateTo,
  wrapTo,
} from "../../src/report/escape.ts";

describe("characters that act on a terminal are escaped", () => {
  test.each([
    ["ESC", "\x1b[31mred", "\\x1b[31mred"],
    ["a newline", "a\nFAIL", "a\\x0aFAIL"],
    ["CR", "a\rok", "a\\x0dok"],
    ["tab", "a\tb", "a\\x09b"],
    ["backspace", "a\bb", "a\\x08b"],
    ["DEL", "\x7f", "\\x7f"],
    ["NUL", "\0", "\\x00"],
    ["CSI in C1", "\u009b2J", "\\x9b2J"],
    ["NEL", "\u0085", "\\x85"],
    ["line separator", "\u2028", "\\u2028"],
    ["paragraph separator", "\u2029", "\\u2029"],
    ["right-to-left override", "a\u202eb", "a\\u202eb"],
    ["isolates", "\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"],
    ["direction marks", "\u200e\u200f\u061c", "\\u200e\\u200f\\u061c"],
    ["zero-width", "\u200b\u200c\u200d\u2060\ufeff", "\\u200b\\u200c\\u200d\\u2060\\ufeff"],
    ["soft hyphen", "a\u00adb", "a\\xadb"],
    ["a Hangul filler", "\u3164", "\\u3164"],
    ["a variation selector", "x\ufe0f", "x\\ufe0f"],
    ["tag characters", "\u{e0041}", "\\u{e0041}"],
    ["a lone surrogate", "a\ud83dz", "a\\ud83dz"],
    ["private use", "\ue000\u{10fffd}", "\\ue000\\u{10fffd}"],
    ["a mark without a letter", "\u0301a", "\\u0301a"],
    ["a heap of marks", `a${"\u0301".repeat(6)}`, `a${"\u0301".repeat(4)}\\u0301\\u0301`],
  ])("%s", (_, text, shown) => {
    expect(escapeText(text)).toBe(shown);
  });

  test.each([
    "net: drop the stale timer",
    "a\\x1b stays as it was written",
    "J\u00f6rg \u674e\u660e \u05d0\u05d1 e\u0301 \u{1f600} \u2026",
  ])("%s is left alone", (text) => {
    expect(escapeText(text)).toBe(text);
  });

  test.each<[string, number[], string]>([
    ["UTF-8", [0x4a, 0xc3, 0xb6], "J\u00f6"],
    ["latin1", [0x4a, 0xf6, 0x72], "J\\xf6r"],
    ["a cut character", [0x61, 0xe2, 0x80], "a\\xe2\\x80"],
    ["an overlong /", [0xc0, 0xaf], "\\xc0\\xaf"],
    ["a surrogate", [0xed, 0xa0, 0xbd], "\\xed\\xa0\\xbd"],
    ["C1 as a byte", [0x9b, 0x41], "\\x9bA"],
    ["a real U+FFFD", [0xef, 0xbf, 0xbd, 0xff], "\ufffd\\xff"],
    ["ESC among them", [0x1b, 0xff], "\\x1b\\xff"],
  ])("bytes: %s", (_, bytes, shown) => {
    expect(escapeText(Uint8Array.from(bytes))).toBe(shown);
  });

  test("for random input", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()), (text) => {
        const shown = escapeText(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
        expect(escapeText(shown)).toBe(shown);
      }),
    );
  });
});

test.each([
  ["abc", 3],
  ["J\u00f6rg", 4],
  ["e\u0301", 1],
  ["\u674e\u660e", 4],
  ["\uff21", 2],
  ["\uac00", 2],
  ["\u{1f600}", 2],
  ["\u{20000}", 2],
  ["\u2026", 1],
  ["", 0],
])("%s takes %i columns", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

describe("cutting and wrapping to columns", () => {
  test.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd\u2026"],
    ["ab cdef", 4, "ab\u2026"],
    ["\u674e\u660e\u660e", 4, "\u674e\u2026"],
    ["\u674e\u660e", 2, "\u2026"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301\u2026"],
    ["abc", 0, ""],
  ])("%j in %i is %j", (text, columns, cut) => {
    expect(truncateTo(escapeText(text), columns)).toBe(cut);
  });

  test("padding counts columns, not characters", () => {
    expect(padTo(escapeText("\u674e"), 4)).toBe("\u674e  ");
    expect(padTo(ours`abcde`, 4)).toBe("abcde");
  });

  test.each([
    ["one two three", 7, ["one two", "three"]],
    ["one two three", 6, ["one", "two", "three"]],
    ["abcdefgh", 3, ["abc", "def", "gh"]],
    ["abc", 3, ["abc"]],
    ["abc ", 3, ["abc"]],
    ["", 3, [""]],
    ["\u674e\u660e", 1, ["\u674e", "\u660e"]],
  ])("%j wrapped to %i", (text, columns, lines) => {
    expect(wrapTo(escapeText(text), columns)).toEqual(lines);
  });

  test("no line is too wide, no text is lost", () => {
    const text = fc.string({ unit: "grapheme" }).map((raw) => escapeText(raw));
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (line, columns) => {
        expect(displayWidth(truncateTo(line, columns))).toBeLessThanOrEqual(columns);
        const wrapped = wrapTo(line, columns);
        for (const part of wrapped) expect(displayWidth(part)).toBeLessThanOrEqual(columns);
        expect(wrapped.join("").replace(/\s/g, "")).toBe(line.replace(/\s/g, ""));
      }),
    );
  });
});

describe("SafeText", () => {
  test("plain strings are not accepted as it", () => {
    const show = (text: SafeText): string => text;
    const mail: string = "Subject: \x1b[2J";
    // @ts-expect-error: not escaped
    show(mail);
    // @ts-expect-error: a template of any kind is a plain string
    show(`from ${ours`a`}`);
    // @ts-expect-error: and so is what string methods make
    show(ours`a`.toUpperCase());
    expect(show(escapeText(mail))).toBe("Subject: \\x1b[2J");
  });

  test("only escape.ts creates it", () => {
    const root = join(import.meta.dirname, "../../src");
    const files = readdirSync(root, { recursive: true, encoding: "utf8" });
    const casting = files.filter(
      (name) =>
        name.endsWith(".ts") && /\bas SafeText\b/.test(readFileSync(join(root, name), "utf8")),
    );
    expect(casting).toEqual([join("report", "escape.ts")]);
  });

  test("the program's own text is unchanged, other text is escaped once", () => {
    const others = "e\nvil\x1b[2J\u202e";
    expect(ours`\x1b[1m${others}\n${7}`).toBe("\x1b[1me\\x0avil\\x1b[2J\\u202e\n7");
    expect(ours`${ours`${others}`}`).toBe(escapeText(others));
    expect(joinSafe([ours`\x1b[1m`, escapeText("\x1b")])).toBe("\x1b[1m\\x1b");
  });

  test("a file keeps its lines and tabs; invalid UTF-8 is escaped", () => {
    const file = Buffer.from("a\tb\r\n\x1b[2J\xe2\x80\xae\xff\n\n", "latin1");
    expect(escapeLines(file)).toBe("a\tb\\x0d\n\\x1b[2J\\u202e\\xff\n\n");
    expect(escapeLines("\u202e\n\u674e")).toBe("\\u202e\n\u674e");
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const left = escapeLines(bytes).replace(/[\n\t]/g, "");
        expect(escapeText(left)).toBe(left);
      }),
    );
  });

  test("JSON has the same value, and is safe on a terminal", () => {
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, fc.string({ unit: "binary" }), (any, text) => {
        const json = escapeJson({ any, text });
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ any, text })));
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(escapeJson("\u{e0041}\x9b")).toBe('"\\udb40\\udc41\\u009b"');
  });
});
