/** Refused mails that are no patch do not fail; whatever stock git would apply does. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { checkMail } from "../../src/verify/check.ts";
import { temporaryFolder, tryGit } from "../support/repo.ts";

const verifier = createVerifier();
const HEAD =
  "From: Bob <bob@example.org>\nDate: Tue, 24 Nov 2026 12:00:00 +0000\nMessage-ID: <1@x>\n";
const SMIME =
  "Content-Type: application/pkcs7-signature\nContent-Transfer-Encoding: base64\n\nADCC";
const BAD_CHARSET = "Content-Type: text/plain; charset=ks_c_5601-1987\n";
const DIFF = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n";
const PATCH = `Fix it.\n---\n f | 2 +-\n\n${DIFF}`;

function kindOf(mail: string): string {
  const { kind, view } = checkMail(Buffer.from(mail, "latin1"), verifier);
  expect(view).toBeNull();
  return kind;
}

const mixed = (subject: string, text: string, more: string): string =>
  `${HEAD}Subject: ${subject}\nContent-Type: multipart/signed; boundary=b\n\n` +
  `--b\nContent-Type: text/plain; format=flowed\n\n${text}\n--b\n${more}\n--b--\n`;

test.each([
  ["an answer with an S/MIME signature", mixed("Re: [PATCH 2/2] f: x", "> Body.\n\nFine.", SMIME)],
  [
    "one that quotes the patch",
    mixed("Re: [PATCH 2/2] f: x", "> diff --git a/f b/f\n> @@ -1 +1 @@\n> -a\n\nFine.", SMIME),
  ],
  [
    "an encrypted answer",
    `${HEAD}Subject: Re: [PATCH 0/2] f\nContent-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nAAAA\n--b--\n`,
  ],
])("%s is read, and not a patch", (_, mail) =>
  expect(checkMail(Buffer.from(mail, "latin1"), verifier)).toMatchObject({
    kind: "other",
    findings: expect.arrayContaining([expect.objectContaining({ code: "binary-part" })]),
  }),
);

test.each([
  ["a charset that git does not know", `${HEAD}Subject: AW: [PATCH] f: x\n${BAD_CHARSET}\nFine.\n`],
  [
    "base64 with a footer below it",
    `${HEAD}Subject: Lunch on Friday\nContent-Transfer-Encoding: base64\n\nSGVsbG8gd29ybGQK\n____\nlist mailing list\n`,
  ],
  [
    "an invitation",
    `${HEAD}Subject: Meeting\nContent-Type: text/calendar; charset=x-none\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n`,
  ],
  [
    "an answer that is away",
    `${HEAD}Subject: Automatic reply: [PATCH] f\n${BAD_CHARSET}\nI am away.\n`.replace(
      "[PATCH] ",
      "",
    ),
  ],
])("%s is not a patch", (_, mail) => expect(kindOf(mail)).toBe("other"));

test.each([
  ["called one", `${HEAD}Subject: [PATCH 1/2] f: x\n${BAD_CHARSET}\nencrypted\n`, "patch"],
  ["called a cover letter", `${HEAD}Subject: [PATCH 0/2] f: x\n${BAD_CHARSET}\nx\n`, "cover"],
  [
    "with a block",
    `${HEAD}Subject: Re: x\n${BAD_CHARSET}\n---\nuntrusted comment: patchsig patch signature\n`,
    "patch",
  ],
])("a refused mail %s is a patch", (_, mail, kind) => expect(kindOf(mail)).toBe(kind));

/** True if `git am`, with or without --keep-cr, would get something to apply out of this file. */
function gitApplies(mail: string): boolean {
  const folder = temporaryFolder();
  return [[], ["--keep-cr"]].some((options, i) => {
    const out = join(folder, String(i));
    mkdirSync(out);
    writeFileSync(join(folder, "mail"), mail, "latin1");
    tryGit(folder, ["mailsplit", "-b", ...options, `-o${out}`, "mail"]);
    return readdirSync(out).some((name) => {
      tryGit(folder, ["mailinfo", "msg", "patch"], readFileSync(join(out, name)));
      const { status, stdout } = tryGit(folder, ["apply", "--numstat", "patch"]);
      return status === 0 && stdout.length > 0;
    });
  });
}

const base64 = (text: string, width = 76): string =>
  Buffer.from(text)
    .toString("base64")
    .replace(new RegExp(`.{1,${width}}`, "g"), "$&\n");
const B64 = "Content-Transfer-Encoding: base64\n\n";
const QP = "Content-Transfer-Encoding: quoted-printable\n\n";
const hex = (text: string): string =>
  text.replace(/[^\n]/g, (c) => `=${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
/** The first letter of what makes a diff, and a soft line break of format=flowed. */
const split = (text: string): string =>
  text.replace(
    /^(d|@|-|\+)(iff|@|--|\+\+)/gm,
    (_, first: string, rest: string) => `${first} \n${rest}`,
  );

/** Ways to have git read a diff in a mail that is refused, and people see none of it. */
const HIDDEN: [string, string][] = [
  ["as it is", `\n${PATCH}`],
  ["base64 with a footer", `${B64}${base64(PATCH)}____\nlist mailing list\n`],
  ["base64 with junk", B64 + base64(PATCH).replace(/(.)(.)/g, "$1 -_$2")],
  ["short lines of base64", `${B64}!\n${base64(PATCH, 4)}`],
  ["base64, each line for itself", B64 + PATCH.replace(/.*\n/g, (line) => base64(line))],
  ["base64 with empty lines", `${B64}!\n${base64(PATCH, 8).replaceAll("\n", "\n\n")}`],
  ["base64 with CRLF", `${B64}${base64(PATCH.replaceAll("\n", "\r\n"))}`],
  ["escapes", `${QP}= \n${hex(PATCH)}`],
  ["soft line breaks", `${QP}= \n${PATCH.replace(/(..)/g, "$1=\n")}`],
  ["soft line breaks in CRLF", `${QP}= \n${hex(PATCH).replaceAll("\n", "\r\n")}`],
  ["flowed lines", `Content-Type: text/plain; format=flowed; delsp=yes\n\n${split(PATCH)}`],
  [
    "flowed lines, escaped",
    `Content-Type: text/plain; format=flowed; delsp=yes\n${QP}${split(PATCH).replace(/ $/gm, "=20")}`,
  ],
  [
    "what poses as a signature",
    `Content-Type: multipart/signed; boundary=a\n\n--a\n\nhi\n--a\n${SMIME.replace("ADCC", "AAAA")}\n${base64(`\n${PATCH}`)}--a--\n`,
  ],
  ["a new mode", `\ndiff --git a/f b/f\nold mode 100644\nnew mode 100755\n`],
  ["a renamed file", `\ndiff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n`],
  [
    "the first line in UTF-7",
    `Content-Type: text/plain; charset=utf-7\n\n${DIFF.replace("diff", "+AGQ-iff")}`,
  ],
];

describe("a mail that git would apply stays a failed patch", () => {
  test.each(HIDDEN)("%s", (_, body) => {
    const mail = `${HEAD}X: \0\nSubject: Re: hello\n${body}`;
    expect(gitApplies(mail)).toBe(true);
    const { kind, view } = checkMail(Buffer.from(mail, "latin1"), verifier);
    expect([kind, view]).toEqual(["patch", null]);
  });
});
