/** What git apply --whitespace=fix would change, by core.whitespace. */

import { describe, expect, test } from "vitest";
import { whitespaceRules, wouldMend } from "../../src/verify/whitespace.ts";

/** One hunk of these lines, with a header that counts them. */
function hunk(lines: readonly string[]): string {
  const count = (other: string): number =>
    lines.filter((line) => line[0] !== other && line[0] !== "\\").length;
  return `@@ -1,${count("+")} +1,${count("-")} @@\n${lines.join("\n")}\n`;
}

const file = (name: string, ...hunks: readonly (readonly string[])[]): string =>
  `--- a/${name}\n+++ b/${name}\n${hunks.map(hunk).join("")}`;

const mends = (diff: string, value = ""): boolean =>
  wouldMend(Buffer.from(diff), whitespaceRules(value));

const NO_END = "\\ No newline at end of file";
const EIGHT = " ".repeat(8);

describe("whitespace errors by core.whitespace", () => {
  test.each([
    ["", ["+a"], false],
    ["", ["+a "], true],
    ["", ["+a\t"], true],
    ["", ["+a b"], false],
    ["", ["+a\r"], true],
    ["", [" b\r", "+a\r"], false],
    ["", ["-b\r", "+a\r"], false],
    ["", [" b\r", "+a\r\r"], true],
    ["cr-at-eol", ["+a\r"], false],
    ["cr-at-eol", ["+a \r"], true],
    ["cr-at-eol", ["+a\r\r"], true],
    ["-blank-at-eol", ["+a\r"], false],
    ["-trail", ["+a "], false],
    ["-trail", ["+a", "+"], false],
    ["-trail,trail", ["+a "], true],
    ["", ["+a", "+"], true],
    ["", ["+a", "+ "], true],
    ["-blank-at-eol", ["+a", "+ \t\r"], true],
    ["", ["+", "+a"], false],
    ["", ["+a", "+", " b"], false],
    ["", ["+a", "+", "-b"], false],
    ["", ["+a", "+", "-"], false],
    ["", ["-b", "+a", "+"], true],
    ["", ["+a", " "], false],
    ["-blank-at-eof", ["+a", "+"], false],
    ["", ["+  \ta"], true],
    ["", ["+\t \ta"], true],
    ["", ["+a \tb"], false],
    ["-space-before-tab", ["+  \ta"], false],
    ["-space", ["+  \ta"], false],
    ["", ["+\ta"], false],
    ["tab-in-indent", ["+\ta"], true],
    ["tab-in-indent", ["+a\tb"], false],
    ["", [`+${EIGHT}a`], false],
    ["indent-with-non-tab", [`+${EIGHT}a`], true],
    ["indent-with-non-tab", [`+${EIGHT.slice(1)}a`], false],
    ["indent-with-non-tab", [`+a${EIGHT}b`], false],
    ["tabwidth=4,indent-with-non-tab", ["+    a"], true],
    ["tabwidth=4, indent", ["+    a"], true],
    ["tabwidth=4 indent", ["+    a"], false],
    ["tabwidth=0,indent", ["+    a"], false],
    ["tabwidth=1,indent", ["+ a"], true],
    ["-blank-at-eol", ["+a", "+ ", NO_END], false],
    ["tabwidth=63,indent", [`+${" ".repeat(63)}a`], true],
    ["tabwidth=63,indent", [`+${EIGHT}a`], false],
    ["tabwidth=64,indent", [`+${EIGHT}a`], true],
    ["tabwidth=9999,indent", [`+${EIGHT}a`], true],
    ["tabwidth=,indent", [`+${EIGHT}a`], true],
    ["tabwidth=4x,indent", ["+    a"], true],
    ["-tabwidth=4,indent", ["+    a"], true],
    ["-trail -space", ["+a "], true],
    ["- trail", ["+a "], true],
    ["-trail ", ["+a "], true],
    ["-", ["+a "], true],
    ["-TRAIL", ["+a "], true],
    [" ,-trail", ["+a "], false],
    ["-blank-at-eo", ["+a "], false],
    ["-blank-at-eo", ["+a", "+"], true],
    ["-b", ["+a "], false],
    ["-t", ["+a "], false],
    ["-t,tab", ["+a ", "+\ta"], true],
    ["indent-with-non-tab", ["+    a"], false],
    ["incomplete-line", ["+a", NO_END], true],
    ["incomplete-line", ["-a", NO_END, "+a"], false],
    ["incomplete-line", ["+b", "-a", NO_END], false],
    ["incomplete-line", [" a", NO_END, "+a"], false],
    ["", ["+a", NO_END], false],
    ["unheard-of", ["+a "], true],
  ] as const)("%j: %j", (value, lines, expected) => {
    expect(mends(file("x", lines), value)).toBe(expected);
  });

  test("not in headers, removed lines or context lines", () => {
    const diff = "+++ b/a b\t\n@@ -1,2 +1,2 @@\n a \n-b \n+b\n";
    expect(mends(diff)).toBe(false);
  });

  test("not in what looks like an added line behind a hunk", () => {
    expect(mends(`${file("x", [" a", "+b"])}+c \n`)).toBe(false);
    expect(mends("+c \n")).toBe(false);
  });

  test("in each hunk, whose counts may be left out", () => {
    expect(mends(file("x", ["+a"], ["+b "]))).toBe(true);
    expect(mends("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b \n")).toBe(true);
    expect(mends("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c \n")).toBe(false);
  });

  test("a missing line end is of its own hunk", () => {
    expect(mends(file("x", [" a"], ["+b", NO_END]), "incomplete-line")).toBe(true);
  });

  test("a CR is a part of the line end where the same file has others, in any hunk", () => {
    const [old, fresh] = [[" b\r", "-b"], ["+a\r"]];
    expect(mends(file("x", old, fresh))).toBe(false);
    expect(mends(file("x", fresh, old))).toBe(false);
    expect(mends(file("x", old) + file("y", fresh))).toBe(true);
    expect(mends(file("x", fresh) + file("y", old))).toBe(true);
  });

  test("a removed line that begins like a header does not begin a file", () => {
    expect(mends(file("x", [" b\r", "--- c", "+a\r"]))).toBe(false);
  });
});
