/** Mails that carry a patch in another mail: what git am makes of them, and how they are called. */

import { join } from "node:path";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { patchsig, records } from "../support/cli.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm, sameCommits } from "../support/soundness.ts";

let judge: AmJudge;
let honest: string;
let honestCommit: string[];

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-wrapped-"));
  const base = newRepository(join(folder, "base"));
  commit(base, "start", { "hello.txt": "one\n\ntwo\nthree\nfour\n" });
  git(folder, ["clone", "-q", base, "work"]);
  const work = join(folder, "work");
  commit(work, "hello: shout two\n\nMake it loud.\n\nSigned-off-by: Alice <alice@example.org>\n", {
    "hello.txt": "one\n\nTWO\nthree\nfour\n",
  });
  const mbox = git(work, ["format-patch", "--stdout", "-1"]);
  const signed = signMails([messages(mbox, { keepCr: true })[0]!.bytes!])[0]!;
  honest = signed.toString("latin1").replace(/^From .*\n/, "");
  honest = "Received: by mx.example.org\nMessage-ID: <inner@example.org>\n" + honest;
  judge = openAm(base);
  honestCommit = judge.am(Buffer.from(honest))!;
  return () => {
    judge.close();
    rmSync(folder, { recursive: true, force: true });
  };
});

const base64 = (t: string) =>
  Buffer.from(t, "latin1")
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
const quoted = (t: string) => t.replace(/=/g, "=3D");
const HEAD =
  "From: Bob <bob@example.org>\nDate: Tue, 24 Nov 2026 12:00:00 +0000\nMessage-ID: <outer@example.org>\n";
const TEXT = "Content-Type: text/plain; charset=utf-8\n\nSee the attached patch.\n";
const RFC822 = "Content-Type: message/rfc822\n";
const SUBJECT = "[PATCH] hello: shout two";
const FIELDS = `From: Alice <alice@example.org>\nDate: Tue, 24 Nov 2026\nSubject: ${SUBJECT}\nTo: list@example.org\n\n`;

const top = (subject: string, rest: string): string =>
  `${HEAD}Subject: ${subject}\nMIME-Version: 1.0\n${rest}`;
const multipart = (type: string, ...parts: string[]): string =>
  `Content-Type: multipart/${type}; boundary="b"\n\n${parts.map((p) => `--b\n${p}\n`).join("")}--b--\n`;
const mixed = (...parts: string[]): string => top(SUBJECT, multipart("mixed", ...parts));
const headers = (): string => honest.slice(0, honest.indexOf("\n\n") + 1);
const body = (): string => honest.slice(honest.indexOf("\n\n") + 2);
const recoded = (encoding: string, encode: (text: string) => string, mail = true): string =>
  mail
    ? `${headers()}Content-Transfer-Encoding: ${encoding}\n\n${encode(body())}`
    : `Content-Transfer-Encoding: ${encoding}\n\n${encode(honest)}`;
const nested = (inner: string): string =>
  top(
    "list Digest, Vol 1",
    multipart(
      "mixed",
      TEXT,
      `Content-Type: multipart/digest; boundary="c"\n\n--c\n\n${inner}\n--c--\n`,
    ),
  );

type Case = readonly [name: string, mail: () => string, am: "other" | "no"];

const WRAPPED: readonly Case[] = [
  ["an attached mail", () => mixed(TEXT, `${RFC822}\n${honest}`), "other"],
  ["an attached mail above the text", () => mixed(`${RFC822}\n${honest}`, TEXT), "other"],
  [
    "an attached mail of a forward",
    () => mixed(TEXT, `${RFC822}\n${honest}`).replace("t: [", "t: Fwd: ["),
    "other",
  ],
  ["one in UTF-8", () => mixed(TEXT, `Content-Type: message/global\n\n${honest}`), "other"],
  [
    "one in quoted-printable",
    () => mixed(TEXT, RFC822 + recoded("quoted-printable", quoted, false)),
    "other",
  ],
  ["one in base64", () => mixed(TEXT, RFC822 + recoded("base64", base64, false)), "other"],
  [
    "one that is in quoted-printable itself",
    () => mixed(`${RFC822}\n${recoded("quoted-printable", quoted)}`, TEXT),
    "other",
  ],
  [
    "one of several parts",
    () =>
      mixed(
        TEXT,
        `${RFC822}\n${headers()}Content-Type: multipart/mixed; boundary=c\n\n--c\n\n${body()}--c--\n`,
      ),
    "other",
  ],
  ["a mail that is nothing else", () => top(SUBJECT, `${RFC822}\n${honest}`), "other"],
  ["a digest", () => top("list Digest", multipart("digest", `\n${honest}`, `\n${honest}`)), "no"],
  ["a digest below a text", () => nested(honest), "other"],
  ["a text that ends in dashes", () => mixed(`${TEXT}---\nBob\n`, `${RFC822}\n${honest}`), "other"],
  ["a refused one", () => mixed(TEXT.replace("utf-8", "x-none"), `${RFC822}\n${honest}`), "no"],
];

