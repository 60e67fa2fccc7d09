/**
 * Patches of files with CRLF line ends, and transports that make or take CRs. Stock git is the
 * judge: with a good verdict, git am makes the signer's commit from the very mail, with --keep-cr
 * where the verdict says so.
 */

import { SEED } from "../support/seed.ts";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { mailFor } from "../../src/verify/commit.ts";
import type { Checked } from "../../src/verify/result.ts";
import { some } from "../support/long.ts";
import { randomOf } from "../support/reshape.ts";
import { commit, commitsOf, COMMITS, git, newRepository } from "../support/repo.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm } from "../support/soundness.ts";
import { requireTool } from "../support/tools.ts";

const DOS = "one\r\ntwo\r\nthree\r\n\r\nfour\r\n";
const MIXED = "one\ntwo\r\nthree\n\nfour\r\n";
const UNIX = "one\ntwo\nthree\n\nfour\n";
const START = { "dos.txt": DOS, "mixed.txt": MIXED, "unix.txt": UNIX, "end.txt": "a\r\nb" };
const BINARY = Buffer.from([0, 13, 10, 13, 10, 1, 2, 3, 255, 13, 10]);

/** What is changed, and whether a CR is part of the diff. */
const CHANGES: Record<string, [cr: boolean, files: Record<string, string | Buffer | null>]> = {
  "a CRLF file": [true, { "dos.txt": DOS.replace("two", "TWO") }],
  "a file that mixes": [true, { "mixed.txt": MIXED.replace("two", "TWO").replace("one", "ONE") }],
  "an LF file": [false, { "unix.txt": UNIX.replace("two", "TWO") }],
  "CRLF to LF": [true, { "dos.txt": UNIX }],
  "LF to CRLF": [true, { "unix.txt": DOS }],
  "both kinds of file": [true, { "dos.txt": "1\r\n", "unix.txt": "1\n" }],
  "a new CRLF file": [true, { "new.bat": "x\r\n\r\ny\r\n" }],
  "a deleted one": [true, { "dos.txt": null }],
  "no line end at the end": [true, { "end.txt": "a\r\nc", "more.txt": "x\r\ny" }],
  "CR CR LF": [true, { "dos.txt": DOS.replace("two\r", "two\r\r") }],
  "a lone CR": [false, { "unix.txt": UNIX.replace("two", "t\rwo") }],
  "binary data": [false, { "data.bin": BINARY }],
  "binary data beside a CRLF file": [true, { "data.bin": BINARY, "dos.txt": "1\r\n" }],
};

