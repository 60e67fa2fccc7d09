/** A message and a title in canonical form. */

import { describe, expect, it } from "vitest";
import { attest } from "../../src/patch/attestation.ts";
import { canonicalMessage, canonicalSubject } from "../../src/patch/message.ts";
import { subjectNumber } from "../../src/patch/subject.ts";

describe("a message", () => {
  it.each([
    ["nothing", "", ""],
    ["blank lines alone", "\n \n\t\n", ""],
    ["one line", "a\n", "a\n"],
    ["without a line end", "a", "a\n"],
    ["white space at the end of lines", "a \t\r\nb \n", "a\nb\n"],
    ["white space within and before", "  a  b\n", "  a  b\n"],
    ["blank lines at the start", "\n\na\n", "a\n"],
    ["at the end", "a\n\n\n", "a\n"],
    ["between", "a\n\n\nb\n\nc\n", "a\n\nb\n\nc\n"],
    ["From behind a >", ">From a\n>>>From b\n", "From a\nFrom b\n"],
    ["another word behind one", ">Fromage\n> From a\n", ">Fromage\n> From a\n"],
    ["From within a line", "a >From b\n", "a >From b\n"],
  ])("%s", (_, message, expected) => {
    expect(canonicalMessage(Buffer.from(message)).toString()).toBe(expected);
  });
});

describe("a title", () => {
  it.each([
    ["abc", "abc"],
    ["a b\tc\r\n d", "abcd"],
    ["  a", "a"],
    ["a  ", "a"],
    ["", ""],
  ])("%j", (title, expected) => {
    expect(canonicalSubject(Buffer.from(title)).toString()).toBe(expected);
  });
});

describe("what an attestation is made of", () => {
  const made = (author: string, email: string, subject: string): string => {
    const [a, e, s] = [author, email, subject].map((text) => Buffer.from(text, "latin1"));
    const info = { author: a!, email: e!, subject: s!, date: Buffer.alloc(0) };
    const found = attest(info, Buffer.from("m\n"), Buffer.from("d\n"));
    return found.ok ? found.value.author : found.refusal.reason;
  };

  it.each([
    ["a name and an address", "Alice", "a@x", "t", "Alice <a@x>"],
    ["no name", "", "a@x", "t", " <a@x>"],
    ["a name in two lines", "Alice\nB", "a@x", "t", "author-text"],
    ["a name that is not UTF-8", "\xff", "a@x", "t", "author-text"],
    ["a C1 control character in it", "\xc2\x9b", "a@x", "t", "author-text"],
    ["no address", "Alice", "", "t", "author-address"],
    ["an address with a blank", "Alice", "a @x", "t", "author-address"],
    ["with a bracket", "Alice", "a>@x", "t", "author-address"],
    ["that is not UTF-8", "Alice", "\xff", "t", "author-address"],
    ["a title in two lines", "Alice", "a@x", "t\nu", "subject-text"],
    ["a title that is not UTF-8", "Alice", "a@x", "\xff", "subject-text"],
  ])("%s", (_, author, email, subject, expected) => {
    expect(made(author, email, subject)).toBe(expected);
  });
});

describe("the other words in brackets", () => {
  it.each([
    ["[PATCH] x", { hasVersion: false, minor: "", prefix: "" }],
    ["[PATCH net-next v2 1/3] x", { hasVersion: true, minor: "", prefix: "net-next" }],
    ["[RFC PATCH 1/3] x", { hasVersion: false, minor: "", prefix: "rfc" }],
    ["[PATCH RESEND 6.6 v3] x", { hasVersion: true, minor: "", prefix: "resend 6.6" }],
    ["[PATCH v5.1 2/5] x", { hasVersion: true, minor: "1", prefix: "" }],
  ])("%s", (subject, expected) => {
    expect(subjectNumber(subject)).toMatchObject(expected);
  });
});
