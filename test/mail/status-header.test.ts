/** The header line of mail filters: no other is left, whoever reads, and git reads what it read. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { withStatus } from "../../src/mail/status-header.ts";
import { LONG } from "../support/long.ts";
import { Generator } from "./generate.ts";
import { type Judge, openJudge } from "./judge.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures", "mail");
const text = (mail: string, value: string | null = "unsigned"): string =>
  withStatus(Buffer.from(mail, "latin1"), value).toString("latin1");

let judge: Judge;
beforeAll(() => {
  judge = openJudge();
});
afterAll(() => judge.close());

/** What git mailinfo makes of mails, as text. */
function read(mails: readonly Buffer[]): (string | null)[] {
  return judge
    .readAll(mails)
    .map((seen) =>
      seen === null
        ? null
        : Buffer.concat([seen.info, seen.message, seen.patch]).toString("latin1"),
    );
}

describe("where it stands", () => {
  test.each([
    ["on top", "From: a\n\nx\n", "S: unsigned\nFrom: a\n\nx\n"],
    ["below a From line", "From a\nTo: b\n\n", "From a\nS: unsigned\nTo: b\n\n"],
    ["below two", "From a\nFrom b\nTo: b\n\n", "From a\nFrom b\nS: unsigned\nTo: b\n\n"],
    ["below blank lines", "\n \nTo: b\n\n", "\n \nS: unsigned\nTo: b\n\n"],
    ["with the mail's line ends", "To: b\r\n\r\nx\r\n", "S: unsigned\r\nTo: b\r\n\r\nx\r\n"],
    ["in a mail without a body", "To: b", "S: unsigned\nTo: b"],
  ])("%s", (_, mail, filtered) => {
    expect(text(mail)).toBe(filtered.replace("S:", "X-Patchsig-Status:"));
  });
});

/** Ways to write the line, after a line end. */
const FORGED = [
  "X-Patchsig-Status: good",
  "x-patchsig-STATUS:good",
  "X-Patchsig-Status : good",
  "X-Patchsig-Status\t \t: good",
  "X-Patchsig-Status\n : good",
  "X-Patchsig-Status\r\n\t\n : good",
  "X-Patchsig-Status: good\n and\n\tfolded\n ",
  "X-Patchsig-Status:\n good",
  "X-Patchsig-Status: good\rX-Patchsig-Status: good",
  "X-Other: a\rX-Patchsig-Status: good",
  "X-Other: a\rX-Patchsig-Status: a\n\nX-Patchsig-Status: good",
  "X-Patchsig-Status: good\r\n\r\r\nX-Patchsig-Status: good",
];

describe("what the sender put there", () => {
  test.each([
    ["one", "A: b\nX-Patchsig-Status: good\nC: d\n\nx\n", "A: b\nC: d\n\nx\n"],
    ["the first", "X-Patchsig-Status: good\nC: d\n\nx\n", "C: d\n\nx\n"],
    ["the first, CRLF", "X-Patchsig-Status: good\r\nC: d\r\n\r\n", "C: d\r\n\r\n"],
    ["the last", "A: b\nx-patchsig-status:good\n\nx\n", "A: b\n\nx\n"],
    ["two in a row", "A: b\nX-Patchsig-Status: 1\nX-Patchsig-Status: 2\n\n", "A: b\n\n"],
    ["folded", "A: b\nX-Patchsig-Status:\n good\n\t\nC: d\n\n", "A: b\nC: d\n\n"],
    ["a folded name", "A: b\nX-Patchsig-Status\n : good\nC: d\n\n", "A: b\nC: d\n\n"],
    ["behind a CR", "A: b\rX-Patchsig-Status: good\nC: d\n\n", "A: b\nC: d\n\n"],
    ["before the empty line", "A: b\rX-Patchsig-Status: 1\n\nC: d\n\n", "A: b\n\nC: d\n\n"],
    ["below an empty header", "From a\n\nX-Patchsig-Status: 1\nA: b\n\n", "From a\n\nA: b\n\n"],
  ])("%s is taken out", (_, mail, filtered) => {
    expect(text(mail, null)).toBe(filtered);
  });

  test.each([
    ["another name", "X-Patchsig-Status-Of: x\nX-X-Patchsig-Status: x\nX-Patchsig-State: x\n\n"],
    ["a continuation", "Subject: a\n X-Patchsig-Status: good\n\n"],
    ["the body", "A: b\n\nX-Patchsig-Status: good\n"],
    ["the body, CRLF", "A: b\r\n\r\nX-Patchsig-Status: good\r\n"],
    ["a line without a colon", "X-Patchsig-Status\nA: b\n\n"],
    ["nothing", ""],
  ])("%s is left alone", (_, mail) => {
    expect(text(mail, null)).toBe(mail);
  });

  test("a header as large as it may be costs one pass", () => {
    const line = "X-Patchsig-Status: x\n\t\n".repeat(100_000);
    const mail = `A: b\n${line}${"X-Patchsig-Status".repeat(100_000)}${" ".repeat(1_000_000)}\n\nx`;
    expect(text(mail, null).length).toBe(mail.length - line.length);
  });
});

