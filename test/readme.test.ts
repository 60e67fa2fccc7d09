import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Keys, object names, signatures and dates are new in every run. */
function plain(text: string): string {
  return text
    .replace(/\bRW[A-Za-z0-9+/]{20,54}/g, "RW…")
    .replace(/^RU[A-Za-z0-9+/]{70,}/gm, "RU…")
    .replace(/^[A-Za-z0-9+/]{79}$/gm, "…")
    .replace(/(series=)[0-9a-f]+/g, "$1…")
    .replace(/\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b/g, "…")
    .replace(/ t=\d+/g, " t=…")
    .replace(/^Date: .*/gm, "Date: …")
    .replace(/\b20\d\d-\d\d(?:-\d\d)?\b/g, "…");
}

test("the README shows what the demo prints", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const shown = /<!-- demo:.*-->\n\n([\s\S]*?)\n\n<!-- end of demo -->/.exec(readme)?.[1] ?? "";
  const printed = execFileSync(join(ROOT, "scripts", "demo.sh"), { encoding: "utf8" });
  expect(plain(shown.replace(/^ {4}/gm, ""))).toBe(plain(printed.trim()));
});
