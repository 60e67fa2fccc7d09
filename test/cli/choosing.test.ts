/** One series of several: `verify`, `base` and `am` choose alike. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { mail, signed, two } from "../app/series/thread.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git, newRepository } from "../support/repo.ts";
import { expectError, expectStatus, newFolder } from "./support.ts";

const V1 = signed(two("a", "PATCH"), { base: "1".repeat(40) });
const V2 = signed(two("b", "PATCH v2", { re: "a0", to: "2" }), { base: "2".repeat(40) });
const FORGED = two("c", "PATCH v3", { re: "a0", to: "3" });

function mailbox(...mails: readonly Buffer[]): string {
  const file = join(newFolder(), "thread.mbox");
  const from = "From x Fri Nov  6 22:00:00 2026\n";
  writeFileSync(file, mails.map((one) => `${from}${one.toString("latin1")}\n`).join(""), "latin1");
  return file;
}

const file = mailbox(...V1, ...V2, ...FORGED);
const run = (...args: readonly string[]): Run => patchsig(args, { home: newFolder() });

describe("verify", () => {
  test("all of them, or one, whose verdict alone counts", () => {
    expectStatus(run("verify", file), 1);
    const one = expectStatus(run("verify", "--json", "--version", "2", file), 0);
    const found = records(one);
    expect(found.map(({ type }) => type)).toEqual(["patch", "patch", "patch", "series", "summary"]);
    expect(found[3]).toMatchObject({ version: 2, sealed: true, verdict: "pass" });
    expect(found[4]).toMatchObject({ messages: 9, patches: 3, fail: 0 });
    expect(one.stderr).toBe("v2, 2 patches; v1 and v3 are also there\n");
    const third = expectStatus(run("verify", "--series=c1@x", file), 1);
    expect(third.stdout).toContain("v3, 2 of 2, 2 failed");
    const id = records(run("series", "list", "--json", file))[1]!["id"] as string;
    const byId = expectStatus(run("verify", "--json", "--series", id.slice(0, 8), file), 0);
    expect(records(byId)[3]).toMatchObject({ id, version: 2 });
  });

  test("not with --new, nor one that is not there", () => {
    expectError(run("verify", "--new", "--version=2", file), 2, /^--new does not go with --series/);
    expectError(run("verify", "--version=7", file), 3, "no v7 here");
    const none = mailbox(mail("n", "Re: nothing"));
    expectError(run("verify", "--version=1", none), 1, /^no patch in /);
  });
});

test("base answers for all of them, or for one", () => {
  const all = expectStatus(run("base", "show", "--commit", file), 1).stdout;
  expect(all).toBe(`${"1".repeat(40)}\n${"2".repeat(40)}\n`);
  const two = expectStatus(run("base", "show", "--commit", "--version=2", file), 0);
  expect(two.stdout).toBe(`${"2".repeat(40)}\n`);
  const one = expectStatus(run("base", "show", "--commit", "--series=1", file), 0);
  expect(one.stdout).toBe(`${"1".repeat(40)}\n`);
});

test("am composes a series of which a part was sent again, and says so", () => {
  const tree = newRepository(join(newFolder(), "tree"));
  for (const name of ["one", "other"]) writeFileSync(join(tree, name), "1\n");
  git(tree, ["add", "."]);
  git(tree, ["commit", "-qm", "start"]);
  const [part] = signed([mail("p", "[PATCH v2 2/2] other", { re: "a0 a2", to: "better" })]);
  const thread = mailbox(...V1, part!);
  const home = newFolder();
  const am = (...args: readonly string[]): Run => patchsig(["am", ...args], { home, cwd: tree });
  const refused = expectError(am(thread), 3, "a part of v1 was sent again: v1 + v2 2/2");
  expect(refused.stderr).toContain("--composed takes v1 + v2 2/2, --version 1 takes v1 as it was");
  const done = expectStatus(am("--composed", thread), 0);
  expect(done.stderr).toMatch(/^composed: v1 \+ v2 2\/2\n[^]*applied 2 patches\n$/);
  expect(done.stdout).toContain("composed: v1 + v2 2/2");
  expect(git(tree, ["show", "HEAD:other"]).toString()).toBe("better\n");
  expect(git(tree, ["show", "HEAD:one"]).toString()).toBe("one\n");
});

test("a series as Patchwork gives it, and a thread compressed as lore gives it", () => {
  const mails = two("a", "PATCH").slice(1);
  const patchwork = join(newFolder(), "series.mbox");
  const text = signed(mails).map(
    (one) => `From patchwork Tue Nov 24 10:00:00 2026\nX-Patchwork-Id: 123\n${one.toString()}\n`,
  );
  writeFileSync(patchwork, text.join(""));
  expect(expectStatus(run("verify", patchwork), 0).stdout).toContain("2 of 2 in the signed order");
  const lore = join(newFolder(), "t.mbox.gz");
  writeFileSync(lore, gzipSync(readFileSync(file)));
  expectStatus(run("verify", "--version=2", lore), 0);
});