const PYTHON = `
import base64, email, json, sys
seen = [email.message_from_bytes(base64.b64decode(mail)).get_all("X-Patchsig-Status")
        for mail in json.load(sys.stdin)]
print(json.dumps(seen))`;

/** What Python's library finds under that name, mail by mail. */
function seenByPython(mails: readonly Buffer[]): unknown[] {
  const input = JSON.stringify(mails.map((mail) => mail.toString("base64")));
  return JSON.parse(execFileSync("python3", ["-c", PYTHON], { input, encoding: "utf8" }));
}

async function seenByMailparser(mail: Buffer): Promise<string[]> {
  const { headerLines } = await simpleParser(mail);
  return headerLines.filter(({ key }) => key === "x-patchsig-status").map(({ line }) => line);
}

/** Golden and random mails. */
function someMails(): string[] {
  const golden = readdirSync(FIXTURES)
    .filter((name) => name.endsWith(".eml"))
    .map((name) => readFileSync(join(FIXTURES, name), "latin1"));
  const random = Array.from({ length: LONG ? 3000 : 60 }, (_, i) => new Generator(i + 1).mail());
  return [...golden, ...random];
}

describe("real readers", () => {
  // in some that are refused, git reads beyond its buffers
  test("git reads the same with the line, in any mail that is not refused", () => {
    const mails = someMails()
      .map((mail) => Buffer.from(mail, "latin1"))
      .filter((mail) => readRawMail(mail).ok);
    expect(mails.length).toBeGreaterThan(30);
    const filtered = mails.map((mail) => withStatus(mail, "good; alice@example.org; known"));
    expect(read(filtered)).toEqual(read(mails));
  });

  test("of forged ones, none is left to anybody; git reads the same in what is not refused", async () => {
    const generator = new Generator(7);
    const mails = someMails().map((mail) => {
      const header = mail.split(/\n\r?\n/, 1)[0]!;
      const places = [...header.matchAll(/\n(?![ \t])/g)].map(({ index }) => index + 1);
      const at = generator.pick([0, ...places]);
      return Buffer.from(
        `${mail.slice(0, at)}${generator.pick(FORGED)}\n${mail.slice(at)}`,
        "latin1",
      );
    });
    const filtered = mails.map((mail) => withStatus(mail, "unsigned"));
    for (const [i, seen] of seenByPython(filtered).entries())
      expect([i, filtered[i]!.toString("latin1"), seen]).toEqual([
        i,
        expect.any(String),
        ["unsigned"],
      ]);
    for (const mail of filtered)
      expect(await seenByMailparser(mail)).toEqual(["X-Patchsig-Status: unsigned"]);
    const accepted = mails.flatMap((mail, i) =>
      readRawMail(mail).ok && !mail.includes("\r\r\n") ? [i] : [],
    );
    expect(accepted.length).toBeGreaterThan(10);
    const pick = (all: readonly Buffer[]): Buffer[] => accepted.map((i) => all[i]!);
    expect(read(pick(filtered))).toEqual(read(pick(mails)));
  });
});
