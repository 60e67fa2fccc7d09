import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { formatInfo, readMail } from "../../src/mail/mailinfo.ts";
import { Generator } from "./generate.ts";
import { type Judge, compare, compareAll, openJudge } from "./judge.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures/mail", import.meta.url));
const names = readdirSync(FIXTURES)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => file.slice(0, -4));
const fixture = (name: string, ending: string) => readFileSync(join(FIXTURES, `${name}.${ending}`));

let judge: Judge;
beforeAll(() => {
  judge = openJudge();
});
afterAll(() => judge.close());

function read(mail: Buffer | string) {
  const result = readMail(Buffer.from(mail));
  if (!result.ok) throw new Error(`${result.refusal.reason}: ${result.refusal.detail}`);
  return result.value;
}

describe("golden mails", () => {
  it.runIf(env["GOLDEN"] === "write")("are written", () => {
    for (const name of names) {
      const git = judge.read(fixture(name, "eml"));
      expect(git, name).not.toBeNull();
      writeFileSync(join(FIXTURES, `${name}.info`), git!.info);
      writeFileSync(join(FIXTURES, `${name}.msg`), git!.message);
      writeFileSync(join(FIXTURES, `${name}.patch`), git!.patch);
    }
  });

  it.each(names)("%s is read as git read it", (name) => {
    const view = read(fixture(name, "eml"));
    expect(formatInfo(view.info).toString("latin1")).toBe(fixture(name, "info").toString("latin1"));
    expect(view.message.toString("latin1")).toBe(fixture(name, "msg").toString("latin1"));
    expect(view.patch.toString("latin1")).toBe(fixture(name, "patch").toString("latin1"));
  });

  it.each(names)("%s is read as the installed git reads it", (name) => {
    expect(compare(fixture(name, "eml"), judge)).toEqual({ kind: "same" });
  });
});

describe("random mails", () => {
  const count = Number(env["FUZZ"] ?? 400);
  const seed = Number(env["SEED"] ?? 1);

  it(`${count} from seed ${seed} on are read as git reads them, or refused`, { timeout: 0 }, () => {
    let same = 0;
    const mails = Array.from({ length: count }, (_, i) =>
      Buffer.from(new Generator(seed + i).mail(), "latin1"),
    );
    for (const [i, outcome] of compareAll(mails, judge).entries()) {
      expect(outcome.kind, `seed ${seed + i}: ${JSON.stringify(outcome)}`).not.toBe("different");
      if (outcome.kind === "same") same++;
    }
    // a reader that refuses everything is never wrong
    expect(same / count).toBeGreaterThan(0.35);
  });
});

const HEAD = "From: A U <a@x.example>\nSubject: [PATCH v2 1/3] one\nDate: now\n";

