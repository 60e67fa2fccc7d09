/** docs/findings.md lists every code that the program can give, and no other. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { vectorFiles } from "../scripts/vectors/files.ts";
import { readDiff } from "../src/diff/diff.ts";
import { FINDINGS, REFUSALS } from "../src/findings.ts";
import { messages } from "../src/mail/mbox.ts";
import { check } from "./support/signing.ts";

const ROOT = join(import.meta.dirname, "..");
const text = (...path: string[]): string => readFileSync(join(ROOT, ...path), "utf8");

/** The rows of the page's tables: the section they stand in, code and severity. */
const LISTED = text("docs", "findings.md")
  .split(/^## /m)
  .slice(1)
  .flatMap((section) =>
    [...section.matchAll(/^\| `([a-z0-9-]+)` \| (info|warn|fail) \| \S.* \| \S.* \|$/gm)].map(
      ([, code, severity]) => [section.slice(0, section.indexOf("\n")), code!, severity!] as const,
    ),
  );

const KNOWN = [
  ...Object.entries(FINDINGS).flatMap(([section, rows]) =>
    Object.entries(rows).map(([code, [severity]]) => [section, code, severity] as const),
  ),
  ...Object.entries(REFUSALS).flatMap(([section, codes]) =>
    codes.map((code) => [section, code, "fail"] as const),
  ),
];

test("docs/findings.md lists exactly the registry's codes, once each, by section and severity", () => {
  const sorted = (rows: typeof KNOWN): string[] => rows.map((row) => row.join(" | ")).sort();
  expect(sorted(LISTED)).toEqual(sorted(KNOWN));
});

test("every finding of a fixture is listed", () => {
  const listed = new Map<string, string>(KNOWN.map(([, code, severity]) => [code, severity]));
  const met = new Set<string>();
  for (const [name, bytes] of vectorFiles()) {
    if (!/\.(?:eml|patch)$/.test(name)) continue;
    for (const { code, severity } of check(messages(bytes, { keepCr: true })[0]!.bytes!).findings) {
      expect([name, code, listed.get(code)]).toEqual([name, code, severity]);
      met.add(code);
    }
  }
  for (const file of readdirSync(join(ROOT, "fixtures", "diff"))) {
    if (!file.endsWith(".patch")) continue;
    const diff = readDiff(readFileSync(join(ROOT, "fixtures", "diff", file)));
    const codes = diff.ok
      ? diff.value.findings.map(({ code, severity }) => [code, severity])
      : [[diff.refusal.reason, "fail"]];
    for (const [code, severity] of codes) {
      expect([file, code, listed.get(code!)]).toEqual([file, code, severity]);
      met.add(code!);
    }
  }
  expect(met.size).toBeGreaterThan(50);
});
