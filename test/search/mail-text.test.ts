/** What is searched of a mail's text, however it is made. */

import { describe, expect, it, test } from "vitest";
import { ReadableMail } from "../../src/mail/readable.ts";
import { searchableMail } from "../../src/search/mail-text.ts";

const bodyOf = (lines: string): string => {
  const mail = `From: a <a@example.org>\nMessage-ID: <1@example.org>\n${lines}`;
  return searchableMail(new ReadableMail(Buffer.from(mail))).words.body;
};
const htmlBody = (html: string): string =>
  bodyOf(`Content-Type: text/html\n\n${html}\n`).replaceAll(/\s+/g, " ").trim();

test.each([
  ["<p>one<br>two</p>", "one two"],
  ["<STYLE>p { x }</style>one<script>two</script >three", "one three"],
  ["<style>a</script>b<style>c</style>d", "b d"],
  ["a <style>b", "a b"],
  ["a < b <c", "a < b <c"],
])("of HTML, %s is %s", (html, text) => {
  expect(htmlBody(html)).toBe(text);
});

describe("text that is made to be slow", () => {
  // what looks for each end anew takes an hour for these
  it.each(["<style ", "<script>", "<", "<a ", "</style>", "<!--"])(
    "%s, a hundred times over",
    (unit) => {
      const part = `--b\nContent-Type: text/html\n\nword ${unit.repeat(250_000 / unit.length)}\n`;
      const mail = `Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(15)}--b--\n`;
      expect(bodyOf(mail)).toContain("word");
    },
  );

  it("is bounded, in however many parts it comes", () => {
    const part = `--b\nContent-Type: text/plain\n\n${"word ".repeat(50_000)}\n`;
    const mail = `Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(15)}--b--\n`;
    expect(bodyOf(mail).length).toBeLessThanOrEqual(256 << 10);
  });
});