describe("the view", () => {
  it("has the headers that people see", () => {
    const view = read(
      "From: =?utf-8?q?J=C3=B6?= <j@x>\nSubject: [PATCH] =?utf-8?q?t=C3=B6st?=\n two\nDate: now\n" +
        "Message-ID: <1@x>\nIn-Reply-To: <0@x>\nList-Id: L <l.x>\nTo: t@x\nSender: s@x\nReply-To: r@x,\n q@x\n" +
        "X-Original-From: o@x\nX-Original-Sender: o2@x\nX-MailFrom: o3@x\nx-developer-signature: v=1;\n b=\n\nm\n",
    );
    expect(view.headers).toEqual({
      messageId: "<1@x>",
      to: "t@x",
      references: "",
      cc: "",
      inReplyTo: "<0@x>",
      listIds: ["L <l.x>"],
      subject: "[PATCH] töst two",
      from: "=?utf-8?q?J=C3=B6?= <j@x>",
      sender: "s@x",
      replyTo: "r@x, q@x",
      xOriginalFrom: "o@x",
      xOriginalSender: "o2@x",
      xMailFrom: "o3@x",
      date: "now",
      developerSignature: "v=1; b=",
    });
  });

  it("has the Subject of a cover letter that Mailman called unknown-8bit", () => {
    const words = "=?unknown-8bit?b?W1BBVENIIDAvMl0gdMO2c3Q=?=";
    expect(read(`From: A <a@x>\nSubject: [list] ${words}\n\nm\n`).headers.subject).toBe(
      "[list] [PATCH 0/2] t\u00f6st",
    );
    // git gives up on a patch that is called so
    const patch = `From: A <a@x>\nSubject: [PATCH] =?unknown-8bit?q?t=C3=B6st?=\n\nm\n---\nx\n`;
    expect(readMail(Buffer.from(patch)).ok).toBe(false);
    expect(judge.read(Buffer.from(patch))).toBeNull();
  });

  it.each([
    ["\u00e4", "UTF-8", "", false],
    ["\u00e4", "", "", false],
    ["a", "ISO-8859-1", "", false],
    ["\xe4", "ISO-8859-1", "", true],
    ["From: =?utf-8?q?x?= <a@x>\n\na", "UTF-8", "", false],
    ["From: =?iso-8859-1?q?x?= <a@x>\n\na", "UTF-8", "", true],
    ["a", "UTF-8", "Subject: =?UTF-8?q?x?=\n", false],
    ["a", "UTF-8", "Subject: =?windows-1252?B?eA==?=\n", true],
  ])("knows whether text was in another charset: %j, %s, %j", (text, charset, header, recoded) => {
    const bytes = charset === "ISO-8859-1" ? Buffer.from(text, "latin1") : Buffer.from(text);
    const head = `From: A <a@x>\n${header === "" ? "Subject: s\n" : header}Date: now\n`;
    const type = charset === "" ? "" : `Content-Type: text/plain; charset=${charset}\n`;
    const mail = Buffer.concat([Buffer.from(`${head}${type}\n`), bytes, Buffer.from("\n---\nx\n")]);
    expect(read(mail).recoded).toBe(recoded);
  });

  it.each([
    ["Subject: \u00e4\n", "", true],
    ["Subject: =?utf-8?q?=C3=A4?=\n", "", false],
    ["Subject: =??q?=C3=A4?=\n", "", true],
    ["Subject: s\n", "From: =??q?=C3=A4?= <a@x>\n\na", true],
    ["Subject: s\n", "\u00e4", true],
    ["Subject: s\nContent-Type: text/plain; charset=UTF-8\n", "\u00e4", false],
    ["Subject: s\nContent-Type: text/plain; charset=UTF-8\n", "From: \u00e4 <a@x>\n\na", true],
    ["Subject: s\n", "a\n---\n\u00e4", false],
  ])("knows whether the mail declares its charset: %j, %j", (header, text, unlabelled) => {
    const mail = `From: A <a@x>\n${header}Date: now\n\n${text}\n---\nx\n`;
    expect(read(mail).unlabelled).toBe(unlabelled);
  });

  it("names missing headers", () => {
    const { info } = read("Subject: s\n\nm\n");
    expect(info.absent).toEqual(["from", "date"]);
    expect(formatInfo(info).toString()).toBe("Subject: s\n\n");
  });

  it("points below the --- line", () => {
    const mail = `${HEAD}\nmessage\n---\n f | 1 +\n`;
    const { breakPoint } = read(mail);
    expect(breakPoint).toMatchObject({ kind: "dashes", encoding: "identity", flowed: false });
    expect(mail.slice(breakPoint.rawOffset!)).toBe(" f | 1 +\n");
  });

  it("points before the diff if there is no --- line", () => {
    const mail = `${HEAD}\nmessage\ndiff --git a/f b/f\n`;
    const { breakPoint } = read(mail);
    expect(breakPoint.kind).toBe("diff");
    expect(mail.slice(breakPoint.rawOffset!)).toBe("diff --git a/f b/f\n");
  });

  it("points to the end of a mail without a patch", () => {
    const mail = `${HEAD}\nmessage\n`;
    expect(read(mail).breakPoint).toMatchObject({ kind: "none", rawOffset: mail.length });
  });

  it("finds the break in quoted-printable", () => {
    const head = `${HEAD}Content-Transfer-Encoding: quoted-printable\n\n`;
    const mail = `${head}=41 =\nb=0A=2D--\nrest\n`;
    const { breakPoint } = read(mail);
    expect(breakPoint.decodedOffset).toBe("A b\n---\n".length);
    expect(mail.slice(breakPoint.rawOffset!)).toBe("rest\n");
  });
});

const finding = (mail: Buffer | string) =>
  read(mail).findings.map((one) => `${one.severity} ${one.code}`);

describe("findings", () => {
  it.each<[string, string, string[]]>([
    ["none in a plain mail", `${HEAD}\nm\n---\n`, []],
    ["a scissors line", `${HEAD}\n-- >8 -- cut -- >8 --\nm\n`, ["warn scissors-line"]],
    ["no scissors line", `${HEAD}\nuse the >8 mark in your mail\n`, []],
    [
      "flowed text",
      `${HEAD}Content-Type: text/plain; format=flowed\n\nm\n`,
      ["info format-flowed"],
    ],
    ["a header twice", `${HEAD}Date: now\n\nm\n`, ["info duplicate-header"]],
    ["an mbox line", `From a@b Mon\n${HEAD}\nm\n`, ["info from-line"]],
    ["html", `${HEAD}Content-Type: text/html\n\nm\n`, ["info not-plain-text"]],
    [
      "a multipart without end",
      `${HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nm\n`,
      ["info unclosed-multipart"],
    ],
  ])("%s", (_, mail, expected) => {
    expect(finding(mail)).toEqual(expected);
  });

  it("the signature of an S/MIME mail without a patch is not in its message", () => {
    const part = "Content-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n";
    const mail = `${HEAD}Content-Type: multipart/signed; boundary=b\n\n--b\n\nm\n\n--b\n${part}\nAAEC\n--b--\n`;
    expect(finding(mail)).toEqual(["info binary-part"]);
    expect(read(mail).message.toString()).toBe("m\n\n");
  });

  it("of the golden mails", () => {
    expect(finding(fixture("multipart-nested", "eml"))).toEqual(["warn nested-multipart"]);
    expect(finding(fixture("binary-attachment", "eml"))).toEqual(["info binary-part"]);
  });
});
