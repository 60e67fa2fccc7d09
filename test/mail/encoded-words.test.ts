import { describe, expect, test } from "vitest";
import { encodeName, encodeText } from "../../src/mail/encoded-words.ts";
import { git, temporaryFolder } from "../support/repo.ts";

const TEXTS = [
  "net: drop the stale timer",
  `mm: ${"a long title that goes on and on ".repeat(6)}end`,
  "x".repeat(200),
  `${"x".repeat(80)} ${"y".repeat(80)}`,
  "docs: Grüße aus Zürich",
  "日本語の題".repeat(30),
  "two  blanks and  more",
  "=?UTF-8?q?not_a_word?=",
  "tab\tinside",
  "emoji 👩‍👩‍👧 and 🏳️‍🌈",
  'a = b? c_d. (e) "f" <g@h> [i]',
];

/** As git reads it: of many subjects, in one mbox. */
function gitReads(subject: string): string {
  const folder = temporaryFolder();
  const mail = `From: A <a@x>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nSubject: [PATCH] ${subject}\n\nx\n---\n`;
  const info = git(folder, ["mailinfo", "-k", "-u", "/dev/null", "/dev/null"], mail).toString();
  return /^Subject: \[PATCH\] (.*)$/m.exec(info)?.[1] ?? "";
}

describe("a subject is read by git as it was written", () => {
  test.each(TEXTS)("%s", (text) => {
    const value = encodeText(text, "Subject: [PATCH] ".length);
    expect(gitReads(value)).toBe(text);
    expect(value).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

test("no line that can be folded is longer than 76 characters", () => {
  for (const text of TEXTS.filter((one) => !/[xy]{80}/.test(one)))
    for (const line of `Subject: ${encodeText(text, 9)}`.split("\n"))
      expect(line.length).toBeLessThanOrEqual(76);
});

test("no encoded word cuts a character in two", () => {
  const some = ["é", "日", "👩", "a", " ", "=", "?"];
  for (let i = 0; i < 200; i++) {
    let text = "ü";
    for (let n = 0; n < i % 60; n++) text += some[(n * n + i * n + i) % some.length]!;
    const decoded = encodeText(text, 30)
      .split("\n ")
      .map((word) => {
        const inner = /^=\?UTF-8\?q\?([^?]*)\?=$/.exec(word)![1]!;
        const bytes = inner
          .replaceAll("_", " ")
          .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
            String.fromCharCode(parseInt(hex, 16)),
          );
        return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(bytes, "latin1"));
      });
    expect(decoded.join("")).toBe(text);
  }
});

test.each([
  ["Alice", "Alice"],
  ["O'Brien-Smith", "O'Brien-Smith"],
  ["Alice, from work", '"Alice, from work"'],
  ['Al "Ace" B.', '"Al \\"Ace\\" B."'],
  ["Zoë", "=?UTF-8?q?Zo=C3=AB?="],
])("a name, %s", (name, expected) => {
  expect(encodeName(name, 6)).toBe(expected);
});
