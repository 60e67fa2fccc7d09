/** The one mail of a source, its signed text and its four lines. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { minisigOf, onlyMail, signedTextOf } from "../../../src/app/verify/attestation.ts";
import { EXIT, PatchsigError } from "../../../src/errors.ts";
import { MAX_MESSAGE_BYTES } from "../../../src/mail/limits.ts";
import { newFolder } from "../../support/folders.ts";
import { blockOf, check, signMails } from "../../support/signing.ts";

const HEAD = `From: Alice <alice@example.org>
Date: Fri, 6 Nov 2026 22:00:00 +0000
Message-ID: <1@x>
`;
const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const PATCH = `${HEAD}Subject: [PATCH] x\n\nwhy\n---\n${DIFF}`;
const LETTER = `${HEAD}Subject: hello\n\nno patch\n`;

let folder: string;
beforeAll(() => {
  folder = newFolder();
});

/** A mailbox with these mails. */
function mailbox(...mails: readonly string[]): string {
  const file = join(folder, "mails.mbox");
  writeFileSync(file, mails.map((mail) => `From x Fri Nov  6 22:00:00 2026\n${mail}\n`).join(""));
  return file;
}

async function failure(source: string): Promise<PatchsigError> {
  const error = await onlyMail(source).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PatchsigError);
  return error as PatchsigError;
}

describe("the only mail of a source", () => {
  test("mails without a patch do not count", async () => {
    const found = await onlyMail(mailbox(LETTER, PATCH, LETTER));
    expect(found).toMatchObject({ kind: "patch", subject: "x" });
  });

  test("two patches are wrong usage, none is said with the number of mails", async () => {
    expect(await failure(mailbox(PATCH, PATCH))).toMatchObject({
      code: "usage",
      message: `${folder}/mails.mbox holds more than one patch, review or test result`,
    });
    expect(await failure(mailbox(LETTER, LETTER))).toMatchObject({
      code: "no-patch",
      message: `no patch in ${folder}/mails.mbox, only 2 mails`,
      exit: EXIT.unmet,
    });
  });

  test("what cannot be read, and what is too large, is an error", async () => {
    expect((await failure(join(folder, "missing"))).code).toBe("not-found");
    const large = join(folder, "large.eml");
    writeFileSync(large, PATCH.padEnd(MAX_MESSAGE_BYTES + 1, "x"));
    expect(await failure(large)).toMatchObject({
      code: "too-large",
      message: `${large}: the mail is too large`,
    });
  });
});

const read = (mail: string) => check(Buffer.from(mail, "latin1"));
const refused = (run: () => unknown): PatchsigError => {
  try {
    run();
  } catch (error) {
    return error as PatchsigError;
  }
  throw new Error("not refused");
};

describe("the signed text", () => {
  const [signed] = signMails([Buffer.from(PATCH)]);

  test("is that of the signature, or what would be signed", () => {
    const text = signedTextOf(check(signed!)).toString();
    expect(text).toMatch(/^patchsig-v1\nauthor: Alice <alice@example\.org>\nsubject: x\n/);
    expect(signedTextOf(read(PATCH)).toString()).toBe(text);
    const via = "From: Alice via x <list@example.org>\nReply-To: Alice <alice@example.org>";
    const listed = signed!.toString().replace("From: Alice <alice@example.org>", via);
    expect(signedTextOf(check(Buffer.from(listed))).toString()).toBe(text);
  });

  test("of a mail that is refused there is none, for the mail's own reason", () => {
    const error = refused(() => signedTextOf(read(PATCH.replace("@@ -1 +1 @@", "@@ -1,9 +1 @@"))));
    expect(error.code).toBe("refused");
    expect(error.message).toMatch(/^diff refused: /);
    const forwarded = PATCH.replace("@@ -1 +1 @@", "@@ -1,9 +1 @@").replace(
      "[PATCH]",
      "Fwd: [PATCH]",
    );
    expect(refused(() => signedTextOf(read(forwarded))).message).toBe(error.message);
    const nobody = refused(() =>
      signedTextOf(read(PATCH.replace("Alice <alice@example.org>", ""))),
    );
    expect(nobody.code).toBe("refused");
  });

  test("its minisig is the mail's own four lines", () => {
    expect(minisigOf(check(signed!)).toString()).toBe(blockOf(signed!).toString());
  });

  test("of an unsigned mail, and of a broken block, there is no minisig", () => {
    expect(refused(() => minisigOf(read(PATCH)))).toMatchObject({
      code: "refused",
      message: "the mail is not signed",
      exit: EXIT.unmet,
    });
    const broken = signed!.toString().replace(/^RU/m, "XX");
    expect(refused(() => minisigOf(check(Buffer.from(broken))))).toMatchObject({
      code: "refused",
      exit: EXIT.unmet,
    });
  });
});
