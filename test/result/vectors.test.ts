/** fixtures/result by three readers: patchsig's, stock minisign, and the one written from the specification. */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import type { TextReading } from "../../src/patch/signed-text.ts";
import { detailsIn, resultMessageId, resultsIn } from "../../src/result/mail.ts";
import type { TestResult } from "../../src/result/text.ts";
import { temporaryFolder } from "../support/repo.ts";
import { check } from "../support/signing.ts";
import { requireTool } from "../support/tools.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, "fixtures", "result");
const read = (name: string): Buffer => readFileSync(join(FOLDER, name));
const RESULTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => file.slice(0, -".eml".length));

const verifier = createVerifier();
const readingsOf = (name: string): readonly TextReading<TestResult>[] =>
  resultsIn(read(`${name}.eml`), verifier);

function verdictOf(reading: TextReading<TestResult>): string {
  if (!reading.ok) return `${reading.why}\n`;
  const { by, time, result, test: name, tree } = reading.signed.said;
  return `good by ${by} t=${time}\n${result} ${name} of ${tree}\n`;
}

test.each(RESULTS)("%s", (name) => {
  const said = readingsOf(name).map(verdictOf).join("\n");
  expect(said).toBe(read(`${name}.verdict`).toString());
});

test("no result makes a mail a patch or a cover letter", () => {
  const others = RESULTS.filter((name) => name !== "with-diff" && name !== "patch-block");
  expect(others.filter((name) => check(read(`${name}.eml`)).kind !== "other")).toEqual([]);
});

test("details are found by their digest, and the Message-ID is that of the run", () => {
  const mail = read("passed.eml");
  const [one] = resultsIn(mail, verifier);
  if (one?.ok !== true) throw new Error("not read");
  const { said } = one.signed;
  expect(JSON.parse(detailsIn(mail, said.details!)!.toString())).toHaveProperty("tests");
  expect(detailsIn(mail, said.logSha256!)).toBe(null);
  expect(mail.toString()).toContain(`\nMessage-ID: ${resultMessageId(said)}\n`);
  expect(resultMessageId({ ...said, run: 2 })).not.toBe(resultMessageId(said));
});

const minisign = requireTool("minisign");

test.runIf(minisign)("stock minisign accepts each good one", () => {
  const folder = temporaryFolder();
  const good = RESULTS.flatMap(readingsOf).flatMap((one) => (one.ok ? [one.signed] : []));
  const different = new Map(good.map((signed) => [signed.text, signed]));
  expect(different.size).toBeGreaterThan(8);
  for (const { text, minisig } of different.values()) {
    writeFileSync(join(folder, "text"), text);
    writeFileSync(join(folder, "text.minisig"), minisig);
    const args = ["-VHqm", "text", "-p", join(FOLDER, "ci.pub")];
    execFileSync("minisign", args, { cwd: folder });
  }
  execFileSync("minisign", ["-VHqm", "passed.text", "-p", "ci.pub"], { cwd: FOLDER });
});

describe.runIf(minisign)("the reader written from the specification", () => {
  const script = join(ROOT, "docs", "spec", "result-by-hand.py");
  // with stock minisign alone, these two cannot be told apart
  const alike = (said: string): string => said.replace(/^(?:signature|changed)$/gm, "not good");

  /** In one process: 70 starts would take four seconds. */
  const RUNNER = `
import json, runpy, sys
results = runpy.run_path(sys.argv[1])["results"]
print(json.dumps([results(mail) for mail in json.load(sys.stdin)]))`;

  test("says the same of each", () => {
    const input = JSON.stringify(RESULTS.map((name) => `${name}.eml`));
    const run = spawnSync("python3", ["-c", RUNNER, script], { cwd: FOLDER, input });
    expect(run.stderr.toString()).toBe("");
    const said = JSON.parse(run.stdout.toString()) as string[][];
    for (const [i, name] of RESULTS.entries()) {
      const text = said[i]!.map((one) => `${one}\n`).join("\n");
      expect([name, alike(text)]).toEqual([name, alike(read(`${name}.verdict`).toString())]);
    }
  });

  test("prints that", () => {
    const said = execFileSync("python3", [script, "passed.eml"], { cwd: FOLDER });
    expect(said).toEqual(read("passed.verdict"));
  });
});
