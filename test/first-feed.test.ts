/** The first part of docs/feeds.md is what scripts/first-feed.ts prints. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LONG } from "./support/long.ts";
import { requireTool } from "./support/tools.ts";

const ROOT = join(import.meta.dirname, "..");
const [PAGE = ""] = readFileSync(join(ROOT, "docs", "feeds.md"), "utf8").split("## Decisions");

/** Keys, object names, Message-IDs and days are new in every run. */
function plain(text: string): string {
  return text
    .replace(/\bRW[A-Za-z0-9+/]{54}/g, "RW…")
    .replace(/\b(?:[0-9a-f]{40}|[0-9a-f]{12})\b/g, "…")
    .replace(/<r\.[a-z0-9]+\./g, "<r.…")
    .replace(/\b\d{4}-\d\d-\d\d\b/g, "…")
    .trim();
}

test("the page is as wide as a terminal, and names no place of the machine that made it", () => {
  // commands are whole lines, to be copied, and so are the places of mails
  const whole = /^ {4}(?:[$] |git | +(?:first|withdrawn): )/;
  const lines = PAGE.split("\n").filter((one) => one.startsWith("    ") && !whole.test(one));
  for (const line of lines) expect(line.length - 4, line).toBeLessThanOrEqual(80);
  expect(PAGE).not.toMatch(/\/tmp\/|\/work\//);
});

// it starts the program forty times
test.runIf(LONG && requireTool("python3"))("the page is what the script prints", () => {
  const script = join(ROOT, "dist", "scripts", "first-feed.js");
  // lines are wrapped by the length of paths, so these must be as long as those of the page
  const env = { ...process.env, TMPDIR: "/tmp" };
  const printed = execFileSync(process.execPath, [script], { encoding: "utf8", env });
  expect(plain(PAGE)).toBe(plain(printed));
});
