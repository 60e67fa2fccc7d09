/** docs/findings.md lists every code that the program can give, and no other. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { vectorFiles } from "../scripts/vectors/files.ts";
import { messages } from "../src/mail/mbox.ts";
import { readDiff } from "../src/diff/diff.ts";
import { check } from "./support/signing.ts";

const ROOT = join(import.meta.dirname, "..");
const text = (...path: string[]): string => readFileSync(join(ROOT, ...path), "utf8");

/** The rows of the page's tables: code and severity. */
const LISTED = [
  ...text("docs", "findings.md").matchAll(
    /^\| `([a-z0-9-]+)` \| (info|warn|fail) \| \S.* \| \S.* \|$/gm,
  ),
].map(([, code, severity]) => [code!, severity!] as const);

/** How a code is written in the source, and its severity where that is not written beside it. */
const WRITTEN: readonly (readonly [pattern: RegExp, severity?: string])[] = [
  [/\brefuse\(\s*"([a-z0-9-]+)"/g, "fail"],
  [/\breason: "([a-z0-9-]+)"/g, "fail"],
  [/\bwarning\(\s*"([a-z0-9-]+)"/g, "warn"],
  [/\bcode: "([a-z0-9-]+)",\s*says:/g, "warn"],
  [/\bcode: "([a-z0-9-]+)",\s*severity: "(\w+)"/g],
  // the table of src/verify/findings.ts
  [/^ {2}"?([a-z0-9-]+)"?: \["(info|warn|fail)"/gm],
];
/** The union of src/mail/refused.ts. */
const REASON = /^ {2}\| "([a-z0-9-]+)"/gm;
/** `add(…, "info", "code", …)` in src/mail. */
const SEVERITY_FIRST = /"(info|warn|fail)",\s*"([a-z0-9-]+)",/g;

function sources(): string[] {
  const folders = ["mail", "diff", "patch", "base", "verify"].flatMap((folder) =>
    readdirSync(join(ROOT, "src", folder)).map((file) => join("src", folder, file)),
  );
  return [...folders, join("src", "app", "verify", "checking.ts")].map((file) => text(file));
}

function inSource(): Map<string, string> {
  const found = new Map<string, string>();
  for (const source of sources()) {
    for (const [pattern, severity] of WRITTEN)
      for (const [, code, written] of source.matchAll(pattern))
        found.set(code!, severity ?? written!);
    for (const [, severity, code] of source.matchAll(SEVERITY_FIRST)) found.set(code!, severity!);
  }
  const reasons = text("src", "mail", "refused.ts").matchAll(REASON);
  for (const [, code] of reasons) found.set(code!, "fail");
  return found;
}

test("every code of the source is listed once, with its severity, and no other is", () => {
  const found = inSource();
  const sorted = (rows: Iterable<readonly [string, string]>): string[] =>
    [...rows].map((row) => row.join(" ")).sort();
  expect(sorted(LISTED)).toEqual(sorted(found));
});

test("whatever a fixture is found to be is listed", () => {
  const listed = new Map(LISTED);
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
