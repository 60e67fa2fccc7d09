/** Trailers in replies: only what a person wrote at the beginning of lines, outside every quote. */

import { describe, expect, test } from "vitest";
import { trailersIn } from "../../src/trailers/reply.ts";
import { trailerNames } from "../../src/trailers/trailer.ts";

const BOB = "Reviewed-by: Bob Berg <bob@example.org>";

/** The lines that are found, those that cannot be added with the reason. */
function found(text: string, added: readonly string[] = []): string[] {
  const { trailers, more } = trailersIn(Buffer.from(text), trailerNames(added));
  const lines = trailers.map(
    ({ name, value, flaw }) => `${name}: ${value}${flaw === null ? "" : ` (${flaw})`}`,
  );
  return more ? [...lines, "…"] : lines;
}

test("git's usual ones, in their order, and what the settings add", () => {
  const text = [
    "Thanks.",
    "",
    BOB,
    "tested-by: Bob Berg <bob@example.org>",
    'Fixes: 1234567890ab ("f: four")',
    "Link: https://example.org/1",
    "Signed-off-by: Bob Berg <bob@example.org>",
    "Reported-by: carl@example.org",
    "Note: Bob <bob@example.org>",
  ].join("\n");
  expect(found(text)).toEqual([
    BOB,
    "Tested-by: Bob Berg <bob@example.org>",
    'Fixes: 1234567890ab ("f: four")',
    "Reported-by: carl@example.org",
  ]);
  expect(found(text, ["link"])).toContain("link: https://example.org/1");
});

describe("never from", () => {
  test.each([
    ["a quote", `> ${BOB}\n`],
    ["a quote without a blank", `>${BOB}\n`],
    ["a quote in a quote", `> > ${BOB}\n`],
    ["a quote by initials", `AA> ${BOB}\n`],
    ["a quote by bars", `| ${BOB}\n`],
    ["an indented quote", `    Looks good.\n    ${BOB}\n`],
    ["what git log prints", `    f: one\n    \n    Cc: a@b.example\n    ${BOB}\n`],
    ["a signature", `Hello\n-- \n${BOB}\n`],
    ["a signature that lost its blank", `Hello\n--\n${BOB}\n`],
    ["a list's footer", `Hello\n_______________________________________________\n${BOB}\n`],
    ["a sentence", `You have my ${BOB}\n`],
    ["a negation", "Not-Reviewed-by: Bob Berg <bob@example.org>\n"],
    ["a list item", `- ${BOB}\n`],
  ])("%s", (_, text) => expect(found(text)).toEqual([]));
});

test.each([
  ["indented, alone", `LGTM.\n    ${BOB}\n\n---\n> more\n`],
  ["below a line that divides from a marked quote", `----- Original Mail -----\n> x\n\n${BOB}\n`],
])("%s", (_, text) => expect(found(text)).toEqual([BOB]));

test.each([
  ["f: four, which is", "long", 'Fixes: 1234567890ab ("f: four, which is long")'],
  ["f: four() and", "five()", 'Fixes: 1234567890ab ("f: four() and five()")'],
])("a title that was wrapped: %s", (one, two, whole) =>
  expect(found(`Fixes: 1234567890ab ("${one}\n${two}")\nThanks\n`)).toEqual([whole]),
);

test("a whole title is not joined", () =>
  expect(found(`Fixes: 1234567890ab ("f: four")\n(I think)\n`)).toEqual([
    'Fixes: 1234567890ab ("f: four")',
  ]));

test.each([
  ["a diff", `Try this:\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n${BOB}\n`],
  ["a diff with a header", `Try this:\n\ndiff --git a/x b/x\n${BOB}\n`],
])("below %s, they are found with that flaw", (_, text) =>
  expect(found(text)).toEqual([`${BOB} (diff)`]),
);

