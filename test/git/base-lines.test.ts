/** The base lines as git itself writes them are the judge. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readBaseLines } from "../../src/base/lines.ts";
import { readDiff } from "../../src/diff/diff.ts";
import { addBaseLines, baseLines } from "../../src/git/base-lines.ts";
import { openRepository, type Repository } from "../../src/git/repository.ts";
import { messages } from "../../src/mail/mbox.ts";
import { encodeBase64, encodeQuotedPrintable } from "../../src/mail/transfer.ts";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import { newFolder } from "../support/folders.ts";
import { git } from "../support/repo.ts";
import { TestRepository } from "./support.ts";

let repository: Repository;
let base: string;
let lines: string;

beforeAll(async () => {
  const r = new TestRepository(join(newFolder(), "r"));
  r.commit("c1");
  base = r.name("HEAD");
  // lines that look like git's signature once they are removed, and a binary file
  writeFileSync(join(r.directory, "c2"), "one\n- \n- \ntwo\n");
  r.git("add", "c2");
  r.git("commit", "-q", "-m", "private");
  writeFileSync(join(r.directory, "c2"), "one\n- \ntwo\n");
  r.git("commit", "-q", "-a", "-m", "fewer dashes");
  writeFileSync(join(r.directory, "c3"), Buffer.from([0, 1, 2, 0]));
  r.git("add", "c3");
  r.git("commit", "-q", "-m", "binary");
  repository = await openRepository(r.directory);
  const commits = [r.name("HEAD~1"), r.name("HEAD")];
  const choice = { kind: "private", commit: base } as Parameters<typeof baseLines>[1];
  lines = await baseLines(repository, choice, commits);
});

/** The first mail that git writes. */
function firstMail(...options: string[]): Buffer {
  const mbox = git(repository.cwd, ["format-patch", "--stdout", ...options]);
  return messages(mbox, { keepCr: true })[0]!.bytes!;
}

/** What git am takes, and the base that is read. */
function contents(mail: Buffer): unknown {
  const read = readRawMail(mail);
  if (!read.ok) throw new Error(read.refusal.detail);
  const { info, message, patch, crs } = read.value;
  const diff = readDiff(patch, crs);
  if (!diff.ok) throw new Error(diff.refusal.detail);
  const { commit, prerequisites } = readBaseLines([message, patch]);
  const files = diff.value.canonical.toString("latin1");
  return { info, message: message.toString(), files, commit, prerequisites };
}

test.each([
  [["-2"]],
  [["-1"]],
  [["-2", "--cover-letter"]],
  [["-1", "HEAD~1"]],
  [["-1", "HEAD~1", "--no-signature"]],
  [["-2", "--cover-letter", "--no-signature"]],
  [["-1", "HEAD~1", "--signature=Alice\n-- \nEve"]],
])("byte for byte as git writes them: %j", (options) => {
  const made = addBaseLines(firstMail(...options), lines);
  const its = firstMail(`--base=${base}`, ...options).toString();
  // of the prerequisites, only what is below these patches
  const same = its.replace(/\n((?:prerequisite-patch-id: .*\n)+)/, () => {
    return `\n${lines.replace(/^base-commit: .*\n/, "")}`;
  });
  // a cover letter has the time when it was made
  const undated = (text: string): string => text.replaceAll(/^Date: .*$/gm, "Date:");
  expect(undated(made.toString())).toBe(undated(same));
});

test.each([
  [["-1", "HEAD~1", "--attach"]],
  [["-1", "HEAD~1", "--inline"]],
  [["-1", "HEAD", "--attach"]],
])("in a mail of several parts they say the same: %j", (options) => {
  const mail = firstMail(...options);
  const its = contents(firstMail(`--base=${base}`, ...options)) as { commit: string };
  const made = contents(addBaseLines(mail, lines)) as object;
  expect(its.commit).toBe(base);
  expect(made).toMatchObject({ ...its, prerequisites: [expect.anything()] });
});

/** The mail in another transfer encoding. */
function encoded(mail: Buffer, name: string, encode: (body: Buffer) => Buffer): Buffer {
  const end = mail.indexOf("\n\n");
  return Buffer.concat([
    mail.subarray(0, end),
    Buffer.from(`\nMIME-Version: 1.0\nContent-Transfer-Encoding: ${name}\n\n`),
    encode(mail.subarray(end + 2)),
  ]);
}

test("in quoted-printable, in base64, with CRs: the patch stays what it was", () => {
  const mail = firstMail("-1", "HEAD~1");
  const plain = contents(mail) as object;
  for (const one of [
    encoded(mail, "quoted-printable", encodeQuotedPrintable),
    encoded(mail, "base64", encodeBase64),
    Buffer.from(mail.toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
  ]) {
    const made = addBaseLines(one, lines);
    expect(contents(made)).toEqual({
      ...plain,
      commit: base,
      prerequisites: [expect.stringMatching(/^[0-9a-f]{40}$/)],
    });
  }
});

test("what is no mail, or no patch that can be read, stays as it is", () => {
  const broken = firstMail("-1", "HEAD~1").toString().replace("\n+two\n", "\n");
  for (const mail of [Buffer.from("\0"), Buffer.alloc(0)])
    expect(addBaseLines(mail, lines)).toEqual(mail);
  expect(readBaseLines([addBaseLines(Buffer.from(broken), lines)]).commit).toBe(base);
});
