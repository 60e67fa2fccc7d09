/** Which other line ends a diff may have had. */

import { describe, expect, test } from "vitest";
import { otherLineEnds } from "../../src/patch/other-line-ends.ts";

const HEAD = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n";

/** The hunk's lines of each, with `r` for a CR. */
function others(lines: string, head = HEAD): string[] {
  const all = [...otherLineEnds(Buffer.from(head + lines))].map((diff) => diff.toString());
  for (const diff of all) expect(diff.startsWith(head)).toBe(true);
  return all.map((diff) => diff.slice(head.length).replaceAll("\r", "r").replaceAll("\n", "|"));
}

describe("a diff has also been tried", () => {
  test("with CRs on all, the old, the new lines, and on each kind", () => {
    expect(others(" a\n-b\n+c\n")).toEqual([
      " ar|-br|+cr|",
      " a|-br|+c|",
      " a|-b|+cr|",
      " a|-br|+cr|",
      " ar|-br|+c|",
      " ar|-b|+cr|",
      " ar|-b|+c|",
    ]);
  });

  test("without any, and not as it is", () => {
    const found = others(" ar\n-br\n+cr\n".replaceAll("r", "\r"));
    expect(found[0]).toBe(" a|-b|+c|");
    expect(found).not.toContain(" ar|-br|+cr|");
    expect(found).toHaveLength(7);
  });

  test("with one CR where there were several", () => {
    expect(others(" a\r\r\n-b\n+c\n")).toContain(" ar|-b|+c|");
  });

  test("without one where the file has no line end", () => {
    const end = "\\ No newline at end of file\n";
    expect(others(` a\n-b\n${end}+c\n${end}`)[0]).toBe(
      ` ar|-b|${end.replace("\n", "|")}+c|${end.replace("\n", "|")}`,
    );
  });

  test("not in headers, nor below the hunk", () => {
    expect(others(" a\n-b\n+c\n+not in the hunk\n")[0]).toBe(" ar|-br|+cr|+not in the hunk|");
    expect(others("-b\n+c\n", HEAD.replace("-1,2 +1,2", "-1 +1"))[0]).toBe("-br|+cr|");
    expect(others("+a\n+b\n", HEAD.replace("-1,2 +1,2", "-0,0 +1,2"))[0]).toBe("+ar|+br|");
    expect(others("-a\n-b\n", HEAD.replace("-1,2 +1,2", "-1,2 +0,0"))[0]).toBe("-ar|-br|");
  });

  test("in each hunk, also at the end of a text without a line end", () => {
    expect(others(" a\n-b\n+c\n@@ -9 +9 @@\n-d\n+e")[0]).toBe(" ar|-br|+cr|@@ -9 +9 @@|-dr|+er");
  });
});

test("the hunk ends with its last line, in whatever order they come", () => {
  const head = HEAD.replace("-1,2 +1,2", "-1 +1,2");
  expect(others("+a\n+b\n-c\n", head)[0]).toBe("+ar|+br|-cr|");
  expect(others("-a\n+b\n+c\n", head)[0]).toBe("-ar|+br|+cr|");
});

test("lines that only look like those of a hunk stay as they are", () => {
  const longest = `${HEAD.trimEnd()} ${"x".repeat(200)}\n`;
  expect(others(" a\n-b\n+c\n--- \n", longest)[0]).toBe(" ar|-br|+cr|--- |");
});