const FORWARDED: readonly Case[] = [
  ...[
    "-------- Forwarded Message --------",
    "---------- Forwarded message ---------",
    "Begin forwarded message:\n",
    "-----Original Message-----",
    "-------- Weitergeleitete Nachricht --------",
    "-------- Message transféré --------",
  ].map((title): Case => [
    title.trim(),
    () =>
      top(
        SUBJECT,
        `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nSee below.\n\n${title}\n${FIELDS}${body()}`,
      ),
    "other",
  ]),
  ...["Fwd:", "FW:", "WG:", "TR:", "Re: Fwd:", "[list] Fwd:", "Fwd: [list]"].map((lead): Case => [
    lead,
    () => top(`${lead} ${SUBJECT}`, `\n${body()}`),
    "other",
  ]),
];

/** What stock git am does with it: never what was signed. */
function amOf(mail: string): "same" | "other" | "no" {
  const made = judge.am(Buffer.from(mail));
  return made === null ? "no" : sameCommits(made, honestCommit) ? "same" : "other";
}

const received = (mail: string) => check(messages(Buffer.from(mail), { keepCr: true })[0]!.bytes!);
const codesOf = (mail: string): string[] => received(mail).findings.map(({ code }) => code);

describe.each([
  ["wrapped", WRAPPED, "save the attached mail"],
  ["forwarded", FORWARDED, "ask for the mail itself, as an attachment"],
] as const)("%s", (code, cases, hint) => {
  test.each(cases)("%s", (_, make, am) => {
    const mail = make();
    expect(amOf(mail)).toBe(am);
    const checked = received(mail);
    expect(isGood(checked)).toBe(false);
    expect(["bad", "malformed"]).toContain(checked.signature);
    expect(checked.findings[0]).toMatchObject({ code, severity: "warn" });
    expect(checked.findings[0]!.hint).toContain(hint);
    // as strict as without it, and nothing else is asked for
    expect(checked.findings.some(({ severity }) => severity === "fail")).toBe(true);
    expect(
      checked.findings.filter((f) => f !== checked.findings[0] && f.hint.startsWith("ask for")),
    ).toEqual([]);
  });
});

test("the honest mail is good, and so is one whose headers git takes from the attached mail", () => {
  expect(codesOf(honest)).toEqual([]);
  const bare = honest.replace(/^(?:Received|Message-ID): .*\n/gm, "");
  const mail = mixed(`${RFC822}\n${bare}`, TEXT);
  expect(amOf(mail)).toBe("same");
  expect(codesOf(mail)).toEqual([]);
});

const other = (text: string): string => `${headers()}\n${text}`;

test.each([
  ["a changed mail", () => honest.replace("loud.", "quiet.")],
  [
    "a message that speaks of one",
    () => honest.replace("loud.", "loud, as in\nthe original message:\nFrom: x\nTo: y\nor not."),
  ],
  ["a subsystem that is called so", () => honest.replace("hello:", "tr:")],
])("%s does not carry the patch", (_, make) => {
  const found = received(make()).findings;
  expect(found.map(({ code }) => code)).toEqual(["content-changed"]);
  expect(found[0]!.hint).toMatch(/^ask for a resend/);
});

test("an unsigned patch with a mail attached below it has no such finding", () => {
  const text = body().replace(/^untrusted comment: patchsig[^]*?\n[^]*?\n[^]*?\n[^]*?\n/m, "");
  const mail = mixed(`Content-Type: text/plain\n\n${text}`, `${RFC822}\n${other("Hello.\n")}`);
  expect(received(mail)).toMatchObject({ kind: "patch", signature: "none", findings: [] });
  const around = mixed(TEXT, `${RFC822}\n${headers()}\n${text}`);
  expect(amOf(around)).toBe("other");
  expect(codesOf(around)).toEqual(["wrapped"]);
});

describe("a mail in which git sees no patch", () => {
  const inBase64 = (): [string, string] => [
    mixed(`${RFC822}\n${recoded("base64", base64)}`, TEXT),
    nested(recoded("base64", base64)),
  ];

  test("gets the finding that an attached mail has one", () => {
    for (const mail of inBase64()) {
      expect(amOf(mail)).toBe("no");
      expect(received(mail).kind).toBe("other");
      expect(codesOf(mail)[0]).toBe("wrapped");
    }
  });

  test("is not reported if the attached mail shows none either", () => {
    expect(codesOf(mixed(TEXT, `${RFC822}\n${other("Lunch on Friday?\n")}`))).toEqual([]);
  });

  test("is a note, not a patch: verify's exit status is as without it", () => {
    const home = mkdtempSync(join(tmpdir(), "patchsig-wrapped-"));
    const file = join(home, "mail");
    writeFileSync(file, inBase64()[0]);
    const verify = patchsig(["verify", "--json", file], { home });
    expect(verify.status).toBe(1);
    expect(verify.stderr).toContain("no patch in ");
    const [note, summary] = records(verify);
    expect(note).toMatchObject({
      type: "note",
      read: true,
      findings: [{ code: "wrapped", severity: "warn" }],
    });
    expect(summary).toMatchObject({ patches: 0, pass: 0, passedOver: 0 });
    writeFileSync(file, mixed(TEXT, `${RFC822}\n${honest}`));
    const bad = patchsig(["verify", file], { home });
    expect(bad.status).toBe(1);
    expect(bad.stdout).not.toMatch(/BAD|sent again/);
    expect(bad.stdout).toContain("save the attached mail");
    rmSync(home, { recursive: true, force: true });
  });
});
