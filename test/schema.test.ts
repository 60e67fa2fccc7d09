/** docs/schema: what `verify --json` prints is what the schema and its page say. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { patchsig, type Run, records } from "./support/cli.ts";
import { problems, type Schema, schemaOf } from "./support/json-schema.ts";
import { temporaryFolder } from "./support/repo.ts";

const ROOT = join(import.meta.dirname, "..");
const SCHEMAS = join(ROOT, "docs", "schema");
const schema = schemaOf("verify");
const page = readFileSync(join(SCHEMAS, "verify.md"), "utf8");
const fixtures = (...names: string[]): string[] =>
  names.map((name) => join(ROOT, "fixtures", name));

const MAILS = readdirSync(join(ROOT, "fixtures", "mail"))
  .filter((name) => name.endsWith(".eml"))
  .map((name) => `mail/${name}`);

/** Verifies into a database of its own. */
const verify = (sources: string[]): Run =>
  patchsig(["verify", "--json", ...sources], { home: temporaryFolder() });

/** [what, the sources, what the records must show so that the case is the case] */
const CASES: [string, string[], string][] = [
  ["a good mail", fixtures("signed/as-sent.eml"), '"signature":"good"'],
  ["a bad mail", fixtures("signed/trailer-added.eml"), '"changed":["message"]'],
  ["an unsigned mail", fixtures("signed/unsigned.eml"), '"signature":"none"'],
  ["a refused mail", fixtures("canonical/conflicting-header.eml"), '"series":null'],
  ["a refused diff", fixtures("canonical/name-mismatch.eml"), '"code":"name-mismatch"'],
  ["a damaged block", fixtures("signed/cut.eml"), '"signature":"malformed"'],
  ["a mail without a patch", fixtures("mail/encoded-words.eml"), '"type":"summary"'],
  ["a series", fixtures("series"), '"sealed":true'],
  ["half a series", fixtures("series/v2-0003-doc-say-what-hello-txt-is.patch"), '"missing":[1,2]'],
  ["all signed mails", fixtures("signed"), '"trust":"first-use"'],
  ["all unsigned mails", fixtures("canonical"), '"verdict":"fail"'],
  ["mails of all kinds", fixtures(...MAILS), '"verdict":"fail"'],
];

test.each(CASES)("%s", (_, sources, shows) => {
  const run = verify(sources);
  const found = records(run);
  expect(found.at(-1)!["type"]).toBe("summary");
  for (const record of found) expect(problems(record, schema)).toEqual([]);
  expect(run.stdout).toContain(shows);
});

test("a known key", () => {
  const home = temporaryFolder();
  const args = ["verify", "--json", ...fixtures("series", "signed/by-itself.eml")];
  patchsig(args, { home });
  // as if the day before another series had brought the key
  const db = new Database(join(home, "patchsig", "trust.db"));
  db.exec("update keys set first_series = 'another', first_seen = first_seen - 86400");
  db.close();
  patchsig(args, { home });
  const run = patchsig(args, { home });
  expect(run.stdout).toContain('"trust":"known"');
  for (const record of records(run)) expect(problems(record, schema)).toEqual([]);
});

describe("the checker", () => {
  let patch: Record<string, unknown> | null = null;
  test.each<[string, (record: Record<string, unknown>) => void]>([
    ["a field too few", (record) => delete record["subject"]],
    ["a field too many", (record) => (record["more"] = 1)],
    ["another type", (record) => (record["type"] = "mail")],
    ["a word that is none", (record) => (record["verdict"] = "ok")],
    ["a number for a text", (record) => (record["source"] = 1)],
    ["null for a text", (record) => (record["subject"] = null)],
    ["half a key", (record) => (record["publicKey"] = "RW")],
    ["a part twice", (record) => (record["changed"] = ["diff", "diff"])],
    ["a fraction", (record) => (record["series"] = { id: null, version: 0.5, index: 1, total: 1 })],
    [
      "a negative number",
      (record) => (record["series"] = { id: null, version: 1, index: -1, total: 1 }),
    ],
    ["an object too small", (record) => (record["base"] = { status: "present" })],
    ["a finding without a code", (record) => (record["findings"] = [{ severity: "info" }])],
  ])("sees %s", (_, change) => {
    patch ??= records(verify(fixtures("signed/as-sent.eml")))[0]!;
    const record = structuredClone(patch);
    expect(problems(record, schema)).toEqual([]);
    change(record);
    expect(problems(record, schema)).not.toEqual([]);
  });
});

test("the page lists the fields of the schema", () => {
  for (const [name, definition] of Object.entries(schema["$defs"] as Record<string, Schema>)) {
    const one = (definition["items"] as Schema | undefined) ?? definition;
    if (one["properties"] === undefined) continue;
    const section = new RegExp(`^## ${name}\n([^]*?)(?=^## |(?![^]))`, "m").exec(page)![1]!;
    const rows = [...section.split(/^`(?:trust|reason|why)`:/m)[0]!.matchAll(/^\| (`.*?) \| /gm)];
    const fields = rows.flatMap(([, cell]) => cell!.match(/\w+/g)!);
    expect([name, fields]).toEqual([name, Object.keys(one["properties"] as Schema)]);
  }
});
