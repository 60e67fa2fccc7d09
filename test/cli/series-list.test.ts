/** `patchsig series`: what some mails hold, and what a person says of it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { expectError, expectStatus, expectTidy, newFolder } from "./support.ts";

const schema = schemaOf("series");

function mailbox(...mails: readonly Buffer[]): string {
  const file = join(newFolder(), "thread.mbox");
  const from = "From x Fri Nov  6 22:00:00 2026\n";
  writeFileSync(file, mails.map((one) => `${from}${one.toString("latin1")}\n`).join(""), "latin1");
  return file;
}

const V1 = signed(two("a", "PATCH"));
const V2 = signed(two("b", "PATCH v2", { re: "a0", to: "2" }));
const PART = mail("p", "[PATCH v3 2/2] other", { re: "a0 b2", to: "3" });
const ODD = mail("o", "[PATCH 1/3] \x1b[31mred\u202e", { from: "Bob <bob@example.org>" });

describe("list", () => {
  const file = mailbox(...V1, ...V2, PART, ODD);
  const home = newFolder();
  const list = (...args: readonly string[]): Run =>
    patchsig(["series", "list", ...args, file], { home, env: { COLUMNS: "100" } });

  test("a line a series", () => {
    const { stdout } = expectStatus(list(), 0);
    expect(stdout).toBe(
      [
        "1  v1  2/2  warn  2026-11-06  alice@example.org  both",
        "2  v2  2/2  warn  2026-11-06  alice@example.org  both",
        "3  v3  1/2  FAIL  2026-11-06  alice@example.org  other (replaces 2 of v2)",
        "4  v1  1/3  warn  2026-11-06  bob@example.org    \\x1b[31mred\\u202e",
        "",
      ].join("\n"),
    );
    expectTidy(stdout, 100);
    // nothing is remembered
    expect(patchsig(["trust", "list"], { home }).stdout).toBe("");
  });

  test("why each mail is where it is", () => {
    const { stdout } = expectStatus(list("--why"), 0);
    expectTidy(stdout, 100);
    expect(stdout).toContain("   1/2  <a1@x>: signed together\n");
    expect(stdout).toContain("   one work with 1: the same titles or diffs\n");
    expect(stdout).toContain("   2/2  <p@x>: the first one\n");
  });

  test("records", () => {
    const found = records(expectStatus(list("--json"), 0));
    for (const record of found) expect(problems(record, schema)).toEqual([]);
    expect(found.map(({ number, work, name }) => [number, work, name])).toEqual([
      [1, 1, "v1"],
      [2, 1, "v2"],
      [3, 1, "v3"],
      [4, 4, "v1"],
    ]);
    expect(found[2]).toMatchObject({
      versionOf: [{ number: 1, reason: "content" }],
      replaces: { version: 2, numbers: [2] },
      proof: "none",
    });
  });

  test("what cannot be read is said, and the rest is listed", () => {
    const run = patchsig(["series", "list", join(newFolder(), "gone"), file], { home });
    expectStatus(run, 3);
    expect(run.stdout.split("\n")).toHaveLength(5);
    expect(run.stderr).toMatch(/^patchsig: no such file: .*gone$/m);
    expectError(patchsig(["series", "list", "/nowhere"], { home }), 3, "no such file: /nowhere");
  });

  test("no patch", () => {
    const none = mailbox(mail("n", "Re: [PATCH 0/2] both"));
    expectError(patchsig(["series", "list", none], { home }), 1, /^no patch in /);
  });
});

describe("link and unlink", () => {
  const renamed = mail("t", "[PATCH v2] another name");
  const file = mailbox(mail("s", "[PATCH] one thing"), renamed);
  const works = (home: string): unknown[] =>
    records(patchsig(["series", "list", "--json", file], { home })).map(({ work }) => work);

  test("are remembered, replaced and forgotten", () => {
    const home = newFolder();
    const series = (...args: readonly string[]): Run => patchsig(["series", ...args], { home });
    expect(works(home)).toEqual([1, 2]);
    expectStatus(series("link", "t@x", "<s@x>"), 0);
    expect(works(home)).toEqual([1, 1]);
    expect(series("link").stdout).toBe("<s@x> <t@x>\n");
    expectStatus(series("unlink", "s@x", "t@x"), 0);
    expect(works(home)).toEqual([1, 2]);
    expect(series("link").stdout).toBe("");
    expect(series("unlink").stdout).toBe("<s@x> <t@x>\n");
    expectStatus(series("link", "--forget", "s@x", "t@x"), 0);
    expect(series("unlink").stdout).toBe("");
  });

  test("take two Message-IDs", () => {
    const home = newFolder();
    for (const words of [["s@x"], ["s@x", "s@x"], ["s@x", "t@x", "u@x"], ["--forget"]])
      expectError(patchsig(["series", "link", ...words], { home }), 2, "name two mails");
    expectError(patchsig(["series", "link", "s", "t@x"], { home }), 2, "s is not a Message-ID");
  });
});

describe("mark", () => {
  const home = newFolder();
  const marks = (...args: readonly string[]): Run =>
    patchsig(["series", "mark", ...args], { home });

  test("is remembered, replaced, and listed", () => {
    expect(marks().stdout).toBe("");
    expectStatus(marks("waiting", "s@x", "<t@x>", "--note", "asked for\u202e a test"), 0);
    expect(marks().stdout).toMatch(
      /^waiting  \d{4}-\d\d-\d\d  <s@x>  asked for\\u202e a test\nwaiting .*<t@x>  asked/,
    );
    expectStatus(marks("snoozed", "s@x", "--until", "2.weeks"), 0);
    expectStatus(marks("dropped", "t@x"), 0);
    expect(marks().stdout).toMatch(/^snoozed .* <s@x> until \d{4}-\d\d-\d\d\ndropped .* <t@x>\n$/);
  });

  test("takes a state and Message-IDs", () => {
    expectError(marks("done", "s@x"), 2, '"done" is no state');
    expectError(marks("waiting"), 2, "of which series");
    expectError(marks("waiting", "s"), 2, "s is not a Message-ID");
    expectError(marks("waiting", "s@x", "--until", "3.days"), 2, "goes with snoozed");
    for (const until of ["2020-01-01", "never", "2026-99-99"])
      expectError(marks("snoozed", "s@x", "--until", until), 2, "a time in the future");
  });
});
