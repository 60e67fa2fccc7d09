/** The first part of docs/sending.md is what scripts/first-series.ts prints. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LONG } from "./support/long.ts";
import { requireTool } from "./support/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const [PAGE = ""] = readFileSync(join(ROOT, "docs", "sending.md"), "utf8").split("## What it does");

/** Keys and object names are new in every run; git's version is the machine's. */
function plain(text: string): string {
  return text
    .replace(/\bRW[A-Za-z0-9+/]{54}/g, "RW…")
    .replace(/\b[0-9a-f]{12}\b/g, "…")
    .replace(/^( {4} {2}git {10})\d[\w.-]*$/gm, "$1…")
    .trim();
}

test("the page is as wide as a terminal, and names no place of the machine that made it", () => {
  for (const line of PAGE.split("\n").filter((one) => one.startsWith("    ")))
    expect(line.length - 4, line).toBeLessThanOrEqual(80);
  expect(PAGE).not.toMatch(/\/tmp\/|\/work\//);
});

// each use of a password takes a second of the processor
test.runIf(LONG && requireTool("script"))("the page is what the script prints", () => {
  const script = join(ROOT, "dist", "scripts", "first-series.js");
  expect(plain(PAGE)).toBe(plain(execFileSync(process.execPath, [script], { encoding: "utf8" })));
});
