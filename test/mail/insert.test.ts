import { readFileSync } from "node:fs";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { decodedBody, insertAtBreak, spliceBody } from "../../src/mail/insert.ts";
import { readMail } from "../../src/mail/mailinfo.ts";
import { decodeBody, encodeQuotedPrintable } from "../../src/mail/transfer.ts";
import { Generator } from "./generate.ts";
import { type Judge, openJudge } from "./judge.ts";

const BLOCK = Buffer.from(
  `untrusted comment: patchsig RW${"Q".repeat(54)}\n` +
    `RUQ${"f/+6".repeat(24)}o=\n` +
    `trusted comment: patchsig-v1 t=1 by=a@x.example n=1/3 m=0 ${"d=".repeat(40)}\n` +
    `y/${"rUw2".repeat(21)}==\n\n`,
);

let judge: Judge;
beforeAll(() => {
  judge = openJudge();
});
afterAll(() => judge.close());

function view(mail: Buffer) {
  const result = readMail(mail);
  if (!result.ok) throw new Error(`${result.refusal.reason}: ${result.refusal.detail}`);
  return result.value;
}

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../fixtures/mail/${name}.eml`, import.meta.url)));

/** The patch with lines below its first. */
function below(patch: Buffer, lines: Buffer): string {
  const at = patch.indexOf("\n") + 1;
  return Buffer.concat([patch.subarray(0, at), lines, patch.subarray(at)]).toString("latin1");
}

describe("a block below the --- line", () => {
  it.each([
    "plain",
    "mbox-from-line",
    "quoted-printable",
    "base64",
    "base64-crlf",
    "latin1",
    "flowed",
    "flowed-encoded",
    "multipart-footer",
    "multipart-attached",
    "multipart-nested",
    "binary-attachment",
    "scissors",
  ])("%s: git sees it there, and everything else unchanged", (name) => {
    const mail = fixture(name);
    const before = view(mail);
    expect(before.breakPoint.kind).toBe("dashes");
    const after = judge.read(insertAtBreak(mail, before, BLOCK));
    expect(after!.message.toString("latin1")).toBe(before.message.toString("latin1"));
    expect(after!.patch.toString("latin1")).toBe(below(before.patch, BLOCK));
    expect(after!.info).toEqual(judge.read(mail)!.info);
  });

  it.each(["plain", "quoted-printable", "base64", "flowed", "multipart-footer"])(
    "%s: taken out again, the mail is as before",
    (name) => {
      const mail = fixture(name);
      const before = view(mail);
      const signed = insertAtBreak(mail, before, BLOCK);
      const place = view(signed).breakPoint;
      const start = place.decodedOffset;
      const end = start + BLOCK.length;
      expect(decodedBody(signed, place).subarray(start, end)).toEqual(BLOCK);
      expect(spliceBody(signed, place, start, end, Buffer.alloc(0))).toEqual(mail);
    },
  );
});

it("goes before the diff, or to the end of a mail without a patch", () => {
  const diff = fixture("index-line");
  const signed = insertAtBreak(diff, view(diff), BLOCK).toString();
  expect(signed.indexOf(`${BLOCK.toString()}Index: gauge.c`)).toBeGreaterThan(0);
  const cover = Buffer.from("From: A U <a@x>\nSubject: s\n\nno line end");
  expect(insertAtBreak(cover, view(cover), BLOCK).toString()).toBe(
    `${cover.toString()}\n${BLOCK.toString()}`,
  );
});

it("stuffs lines for format=flowed", () => {
  const mail = fixture("flowed");
  const before = view(mail);
  const lines = "  two blanks\n>quoted\nFrom here\nends in blanks  \n-- \n";
  const after = judge.read(insertAtBreak(mail, before, Buffer.from(lines)));
  expect(after!.patch.toString()).toBe(
    below(before.patch, Buffer.from(lines.replace("blanks  \n", "blanks\n"))),
  );
});

const count = Number(env["FUZZ"] ?? 400);

it(`random mails: ${count} of them, judged by git`, { timeout: 0 }, () => {
  const tried: { seed: number; message: Buffer; patch: Buffer; signed: Buffer }[] = [];
  for (let seed = 1; seed <= count * 4; seed++) {
    const mail = Buffer.from(new Generator(seed).mail(), "latin1");
    const read = readMail(mail);
    if (!read.ok || read.value.breakPoint.kind !== "dashes") continue;
    const { breakPoint, message, patch } = read.value;
    // git joins lines by where base64 is cut, and writing it anew cuts it elsewhere
    if (breakPoint.flowed && breakPoint.encoding === "base64") continue;
    tried.push({ seed, message, patch, signed: insertAtBreak(mail, read.value, BLOCK) });
  }
  const after = judge.readAll(tried.map(({ signed }) => signed));
  for (const [i, { seed, message, patch }] of tried.entries()) {
    expect(after[i], `seed ${seed}`).not.toBeNull();
    expect(after[i]!.message.toString("latin1"), `seed ${seed}`).toBe(message.toString("latin1"));
    expect(after[i]!.patch.toString("latin1"), `seed ${seed}`).toBe(below(patch, BLOCK));
  }
  expect(tried.length).toBeGreaterThan(count / 4);
});

describe("quoted-printable", () => {
  const random = new Generator(7);
  it("decodes to what was encoded, in lines of 76 columns", () => {
    for (let i = 0; i < 500; i++) {
      const bytes = random.many(400, () => random.pick([10, 32, 61, 65, 9, random.below(256)]));
      const text = Buffer.from([...bytes, 10]);
      const encoded = encodeQuotedPrintable(text);
      expect(decodeBody(encoded, "quoted-printable")).toEqual(text);
      for (const line of encoded.toString("latin1").split("\n")) {
        expect(line.length).toBeLessThanOrEqual(76);
        expect(line).not.toMatch(/[ \t]$/);
      }
    }
  });
});
