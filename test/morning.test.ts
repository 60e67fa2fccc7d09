/** docs/maintainer.md is what scripts/morning.ts prints. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LONG } from "./support/long.ts";
import { requireTool } from "./support/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = readFileSync(join(ROOT, "docs", "maintainer.md"), "utf8");
const TOOLS = ["public-inbox-mda", "mutt", "tmux", "b4"];

/** Keys, names of objects, Message-IDs and days are new in every run. */
function plain(text: string): string {
  return text
    .replace(/\bRW[A-Za-z0-9+/]{54}/g, "RW…")
    .replace(/\b[0-9a-f]{7,40}\b/g, "…")
    .replace(/\b\d{8}-timer/g, "…-timer")
    .replace(/\d{4}-\d\d-\d\d(?:T[\d:]+Z)?/g, "…")
    .replace(/\b\d\d [A-Z][a-z]{2}\b/g, "…");
}

test("the page names no place of the machine that made it", () => {
  expect(PAGE).not.toMatch(/\/tmp\/|\/work\//);
});

test.runIf(LONG && TOOLS.every((tool) => requireTool(tool)))(
  "the page is what the script prints",
  () => {
    const script = join(ROOT, "dist", "scripts", "morning.js");
    const printed = execFileSync(process.execPath, [script], { encoding: "utf8" });
    expect(plain(printed)).toBe(plain(PAGE));
  },
);
