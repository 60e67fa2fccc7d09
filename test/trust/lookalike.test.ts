import { describe, expect, test } from "vitest";
import { lookalikes } from "../../src/trust/lookalike.ts";

const ALICE = "alice@example.org";

describe("looks like alice@example.org", () => {
  test.each([
    ["a zero-width space", "ali\u200bce@example.org"],
    ["a soft hyphen in the domain", "alice@exam\u00adple.org"],
    ["a right-to-left mark", "alice@example.org\u200f"],
    ["a variation selector", "alice\ufe0f@example.org"],
    ["a tag character", "alice\u{e0041}@example.org"],
    ["a no-break space", "alice@example.org\u00a0"],
    ["a control character", "al\u0007ice@example.org"],
    ["full width", "ａｌｉｃｅ@example.org"],
    ["a full-width at sign", "alice＠example.org"],
    ["a mathematical letter", "𝐚lice@example.org"],
    ["a long s is an s, a ligature its letters: not here, but NFKC", "ⓐlice@example.org"],
    ["a Cyrillic letter in the local part", "аlice@example.org"],
    ["a capital one", "Аlice@example.org"],
    ["a Cyrillic letter in the domain", "alice@exаmple.org"],
    ["the same as punycode", "alice@xn--exmple-4nf.org"],
    ["in capitals", "alice@XN--EXMPLE-4NF.org"],
    ["a Greek letter", "alιce@example.org"],
    ["a dotless i", "alıce@example.org"],
    ["a one dot leader", "alice@example․org"],
    ["a dot behind the domain", "alice@example.org."],
    ["several", "alice@example.org..."],
    ["a dot behind the local part", "alice.@example.org"],
    ["a dot before it", ".alice@example.org"],
    ["a quoted local part", '"alice"@example.org'],
    ["with an escape", '"al\\ice"@example.org'],
    ["a comment", "alice(work)@example.org"],
    ["a nested one, behind", "alice@example.org (a (b) c)"],
    ["blanks", " alice @ example.org "],
    ["all at once", ' "А\u200blice"(x).@ｅxаmple.org. '],
  ])("%s", (_, address) => expect(lookalikes(address)).toContain(ALICE));
});

test.each([
  ALICE,
  "Alice@Example.ORG",
  "alice+git@example.org",
  "a.l.i.c.e@example.org",
  "al1ce@example.org",
  "alice@example.com",
  "alice@exarnple.org",
  "alice@example。org",
  "jürgen@bücher.example",
  "",
  "@",
  ".@example.org",
  "()<>",
  "\u200b",
  "x".repeat(5000),
])("does not look like another address: %s", (address) => expect(lookalikes(address)).toEqual([]));

test("a plain ASCII address never looks like another, so an impostor's key harms nobody", () => {
  expect(lookalikes("alice@example.org")).toEqual([]);
});

test("only letters beyond ASCII are taken for others: a zero is a zero", () => {
  expect(lookalikes("b\u043eb0@example.org")).toEqual(["bob0@example.org"]);
});

test("a domain that has no form in the DNS is drawn as it stands", () => {
  expect(lookalikes("alice@ex\u05dfample.org")).toEqual(["alice@exlample.org"]);
});

test("an address of 2000 characters is read, a longer one is not", () => {
  const filled = (length: number): string =>
    `alice@example.org${"\u200b".repeat(length - ALICE.length)}`;
  expect(lookalikes(filled(2000))).toEqual([ALICE]);
  expect(lookalikes(filled(2001))).toEqual([]);
});