describe("below a quote that is not marked line by line, they are found with that flaw", () => {
  test.each([
    ["Outlook", `No.\n\n-----Original Message-----\nFrom: Mallory\n\n${BOB}\n`],
    ["Outlook in German", `No.\n\n-----Ursprüngliche Nachricht-----\n${BOB}\n`],
    [
      "Outlook's header",
      `No.\n\n________________________________\nFrom: Mallory <m@example.net>\nSent: Monday\nTo: Bob\nSubject: x\n\n${BOB}\n`,
    ],
    [
      "Outlook's header in German",
      `Nein.\n\nVon: Mallory <m@example.net>\nGesendet: Montag\nAn: Bob\nBetreff: x\n\n${BOB}\n`,
    ],
    ["bold names", `No.\n\n*From:* Mallory\n*Sent:* Monday\n*To:* Bob\n\n${BOB}\n`],
    ["Apple", `No.\n\nBegin forwarded message:\n\n${BOB}\n`],
    ["Gmail's forward", `See.\n\n---------- Forwarded message ---------\n\n${BOB}\n`],
    ["an attribution", `No.\n\nOn Mon, Mallory <m@example.net> wrote:\n\n${BOB}\n`],
    ...[
      "Op ma 5 jan 2026 om 10:00 schreef Mallory <m@example.net>:",
      "Em seg., 5 de jan. de 2026 às 10:00, Mallory <m@example.net> escreveu:",
      "пн, 5 янв. 2026 г. в 10:00, Mallory <m@example.net>:",
      "2026年1月5日(月) 10:00 Mallory <m@example.net>:",
      "Mallory <m@example.net>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
      "Le lun. 5 janv. 2026 à 10:00, Mallory <m@example.net> a\nécrit :",
    ].map((line) => [line, `No.\n\n${line}\n\n${BOB}\n`]),
    ["Zoho", `No.\n\n ---- On Tue, 24 Nov 2026 10:00:00 +0000 Mallory wrote ---- \n\n${BOB}\n`],
    ["QQ mail", `No.\n\n------------------&nbsp;Original&nbsp;------------------\n\n${BOB}\n`],
    ["a greeting", `No.\n\nOn Mon, Mallory wrote:\n\nHello Alice,\n\n${BOB}\n`],
    ["[...]", `No.\n\nOn Mon, Mallory wrote:\n[...]\nNo.\n\n> really?\n${BOB}\n`],
    ["another one", `No.\n\nMallory wrote:\n\nOn Mon, Alice wrote:\n> text\n${BOB}\n`],
    ["an attribution in German", `Nein.\n\nAm Montag schrieb Mallory:\nHallo\n${BOB}\n`],
  ])("%s", (_, text) => {
    const lines = found(text);
    // a line of underscores ends the reply like a list's footer
    expect(lines.every((line) => line.endsWith(" (quoted)"))).toBe(true);
  });

  test.each([
    ["directly", "On Mon, Alice wrote:\n> text"],
    ...["[...]", "[..]", "[ … ]", "...", "<snip>", "(snip)", "[snipped]"].map((word) => [
      `below ${word}`,
      `On Mon, Alice wrote:\n\n${word}\n> text`,
    ]),
    ...["Hi,", "Hello Alice,", "Hi Li, all,", "Привет!"].map((word) => [
      `below ${word}`,
      `Alice <a@example.org> writes:\n\n${word}\n\n> text`,
    ]),
    ["below its own first line", "Alice <a@example.org> wrote:\n\nThe value must be\n> equal."],
    ["below its trailer", "Alice wrote:\n\nSigned-off-by: Alice <a@example.org>\n>"],
    ["below Zimbra's divider", "----- Original Message -----\n\nHi,\n\n> text"],
  ])("an attribution above a marked quote is none: %s", (_, text) =>
    expect(found(`${text}\n\n${BOB}\n`)).toEqual([BOB]),
  );

  test.each([
    "----8<----\n#include <x.h>\n----8<----",
    "------------[ cut here ]------------\nkernel BUG at f.c:1939!",
    "===== a test =====\ncommand: a",
    "=== RUN   TestFoo ===",
    "TEST      | before | after\n----------|--------|------",
  ])("neither is what a program or a person cut off: %j", (text) =>
    expect(found(`Tried it:\n\n${text}\n\n${BOB}\n`)).toEqual([BOB]),
  );

  test("a text that is signed inline is none, and ends at its signature", () => {
    const signed = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${BOB}\n`;
    const below = `-----BEGIN PGP SIGNATURE-----\n\nabc\n${BOB}\n`;
    expect(found(signed + below)).toEqual([BOB]);
  });

  test("lines of trailers are no header", () =>
    expect(found(`${BOB}\nTested-by: Bob Berg <bob@example.org>\n`)).toHaveLength(2));
});

describe("a trailer that cannot be added says why", () => {
  test.each([
    ["controls", "Reviewed-by: Bob\x1b[2K <bob@example.org>", "characters"],
    ["a CR", "Reviewed-by: Bob\rSigned-off-by: Carl <bob@example.org>", "characters"],
    ["bidi", "Reviewed-by: Bob \u202egro.elpmaxe <bob@example.org>", "characters"],
    ["an invisible letter", "Reviewed-by: B\u200bob <bob@example.org>", "characters"],
    ["a line separator", "Reviewed-by: Bob\u2028Acked-by: Carl <bob@example.org>", "characters"],
    ["an encoded word", "Reviewed-by: =?utf-8?q?Bob=0AAcked-by:_C?= <bob@example.org>", "words"],
    ["nobody", "Tested-by: works for me", "person"],
    ["two", "Reviewed-by: Bob <bob@example.org>, Carl <carl@example.org>", "person"],
    ["an address within an address", "Reviewed-by: <bob@example.org> <m@example.net>", "person"],
    ["text behind", "Reviewed-by: Bob <bob@example.org> but only the first hunk", "person"],
    ["a very long line", `Reviewed-by: ${"B".repeat(400)} <bob@example.org>`, "long"],
  ])("%s", (_, line, flaw) => {
    const { trailers } = trailersIn(Buffer.from(`${line}\n`), trailerNames([]));
    expect(trailers).toMatchObject([{ flaw }]);
  });
});

describe("what mail programs make of a trailer is mended", () => {
  test.each([
    [
      "an address that became a link",
      "Reviewed-by: Bob <bob@example.org<mailto:bob@example.org>>",
      "Reviewed-by: Bob <bob@example.org>",
    ],
    [
      "one behind it, or with a blank",
      "Reviewed-by: Bob <bob@example.org><mailto:bob@example.org>\nAcked-by: Bob <bob@example.org <mailto:bob@example.org>>",
      "Reviewed-by: Bob <bob@example.org>\nAcked-by: Bob <bob@example.org>",
    ],
    [
      "one that became the link",
      "Reviewed-by: Bob <mailto:bob@example.org>\nAcked-by: Bob bob@example.org<mailto:bob@example.org>",
      "Reviewed-by: Bob <bob@example.org>\nAcked-by: Bob <bob@example.org>",
    ],
    ["a full stop", "Acked-by: Bob <bob@example.org>.", "Acked-by: Bob <bob@example.org>"],
    ["two colons", "Reviewed-by: : Bob <bob@example.org>", "Reviewed-by: Bob <bob@example.org>"],
    [
      "an address on the next line",
      "Reviewed-by: Bob Berg\n<bob@example.org>",
      "Reviewed-by: Bob Berg <bob@example.org>",
    ],
    [
      "blanks that do not break",
      "Reviewed-by:\u00a0Bob\u00a0Berg <bob@example.org>",
      "Reviewed-by: Bob Berg <bob@example.org>",
    ],
    [
      "a folded line",
      "Reviewed-by: Bob Berg\n  <bob@example.org>",
      "Reviewed-by: Bob Berg <bob@example.org>",
    ],
    ["a tab", "Acked-by:\tBob <bob@example.org> ", "Acked-by: Bob <bob@example.org>"],
    ["a remark", "Acked-by: Bob <bob@example.org> # net", "Acked-by: Bob <bob@example.org> # net"],
    ["brackets", "Acked-by: Bob (IBM) <bob@example.org>", "Acked-by: Bob (IBM) <bob@example.org>"],
  ])("%s", (_, text, lines) => expect(found(`${text}\n`)).toEqual(lines.split("\n")));

  test("another's address in a link stays, and names nobody", () =>
    expect(found("Reviewed-by: Bob <bob@example.org<mailto:m@example.net>>\n")).toEqual([
      "Reviewed-by: Bob <bob@example.org<mailto:m@example.net>> (person)",
    ]));
});

test("of 10,000 trailers the first 32 are read, and it is said that there are more", () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `Acked-by: B <b${i}@example.org>\n`);
  const all = found(lines.join(""));
  expect(all).toHaveLength(33);
  expect(all.at(-1)).toBe("…");
});