let folder: string;
let base: string;
let judge: AmJudge;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "patchsig-line-ends-"));
  base = newRepository(join(folder, "base"));
  git(base, ["config", "core.autocrlf", "false"]);
  commit(base, "start", START);
  judge = openAm(base);
});
afterAll(() => {
  judge.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A commit on top of the base: its signed patch, and the commit itself. */
function patchOf(files: Record<string, string | Buffer | null>): { mbox: Buffer; made: string[] } {
  const work = mkdtempSync(join(folder, "work-"));
  git(folder, ["clone", "-q", base, work]);
  git(work, ["config", "core.autocrlf", "false"]);
  commit(work, "change it\n\nAs it says.\n\nSigned-off-by: Alice <alice@example.org>", files);
  const mbox = git(work, ["format-patch", "--stdout", "-1"]);
  const log = spawnSync("sh", ["-c", `git log ${COMMITS} -1`], { cwd: work, encoding: "latin1" });
  const [mail] = messages(mbox, { keepCr: true });
  const [signed] = signMails([mail!.bytes!]);
  // all that came stays, and the block is all that is new
  const text = signed!.toString("latin1");
  const block = /\n---\n(untrusted comment: [^]*?==\n\n)/.exec(text)![1]!;
  expect(text.replace(block, "")).toBe(mail!.bytes!.toString("latin1"));
  return {
    mbox: Buffer.concat([mbox.subarray(0, mail!.offset), signed!]),
    made: commitsOf(log.stdout),
  };
}

function checked(mbox: Buffer): Checked {
  return check(messages(mbox, { keepCr: true })[0]!.bytes!);
}

/** Good, the commit is made by stock git am as the verdict says, and by what `am` composes. */
function expectCommit(mbox: Buffer, made: readonly string[]): Checked {
  const all = checked(mbox);
  expect(isGood(all), all.findings.map((f) => f.message).join("; ")).toBe(true);
  const some = all.diff!.rawCr === "some";
  expect(all.findings.some((f) => f.code === "raw-cr")).toBe(some);
  expect(judge.am(mbox, [some ? "--keep-cr" : "--no-keep-cr"])).toEqual(made);
  const composed = mailFor(all, 0);
  expect(composed.ok && judge.am(composed.value.mail)).toEqual(made);
  return all;
}

const crlf = (mbox: Buffer): Buffer =>
  Buffer.from(mbox.toString("latin1").replaceAll("\n", "\r\n"), "latin1");

describe.each(Object.entries(CHANGES))("%s", (name, [hasCr, files]) => {
  test("raw, and with all line ends made CRLF", () => {
    const { mbox, made } = patchOf(files);
    expect(expectCommit(mbox, made).diff!.rawCr).toBe(hasCr ? "some" : "none");
    expect(expectCommit(crlf(mbox), made).diff!.rawCr).toBe("all");
  });

  test.runIf(requireTool("git-send-email"))("as git send-email sends it", () => {
    const { mbox, made } = patchOf(files);
    const attestation = checked(mbox).attestation!.text;
    const place = mkdtempSync(join(folder, "mail-"));
    const [sent, file, program] = ["sent", "0001.patch", "sendmail"].map((n) => join(place, n));
    writeFileSync(file!, mbox);
    writeFileSync(program!, `#!/bin/sh\ncat >'${sent}'\n`);
    chmodSync(program!, 0o700);
    const nth = Object.keys(CHANGES).indexOf(name);
    for (const encoding of some(["auto", "8bit", "quoted-printable", "base64"], 4, nth)) {
      const args = ["--quiet", "--confirm=never", "--suppress-cc=all", "--to=l@example.org"];
      const how = [`--transfer-encoding=${encoding}`, `--smtp-server=${program}`, "--no-validate"];
      const from = "--from=Alice <alice@example.org>";
      git(base, ["send-email", ...args, from, ...how, file!]);
      const mail = Buffer.concat([
        Buffer.from("From x Mon Sep 17 00:00:00 2001\n"),
        readFileSync(sent!),
      ]);
      expect(expectCommit(mail, made).attestation!.text).toEqual(attestation);
      expect(expectCommit(crlf(mail), made).attestation!.text).toEqual(attestation);
    }
  });

  test.runIf(hasCr)("CRs that a transport removed are reported", () => {
    const { mbox } = patchOf(files);
    const eaten = Buffer.from(mbox.toString("latin1").replaceAll("\r", ""), "latin1");
    const all = checked(eaten);
    expect(all.changed).toEqual(["diff"]);
  });
});

describe("changed line ends are reported", () => {
  const said = (mbox: Buffer): string[] => {
    const found = checked(mbox).findings.find((f) => f.code === "content-changed")!;
    return [found.message, found.hint];
  };
  const told = (change: string, edit: (text: string) => string, is: boolean): void => {
    const { mbox } = patchOf(CHANGES[change]![1]);
    const [message, hint] = said(Buffer.from(edit(mbox.toString("latin1")), "latin1"));
    expect(message).toBe(`diff changed after signing${is ? ": line ends" : ""}`);
    expect(hint!.includes("--transfer-encoding=quoted-printable")).toBe(is);
  };

  test.each([
    "a CRLF file",
    "a new CRLF file",
    "CRLF to LF",
    "LF to CRLF",
    "no line end at the end",
  ])("%s without its CRs", (change) => told(change, (text) => text.replaceAll("\r\n", "\n"), true));
  test("CR on one line of an LF file", () => {
    told("an LF file", (text) => text.replace("+TWO\n", "+TWO\r\n"), true);
  });
  test("not if more was changed", () => {
    told("a CRLF file", (text) => text.replaceAll("\r\n", "\n").replace("+TWO", "+TOO"), false);
  });
});

test("CRs on lines at random: a good verdict is git am's commit", () => {
  const random = randomOf(SEED);
  const signed = Object.values(CHANGES).map(([, files]) => patchOf(files));
  const tally = { good: 0, bad: 0 };
  for (let n = 0; n < 60; n++) {
    const { mbox, made } = signed[random(signed.length)]!;
    const few = random(4);
    const inDiff = random(2) === 0;
    const text = mbox.toString("latin1");
    const start = inDiff ? text.indexOf("\ndiff --git") + 1 : 0;
    const changed = text
      .slice(start)
      .replace(/\r?\n/g, (end) =>
        few === 0 || random(12) >= few ? (few === 0 ? "\r\n" : end) : end === "\n" ? "\r\n" : "\n",
      );
    const mail = Buffer.from(text.slice(0, start) + changed, "latin1");
    const all = checked(mail);
    if (!isGood(all)) {
      tally.bad++;
      continue;
    }
    tally.good++;
    const options = all.diff!.rawCr === "some" ? ["--keep-cr"] : [];
    const got = judge.am(mail, options);
    if (got !== null) expect(got, `seed ${SEED}, ${n}\n${mail.toString("latin1")}`).toEqual(made);
  }
  expect(tally.good).toBeGreaterThan(5);
  expect(tally.bad).toBeGreaterThan(5);
});
