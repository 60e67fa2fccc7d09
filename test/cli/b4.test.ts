/** Beside b4: what `b4 am` writes is told from a forgery; what `b4 send -o` writes can be signed. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, type Run, records } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { expectStatus, filesOf, newFolder, newHome, text } from "./support.ts";

const SIGNED_OFF = "Signed-off-by: Alice <alice@example.org>";
const CC = "Cc: Carl <carl@example.org>";

/** Messages of commits, and what b4 does to them if Alice runs it, beside adding Bob's review. */
const MESSAGES: readonly (readonly [message: string, code: string])[] = [
  [`net: a sign-off\n\nWhy.\n\n${SIGNED_OFF}`, "trailers-added"],
  [`net: a sign-off above others\n\nWhy.\n\n${SIGNED_OFF}\n${CC}`, "trailers-added"],
  ["net: no trailers\n\nWhy.", "trailers-added"],
  ["net: nothing", "trailers-added"],
  [`net: no empty line\n\nWhy.\n${SIGNED_OFF}`, "trailers-added"],
  [`net: a note\n\nWhy.\n\n${CC}\n[alice: rebased]\n${SIGNED_OFF}`, "trailers-added"],
  [`net: two blanks\n\nWhy.\n\nCc:  Carl <carl@example.org>\n${SIGNED_OFF}`, "content-changed"],
];

const day = describe.runIf(LONG && requireTool("b4"));

function newDay(): { upstream: string; work: string; home: string; base: string } {
  const folder = newFolder();
  const upstream = newRepository(join(folder, "upstream"));
  const base = commit(upstream, "start", { "net.txt": "0\n" });
  git(folder, ["clone", "-q", "upstream", "work"]);
  const work = join(folder, "work");
  git(work, ["config", "user.name", "Alice"]);
  git(work, ["config", "user.email", "alice@example.org"]);
  git(work, ["config", "b4.attestation-policy", "off"]);
  return { upstream, work, home: newHome(7), base };
}

/** Runs a program as Alice: b4 takes the commits of its user for a series. */
function asAlice(work: string, program: string, args: readonly string[]): void {
  const HOME = join(work, "..");
  const own = { HOME, XDG_DATA_HOME: HOME, XDG_CACHE_HOME: HOME };
  const alice = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };
  const env = { ...process.env, ...own, ...alice };
  const run = spawnSync(program, args, { cwd: work, env, encoding: "utf8" });
  expect(run.status, `${run.stdout}${run.stderr}`).toBe(0);
}

function b4(work: string, args: readonly string[]): void {
  asAlice(work, "b4", ["--no-interactive", ...args]);
}

/** The thread on the list: Alice's signed mails, and Bob's review of each. */
function thread(work: string, home: string): string {
  for (const [i, [message]] of MESSAGES.entries()) commit(work, message, { [`${i}.txt`]: "x\n" });
  const out = newFolder();
  expectStatus(
    patchsig(["format-patch", "-q", "-o", out, "origin/main.."], { home, cwd: work }),
    0,
  );
  const mails = filesOf(out).map((file, i) => {
    const id = `<${i}@example.org>`;
    const headers = `Message-ID: ${id}\n${i === 0 ? "" : "In-Reply-To: <0@example.org>\n"}Subject:`;
    const review =
      "From bob Mon Sep 17 00:00:00 2001\nFrom: Bob <bob@example.org>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n" +
      `Message-ID: <re${i}@example.org>\nIn-Reply-To: ${id}\nSubject: Re: [PATCH] x\n\nReviewed-by: Bob <bob@example.org>\n`;
    return `${text(file).replace("Subject:", headers)}\n${review}\n`;
  });
  const mbox = join(newFolder(), "thread.mbox");
  writeFileSync(mbox, mails.join(""), "latin1");
  return mbox;
}

day("b4 am", () => {
  let work: string;
  let upstream: string;
  let base: string;
  let mbox: string;
  beforeAll(() => {
    const begun = newDay();
    ({ work, upstream, base } = begun);
    mbox = thread(work, begun.home);
  });
  const am = (...options: string[]): string => {
    const out = newFolder();
    b4(work, ["am", "--no-cover", "-m", mbox, "-o", out, ...options, "0@example.org"]);
    return join(
      out,
      readdirSync(out).find((name) => name.endsWith(".mbx"))!,
    );
  };
  const verify = (file: string): Run =>
    patchsig(["verify", "--json", file], { home: newFolder(), cwd: upstream });
  const codes = (file: string): string[] =>
    records(verify(file))
      .filter(({ type }) => type === "patch")
      .map(
        ({ findings }) => findings.find((f: { severity: string }) => f.severity === "fail")?.code,
      );

  test("what it adds and moves is named; nothing of it is good", () => {
    expect(codes(am())).toEqual(MESSAGES.map(([, code]) => code));
    // somebody else's: nothing is moved, his own lines are added
    git(work, ["config", "user.name", "Mai"]);
    git(work, ["config", "user.email", "mai@example.org"]);
    expect(codes(am("-s", "-l"))).toEqual(MESSAGES.map(([, code]) => code));
  });

  test("with -T it leaves messages alone: the series is good, and applied", () => {
    const alone = am("-T");
    expect(codes(alone)).toEqual(MESSAGES.map(() => undefined));
    git(upstream, ["checkout", "-q", "-B", "with-T", base]);
    expectStatus(patchsig(["am", alone], { home: newFolder(), cwd: upstream }), 0);
  });

  test("am --signed-only applies what was signed", () => {
    git(upstream, ["checkout", "-q", "-B", "signed-only", base]);
    const args = ["am", "--signed-only", "--partial", am()];
    expectStatus(patchsig(args, { home: newFolder(), cwd: upstream }), 0);
    const messages = (range: string, where: string): string =>
      git(where, ["log", "--reverse", "--format=%B", range]).toString();
    const signed = messages(`origin/main..HEAD~1`, work);
    expect(messages(`${base}..`, upstream)).toBe(signed);
  });
});

day("b4 send", () => {
  test("writes mails that can be signed, all of a series in one run", () => {
    const { work, home } = newDay();
    b4(work, ["prep", "-n", "net", "-f", "origin/main"]);
    const editor = join(newFolder(), "editor");
    writeFileSync(editor, '#!/bin/sh\nprintf "net: count\\n\\nThey were not counted.\\n" >"$1"\n');
    chmodSync(editor, 0o755);
    git(work, ["config", "core.editor", editor]);
    b4(work, ["prep", "--edit-cover"]);
    for (const number of ["one", "two"]) {
      writeFileSync(join(work, "net.txt"), number);
      asAlice(work, "git", ["commit", "-qam", `net: ${number}\n\nWhy.\n\n${SIGNED_OFF}`]);
    }
    const out = join(newFolder(), "out");
    mkdirSync(out);
    git(work, ["config", "b4.send-series-to", "list@example.org"]);
    b4(work, ["send", "-o", out, "--no-sign"]);
    const files = filesOf(out).filter((name) => name.endsWith(".eml"));
    expect(files.length).toBe(3);
    expectStatus(patchsig(["sign", ...files], { home, cwd: work }), 0);
    const run = expectStatus(patchsig(["verify", out], { home: newFolder(), cwd: work }), 0);
    expect(run.stdout).toContain("2 of 2 in the signed order");
    expect(readFileSync(files[1]!, "latin1")).toContain("trusted comment: patchsig-v1");
  });
});
