/** docs/trust-walkthrough.md is what scripts/walkthrough.sh prints. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Keys, object names, signatures and dates are new in every run. */
function plain(text: string): string {
  return text
    .replace(/\bRW[A-Za-z0-9+/]{20,54}/g, "RW…")
    .replace(/^ {4}(?:RU)?[A-Za-z0-9+/]{77,79}$/gm, "    …")
    .replace(/-\d{10}-\S+\.statement/g, "-….statement")
    .replace(/\b[0-9a-f]{12}\b/g, "…")
    .replace(/ t=\d+/g, " t=…")
    .replace(/\w{3} \w{3} \d+ [\d:]{8} \d{4} \+0000/g, "…")
    .replace(/\b20\d\d-\d\d(?:-\d\d)?\b/g, "…");
}

test("docs/trust-walkthrough.md is what the script prints", () => {
  const page = readFileSync(join(ROOT, "docs", "trust-walkthrough.md"), "utf8");
  const printed = execFileSync(join(ROOT, "scripts", "walkthrough.sh"), { encoding: "utf8" });
  expect(plain(page).split("\n")).toEqual(plain(printed).split("\n"));
  expect(page).not.toMatch(/\/tmp\/|\/work\//);
  // some sixty programs are started, which takes a while on a busy machine
});
