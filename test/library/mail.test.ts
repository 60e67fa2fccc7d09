/** One mail for programs. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMail } from "../../src/index.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures");
const read = (name: string): Buffer => readFileSync(join(FIXTURES, name));

test("the signed text and its signature are those of the fixtures", () => {
  const name = "series/v2-0001-hello-shout-two";
  const mail = readMail(read(`${name}.patch`));
  expect(mail).toMatchObject({
    kind: "patch",
    read: true,
    messageId: "<hello-v2-1@example.org>",
    references: ["<hello-v2-0@example.org>"],
    subject: "hello: shout two",
    author: { name: "Alice", email: "alice@example.org" },
    date: 1795514400,
    number: { version: 2, index: 1, total: 3 },
    files: [{ oldName: "hello.txt", newName: "hello.txt", kind: "modify", added: 1, deleted: 1 }],
    findings: [],
  });
  expect(mail.attestation).toEqual(read(`${name}.attestation`));
  expect(mail.minisig).toBe(read(`${name}.attestation.minisig`).toString());
});

test("does not say whether a signature is good", () => {
  const { findings, minisig } = readMail(read("signed/diff-changed.eml"));
  expect(findings).toEqual([]);
  expect(minisig).not.toBeNull();
});

test("a cover letter has its base lines, and no files", () => {
  const mail = readMail(read("series/v2-0000-cover-letter.patch"));
  expect(mail).toMatchObject({ kind: "cover", number: { index: 0, total: 3 }, files: [] });
});

test.each([
  ["a mail that is refused", read("canonical/conflicting-header.eml")],
  ["a diff that is refused", read("canonical/name-mismatch.eml")],
  ["no mail at all", Buffer.from([0, 255, 10, 13])],
  ["nothing", new Uint8Array()],
])("%s does not throw", (_, bytes) => {
  const mail = readMail(bytes);
  expect(mail.attestation).toBeNull();
  expect(mail.read || mail.findings.length > 0).toBe(true);
});
