/**
 * Whatever git can commit: signed, it is good, and stock git am makes that very commit of the mail,
 * and of the one that `patchsig am` hands to it.
 */

import { chmodSync, cpSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { mailFor } from "../../src/verify/commit.ts";
import { newFolder } from "../support/folders.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import { base64, quotedPrintable, withBody, withHeaders } from "../support/reshape.ts";
import { check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm } from "../support/soundness.ts";

const NUMBERS = Array.from({ length: 30 }, (_, i) => `${i + 1}\n`).join("");
const FILES = {
  "f.txt": NUMBERS,
  "g.txt": "alpha\nbeta\ngamma\n",
  "a b b": "x\n",
  'q"uote.txt': NUMBERS,
  empty: "",
  "latin.txt": Buffer.from("caf\xe9\nend\n", "latin1"),
  "list.sql": "-- one\n++ two\nthree\n",
};

let base: string;
let start: string;
let judge: AmJudge;

beforeAll(() => {
  base = newRepository(join(newFolder(), "base"));
  start = commit(base, "start", FILES);
  judge = openAm(base);
});
afterAll(() => judge.close());

type Change = (folder: string) => void;
const write =
  (name: string, text: string | Buffer): Change =>
  (folder) =>
    writeFileSync(join(folder, name), text);
const LOUDER = write("f.txt", NUMBERS.replace("5\n", "five\n"));

type Edit = (mail: string) => string;

interface Form {
  readonly message?: string;
  readonly change?: Change;
  readonly author?: string;
  readonly args?: readonly string[];
  readonly edit?: Edit;
}

/** Commits it, and holds the signed mail of it against stock git. */
function expectCommit({ message = "f: five\n\nBody.\n", change = LOUDER, ...form }: Form): void {
  const { author = "Alice", args = [], edit = (mail) => mail } = form;
  git(base, ["checkout", "-q", "--detach", start]);
  change(base);
  git(base, ["add", "-A"]);
  const options = ["-qF-", "--cleanup=verbatim", "--allow-empty-message"];
  git(base, ["commit", ...options, `--author=${author} <alice@example.org>`], message);
  const wanted = commitsSince(base, start);
  const mbox = git(base, ["format-patch", "--stdout", "-1", ...args]);
  const [mail] = messages(mbox, { keepCr: true });
  const text = edit(mail!.bytes!.toString("latin1"));
  const [signed] = signMails([Buffer.from(text, "latin1")]);
  const checked = check(signed!);
  expect(isGood(checked), JSON.stringify(checked.findings)).toBe(true);
  expect(judge.am(signed!)).toEqual(wanted);
  const composed = mailFor(checked, 0);
  if (!composed.ok) throw new Error(composed.refusal.detail);
  expect(judge.am(composed.value.mail)).toEqual(wanted);
}

describe("files", () => {
  const move =
    (from: string, to: string): Change =>
    (folder) =>
      renameSync(join(folder, from), join(folder, to));
  const both =
    (...changes: readonly Change[]): Change =>
    (folder) =>
      changes.forEach((change) => change(folder));
  const mail = `From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: B <b@x>\nSubject: [PATCH] x\n\nm\n---\ndiff --git a/f.txt b/f.txt\n--- a/f.txt\n+++ b/f.txt\n@@ -1 +1 @@\n-1\n+2\n`;
  test.each<[string, Change, readonly string[]]>([
    ["renamed to one with quotes", move("f.txt", 'a "b" c'), []],
    [
      "renamed from one, and edited",
      both(move('q"uote.txt', "r.txt"), write("r.txt", `${NUMBERS}31\n`)),
      ["-M"],
    ],
    [
      "copied",
      (folder) => cpSync(join(folder, "f.txt"), join(folder, "h.txt")),
      ["-C", "--find-copies-harder"],
    ],
    ["a tab in its name", write("a\tb", "x\n"), []],
    ["a blank at the end of its name", write("x ", "x\n"), []],
    ["a name beyond ASCII", write("gr\u00fc\u00dfe", "x\n"), []],
    [
      "a mode alone, of a name with blanks",
      (folder) => chmodSync(join(folder, "a b b"), 0o755),
      [],
    ],
    ["lines that begin with -- and ++", write("list.sql", "-- two\n++ two\n"), []],
    ["no line end at its end", write("g.txt", "alpha\nbeta\ngamma"), []],
    ["new, and empty", write("new", ""), []],
    ["empty, and deleted", (folder) => git(folder, ["rm", "-q", "empty"]), []],
    ["binary", write("b", Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7) & 255))), []],
    [
      "a symbolic link in its place",
      both(
        (folder) => git(folder, ["rm", "-q", "g.txt"]),
        (folder) => symlinkSync("f.txt", join(folder, "g.txt")),
      ),
      [],
    ],
    ["Latin-1", write("latin.txt", Buffer.from("caf\xe9s\nend\n", "latin1")), []],
    ["a line of 200,000 characters", write("long", `${"x".repeat(200_000)}\n`), []],
    ["a patch mail", write("mail", mail), []],
  ])("%s", (_, change, args) => expectCommit({ change, args }));
});

test.each([
  ["nothing", ""],
  ["a title", "f: five\n"],
  ["a trailer", "Signed-off-by: Alice <alice@example.org>\n"],
  ["a title as git's", "f: decode =?UTF-8?q?f=C3=BCnf?= in f\u00fcnf.c\n"],
  ["what a mail begins with", "f: five\n\nSubject is what it is.\nFromage\n"],
])("a message of %s", (_, message) => expectCommit({ message }));

test.each([
  "Doe, Jane",
  "Jane (Work) Doe",
  "O'Jane",
  "\u5c71\u7530 \u592a\u90ce",
  "Jane via Doe",
  "Jane [Corp]",
  "J. Doe",
  "\u00c4lice \u00c4mes, Dr",
])("by %s", (author) => expectCommit({ author }));

describe("changed in transit", () => {
  const from =
    (text: string): Edit =>
    (mail) =>
      mail.replace(/^From: .*(?:\n .*)*$/m, () => `From: ${Buffer.from(text).toString("latin1")}`);
  const author = "\u00c4lice \u00c4mes, Dr";
  test.each([
    '"\u00c4lice \u00c4mes, Dr" <alice@example.org>',
    "\u00c4lice \u00c4mes, Dr <alice@example.org>",
    "=?iso-8859-1?Q?=C4lice_=C4mes=2C_Dr?= <alice@example.org>",
    "=?utf-8?Q?=C3?=\n =?utf-8?Q?=84lice_=C3=84mes=2C_Dr?= <alice@example.org>",
    '"=?utf-8?Q?=C3=84lice_=C3=84mes=2C_Dr?=" <alice@example.org>',
    "alice@example.org (=?utf-8?Q?=C3=84lice_=C3=84mes=2C_Dr?=)",
    "=?utf-8?Q?=C3=84lice_=C3=84mes=2C_Dr?=\n\t<alice@example.org>",
  ])("From: %s", (text) => expectCommit({ author, edit: from(text) }));

  const as = (encoding: string, encode: (body: string) => string): Edit => {
    const header = `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n`;
    return (mail) => withBody(withHeaders(mail, header), encode);
  };
  test.each<[string, Edit]>([
    [
      "base64 in one line",
      as("base64", (body) => `${Buffer.from(body, "latin1").toString("base64")}\n`),
    ],
    ["base64", as("base64", (body) => base64(body, 76))],
    ["quoted-printable", as("quoted-printable", quotedPrintable)],
  ])("%s", (_, edit) => expectCommit({ edit }));
});
