/** fixtures/feed by three readers: patchsig's, stock minisign, and the one written from the specification. */

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { goodDescription } from "../../scripts/vectors/descriptions.ts";
import { descriptionsIn } from "../../src/feed/description.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { newFolder } from "../support/folders.ts";
import { requireTool } from "../support/tools.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, "fixtures", "feed");
const read = (name: string): Buffer => readFileSync(join(FOLDER, name));
const DESCRIPTIONS = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => file.slice(0, -".eml".length));

const verifier = createVerifier();
const readingsOf = (name: string) => descriptionsIn(read(`${name}.eml`), verifier);

test.each(DESCRIPTIONS)("%s", (name) => {
  const said = readingsOf(name).map((one) =>
    one.ok ? goodDescription(one.signed.said) : `${one.why}\n`,
  );
  expect(said.join("\n")).toBe(read(`${name}.verdict`).toString());
});

const minisign = requireTool("minisign");

test.runIf(minisign)("stock minisign accepts each good one", () => {
  const folder = newFolder();
  const good = DESCRIPTIONS.flatMap(readingsOf).flatMap((one) => (one.ok ? [one.signed] : []));
  const different = new Map(good.map((signed) => [signed.text, signed]));
  expect(different.size).toBe(4);
  for (const { text, minisig } of different.values()) {
    writeFileSync(join(folder, "text"), text);
    writeFileSync(join(folder, "text.minisig"), minisig);
    const args = ["-VHqm", "text", "-p", join(FOLDER, "owner.pub")];
    execFileSync("minisign", args, { cwd: folder });
  }
  execFileSync("minisign", ["-VHqm", "described.text", "-p", "owner.pub"], { cwd: FOLDER });
});

test.runIf(minisign)("the reader written from the specification says the same of each", () => {
  const script = join(ROOT, "docs", "spec", "feed-by-hand.py");
  // with stock minisign alone, these two cannot be told apart
  const alike = (said: string): string => said.replace(/^(?:signature|changed)$/gm, "not good");
  const runner = `
import json, runpy, sys
descriptions = runpy.run_path(sys.argv[1])["descriptions"]
print(json.dumps([descriptions(mail) for mail in json.load(sys.stdin)]))`;
  const input = JSON.stringify(DESCRIPTIONS.map((name) => `${name}.eml`));
  const run = spawnSync("python3", ["-c", runner, script], { cwd: FOLDER, input });
  expect(run.stderr.toString()).toBe("");
  const said = JSON.parse(run.stdout.toString()) as string[][];
  for (const [i, name] of DESCRIPTIONS.entries()) {
    const text = said[i]!.map((one) => `${one}\n`).join("\n");
    expect([name, alike(text)]).toEqual([name, alike(read(`${name}.verdict`).toString())]);
  }
});
