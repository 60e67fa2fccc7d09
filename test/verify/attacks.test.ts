/**
 * Attack mails around one honest, signed mail: every class of trick by which git and a reader can
 * be made to see two things. The rule: if the verdict is good, stock git am makes the commit that
 * the honest mail makes. Stock git is the judge; the expected outcome beside each case only makes
 * sure that a case still tries what it says.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { commit, newRepository } from "../support/repo.ts";
import { blockOf, check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm, sameCommits } from "../support/soundness.ts";

const scratch = mkdtempSync(join(tmpdir(), "patchsig-attacks-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const HEADER = `From: Alice <alice@example.org>
Date: Tue, 24 Nov 2026 10:00:00 +0000
Message-ID: <attack@example.org>
Subject: [PATCH v2 1/1] song: sing louder
`;
const TYPE = `MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
`;
const MESSAGE = `Nobody heard it.

Signed-off-by: Alice <alice@example.org>
`;
const STAT = ` song.txt | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

`;
const DIFF = `diff --git a/song.txt b/song.txt
--- a/song.txt
+++ b/song.txt
@@ -1,3 +1,3 @@
 la
-li
+LI
 lu
`;
const TAIL = "-- \n2.39.5\n";
/** What the attacker wants applied. */
const EVIL = `diff --git a/keys.txt b/keys.txt
--- a/keys.txt
+++ b/keys.txt
@@ -1 +1 @@
-alice
+mallory
`;

interface Pieces {
  header: string;
  type: string;
  message: string;
  separator: string;
  notes: string;
  diff: string;
  tail: string;
}

let block = "";

function mail(change: Partial<Pieces> = {}): string {
  const p = {
    header: HEADER,
    type: TYPE,
    message: MESSAGE,
    separator: "---\n",
    notes: `${block}\n${STAT}`,
    diff: DIFF,
    tail: TAIL,
    ...change,
  };
  return `${p.header}${p.type}\n${p.message}${p.separator}${p.notes}${p.diff}${p.tail}`;
}

function body(): string {
  return mail().slice(mail().indexOf("\n\n") + 2);
}

function base64(text: string): string {
  return Buffer.from(text, "latin1")
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
}

function encoded(encoding: string, text: string): string {
  return `${HEADER}${TYPE.replace("8bit", encoding)}\n${text}`;
}

function multipart(parts: string[], preamble = "", epilogue = "", type = 'boundary="xx"'): string {
  const all = parts.map((part) => `--xx\n${part}`).join("");
  return `${HEADER}MIME-Version: 1.0\nContent-Type: multipart/mixed; ${type}\n\n${preamble}${all}--xx--\n${epilogue}`;
}

const PART = "Content-Type: text/plain; charset=UTF-8\n\n";

type Outcome = "good" | "bad" | "none" | "malformed";

/** [name, expected signature, the mail] */
const CASES: [string, Outcome, () => string][] = [
  // headers
  [
    "last of two From headers",
    "malformed",
    () => mail({ header: `${HEADER}From: Mallory <mallory@evil.example>\n` }),
  ],
  [
    "the same From header twice",
    "good",
    () => mail({ header: `${HEADER}From: Alice <alice@example.org>\n` }),
  ],
  [
    "last of two Subject headers",
    "malformed",
    () => mail({ header: `${HEADER}Subject: [PATCH] other\n` }),
  ],
  [
    "From with a blank before the colon",
    "malformed",
    () => mail({ header: `${HEADER}From : Mallory <mallory@evil.example>\n` }),
  ],
  [
    "in-body From",
    "bad",
    () => mail({ message: `From: Mallory <mallory@evil.example>\n\n${MESSAGE}` }),
  ],
  [
    "in-body From, folded and in capitals",
    "bad",
    () => mail({ message: `FROM: Mallory\n <mallory@evil.example>\n\n${MESSAGE}` }),
  ],
  ["in-body Subject", "bad", () => mail({ message: `Subject: other\n\n${MESSAGE}` })],
  [
    "in-body Date is not covered",
    "good",
    () => mail({ message: `Date: Mon, 01 Jan 2001 00:00:00 +0000\n\n${MESSAGE}` }),
  ],
  [
    "two in-body Froms",
    "malformed",
    () =>
      mail({
        message: `From: A <a@x.example>\nFrom: Mallory <mallory@evil.example>\n\n${MESSAGE}`,
      }),
  ],
  [
    ">From line, then in-body From",
    "bad",
    () =>
      mail({
        message: `>From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Mallory <mallory@evil.example>\n\n${MESSAGE}`,
      }),
  ],
  ["[PATCH] line in the body", "bad", () => mail({ message: `[PATCH] other title\n${MESSAGE}` })],
  [
    "address in the display name",
    "bad",
    () =>
      mail({
        header: HEADER.replace(
          "Alice <alice@example.org>",
          '"Alice <alice@example.org>" <mallory@evil.example>',
        ),
      }),
  ],
  [
    "line feed in an encoded Subject",
    "bad",
    () =>
      mail({
        header: HEADER.replace(
          "song: sing louder",
          "=?utf-8?q?song:_sing_louder=0A=0AReviewed-by:_Linus?=",
        ),
      }),
  ],
  [
    "Subject in encoded words",
    "good",
    () =>
      mail({
        header: HEADER.replace(
          "song: sing louder",
          "=?utf-8?q?song:?= =?utf-8?q?_sing_?=\n =?utf-8?b?bG91ZGVy?=",
        ),
      }),
  ],
  [
    "no line between header and body",
    "malformed",
    () => `${HEADER}${TYPE}Nobody heard it.\n\n---\n${block}\n${DIFF}`,
  ],
  [">From on top of the header", "malformed", () => `>From x\n${mail()}`],
  // subject
  [
    "Re: and list prefix",
    "good",
    () => mail({ header: HEADER.replace("[PATCH", "Re: [song-devel] [PATCH") }),
  ],
  ["another version and number", "bad", () => mail({ header: HEADER.replace("v2 1/1", "v9 2/3") })],
  // message
  [
    "trailer added",
    "bad",
    () => mail({ message: `${MESSAGE}Reviewed-by: Linus <linus@example.org>\n` }),
  ],
  ["second --- line", "bad", () => mail({ message: MESSAGE.replace("\n\n", "\n---\n") })],
  ["---- is no break", "bad", () => mail({ message: MESSAGE.replace("\n\n", "\n----\n\n") })],
  ["--- with a CR", "bad", () => mail({ message: MESSAGE.replace("\n\n", "\n---\r\n") })],
  [
    "Index: line in the message",
    "malformed",
    () => mail({ message: MESSAGE.replace("\n\n", "\nIndex: x\n\n") }),
  ],
  [
    "diff - line in the message",
    "malformed",
    () => mail({ message: MESSAGE.replace("\n\n", "\ndiff -u\n\n") }),
  ],
  ["a diff in the message", "malformed", () => mail({ message: `${EVIL}${MESSAGE}` })],
  ["no break at all", "malformed", () => mail({ separator: "" })],
  ["scissors line", "bad", () => mail({ message: `Chat.\n\n-- >8 --\n${MESSAGE}` })],
  ["NUL in the message", "malformed", () => mail({ message: `a\0b\n${MESSAGE}` })],
  [">From in the message", "bad", () => mail({ message: `>From now on\n${MESSAGE}` })],
  [
    "charset UTF-7",
    "malformed",
    () => mail({ type: TYPE.replace("UTF-8", "UTF-7"), message: `+AEE-${MESSAGE}` }),
  ],
  ["unknown charset", "malformed", () => mail({ type: TYPE.replace("UTF-8", "x-no-such") })],
  [
    "another charset, ASCII text",
    "good",
    () => mail({ type: TYPE.replace("UTF-8", "ISO-8859-1") }),
  ],
  // diff
  ["a diff after the signature separator", "bad", () => mail({ tail: `${TAIL}\n${EVIL}` })],
  [
    "a deletion in the footer",
    "bad",
    () =>
      mail({
        tail: `${TAIL}diff --git a/keys.txt b/keys.txt\ndeleted file mode 100644\n--- a/keys.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-alice\n`,
      }),
  ],
  [
    "a mode change in the footer",
    "bad",
    () =>
      mail({ tail: `${TAIL}diff --git a/song.txt b/song.txt\nold mode 100644\nnew mode 100755\n` }),
  ],
  [
    "a traditional diff in the notes",
    "malformed",
    () => mail({ notes: `${EVIL.split("\n").slice(1).join("\n")}\n${block}\n${STAT}` }),
  ],
  ["a diff below the block", "bad", () => mail({ notes: `${block}\n${EVIL}\n${STAT}` })],
  ["notes", "good", () => mail({ notes: `Changes in v2:\n- louder\n\n${block}\n${STAT}` })],
  [
    "an indented diff in the notes",
    "good",
    () => mail({ notes: `${EVIL.replace(/^/gm, " ")}\n${block}\n${STAT}` }),
  ],
  [
    "a bare diff --git line",
    "malformed",
    () => mail({ notes: `${block}\ndiff --git a/keys.txt b/keys.txt\n${STAT}` }),
  ],
  [
    "names that differ",
    "malformed",
    () =>
      mail({ diff: DIFF.replaceAll(" a/song.txt\n+++ b/song.txt", " a/keys.txt\n+++ b/keys.txt") }),
  ],
  ["the prefix replaced", "bad", () => mail({ diff: DIFF.replace(/[ab]\/song/g, "x/song") })],
  ["line numbers", "bad", () => mail({ diff: DIFF.replace("@@ -1,3 +1,3 @@", "@@ -2,3 +2,3 @@") })],
  ["text behind @@", "bad", () => mail({ diff: DIFF.replace("+1,3 @@", "+1,3 @@ chorus") })],
  [
    "hunk counts shortened",
    "bad",
    () => mail({ diff: DIFF.replace("@@ -1,3 +1,3 @@", "@@ -1,2 +1,2 @@") }),
  ],
  ["a visible line past the count", "good", () => mail({ diff: `${DIFF}+and more\n` })],
  ["white space in a + line", "bad", () => mail({ diff: DIFF.replace("+LI", "+ LI") })],
  [
    "an index line added",
    "bad",
    () => mail({ diff: DIFF.replace("--- a", "index 1111111..2222222 100644\n--- a") }),
  ],
  [
    "\\ No newline added",
    "bad",
    () => mail({ diff: DIFF.replace("+LI\n", "+LI\n\\ No newline at end of file\n") }),
  ],
  [
    "a path that escapes",
    "malformed",
    () =>
      mail({
        diff: `${DIFF}diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n`,
      }),
  ],
  [
    "a bidi control in a + line",
    "bad",
    () => mail({ diff: DIFF.replace("+LI", "+L\xe2\x80\xaeI") }),
  ],
  // parts
  [
    "a diff in another part",
    "bad",
    () =>
      multipart([
        `${PART}${body()}`,
        `Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n${base64(EVIL)}`,
      ]),
  ],
  [
    "a diff in a signature.asc part",
    "bad",
    () => multipart([`${PART}${body()}`, `Content-Type: application/pgp-signature\n\n${EVIL}`]),
  ],
  ["a list footer as a part", "good", () => multipart([`${PART}${body()}`, `${PART}___\nlist\n`])],
  [
    "a diff in preamble and epilogue",
    "good",
    () => multipart([`${PART}${body()}`], `${EVIL}\n`, `\n${EVIL}`),
  ],
  [
    "a part after the last boundary",
    "good",
    () => multipart([`${PART}${body()}`], "", `--xx\n${PART}${EVIL}--xx--\n`),
  ],
  [
    "message in one part, diff in another",
    "good",
    () =>
      multipart([
        `${PART}${MESSAGE}---\n${block}\n${STAT}`,
        `Content-Type: text/x-patch\n\n${DIFF}${TAIL}`,
      ]),
  ],
  [
    "an HTML part in front",
    "bad",
    () => multipart([`Content-Type: text/html\n\nHello\n`, `${PART}${body()}`]),
  ],
  [
    "headers in a part",
    "good",
    () => multipart([`From: Mallory <mallory@evil.example>\nSubject: other\n${PART}${body()}`]),
  ],
  [
    "From only in a part",
    "malformed",
    () =>
      multipart([`From: Mallory <mallory@evil.example>\n${PART}${body()}`]).replace(
        "From: Alice <alice@example.org>\n",
        "",
      ),
  ],
  [
    "boundary as a substring",
    "malformed",
    () => mail({ type: TYPE.replace("charset", "xboundary=zz; charset") }),
  ],
  [
    "boundary in an encoded word",
    "malformed",
    () =>
      mail({ type: TYPE.replace("charset=UTF-8", 'charset=UTF-8; x="=?utf-8?q?boundary=3Dzz?="') }),
  ],
  [
    "second Content-Type with a boundary",
    "malformed",
    () => mail({ type: `${TYPE}Content-Type: multipart/mixed; boundary="zz"\n` }),
  ],
  [
    "second block in another part",
    "malformed",
    () => multipart([`${PART}${body()}`, `${PART}${block}`]),
  ],
  // transfer encodings
  ["base64", "good", () => encoded("base64", base64(body()))],
  [
    "base64 with lines of 77",
    "none",
    () =>
      encoded(
        "base64",
        base64(body())
          .replaceAll("\n", "")
          .replace(/.{1,77}/g, "$&\n"),
      ),
  ],
  ["base64 with a plain footer", "none", () => encoded("base64", `${base64(body())}_____\nlist\n`)],
  [
    "base64 padded in the middle",
    "none",
    () => encoded("base64", base64(body().slice(0, 10)) + base64(body().slice(10))),
  ],
  [
    "second transfer encoding",
    "malformed",
    () => mail({ type: `${TYPE}Content-Transfer-Encoding: quoted-printable\n` }),
  ],
  [
    "transfer encoding as a substring",
    "malformed",
    () => mail({ type: TYPE.replace("8bit", "8bit; x=quoted-printable") }),
  ],
  [
    "soft break in a + line",
    "good",
    () => encoded("quoted-printable", body().replaceAll("=", "=3D").replace("+LI", "+L=\nI")),
  ],
  [
    "quoted-printable NUL",
    "malformed",
    () => encoded("quoted-printable", body().replaceAll("=", "=3D").replace("+LI", "+L=00I")),
  ],
  [
    "quoted-printable that is not declared",
    "bad",
    () => mail({ diff: DIFF.replace("+LI", "+L=49") }),
  ],
  ["CRLF", "good", () => mail().replaceAll("\n", "\r\n")],
  [
    "format=flowed declared afterwards",
    "malformed",
    () => mail({ type: TYPE.replace("UTF-8", "UTF-8; format=flowed") }),
  ],
  // sniffing, and the mbox around it
  [
    "a Mercurial first line",
    "malformed",
    () => `# HG changeset patch\n# User Mallory <m@evil.example>\n${mail()}`,
  ],
  [
    "a second message in the body",
    "none",
    () =>
      mail({
        tail: `${TAIL}\nFrom m@evil.example Mon Sep 17 00:00:00 2001\nFrom: Alice <alice@example.org>\nSubject: x\n\ny\n---\n${EVIL}`,
      }),
  ],
  [
    "a From line in the notes that only git takes for one",
    "good",
    () =>
      mail({
        notes: `${block}\nso:\nFrom m@evil.example Mon Sep 17 00:00:00 2001\nFrom: Mallory <mallory@evil.example>\nSubject: evil\n\nx\n---\n${STAT}`,
      }),
  ],
  // the block
  ["no block", "none", () => mail({ notes: STAT })],
  ["the block twice", "malformed", () => mail({ notes: `${block}\n${block}\n${STAT}` })],
  [
    "the block in the message",
    "malformed",
    () => mail({ message: `${block}\n${MESSAGE}`, notes: STAT }),
  ],
  ["the block below the diff", "malformed", () => mail({ notes: STAT, tail: `${TAIL}${block}` })],
  [
    "another minisign signature in the notes",
    "good",
    () => mail({ notes: `untrusted comment: signature\nRUQabc\n\n${block}\n${STAT}` }),
  ],
  ["the block cut short", "malformed", () => mail({ notes: `${block.slice(0, 300)}\n\n${STAT}` })],
  [
    "a bit of the signature flipped",
    "bad",
    () =>
      mail({
        notes: `${block.replace(/^(RU.{40})(.)/m, (_, a: string, b: string) => a + (b === "A" ? "B" : "A"))}\n${STAT}`,
      }),
  ],
  ["the time changed", "bad", () => mail({ notes: `${block.replace("t=17", "t=18")}\n${STAT}` })],
  [
    "the signer's address changed",
    "bad",
    () => mail({ notes: `${block.replace("by=alice", "by=malice")}\n${STAT}` }),
  ],
  [
    "an unknown field",
    "malformed",
    () => mail({ notes: `${block.replace(" v=", " x=1 v=")}\n${STAT}` }),
  ],
  [
    "another version of the block",
    "malformed",
    () => mail({ notes: `${block.replace("patchsig-v1", "patchsig-v2")}\n${STAT}` }),
  ],
];

/** Benign, so that a verifier that fails everything does not pass here. */
const BENIGN_IN_GENERATOR = [
  "00-honest",
  "01-notes-text",
  "17b-subject-folded",
  "21-mailman-footer-part",
  "25-base64-clean",
  "26-qp-clean",
  "29-crlf",
  "55-notes-indented-diff",
];

describe("the project's own mails", () => {
  let judge: AmJudge;
  let honest: string[];

  beforeAll(() => {
    const base = newRepository(join(scratch, "own"));
    commit(base, "start", { "song.txt": "la\nli\nlu\nla\nli\nlu\n", "keys.txt": "alice\n" });
    block = "";
    const signed = signMails([Buffer.from(mail({ notes: STAT }), "latin1")])[0]!;
    block = blockOf(signed).toString("latin1");
    expect(Buffer.from(mail(), "latin1").equals(signed)).toBe(true);
    judge = openAm(base);
    honest = judge.am(signed)!;
    expect(honest).toHaveLength(1);
  });
  afterAll(() => judge.close());

  test.each(CASES)("%s: %s", (_, expected, make) => {
    const bytes = Buffer.from(make(), "latin1");
    const all = messages(bytes).map((message) => check(message.bytes!));
    // of several messages, the worst
    expect(all.map((checked) => checked.signature).at(-1)).toBe(expected);
    if (all.every(isGood)) {
      const made = judge.am(bytes);
      if (made !== null) expect(sameCommits(made, honest)).toBe(true);
    }
  });
});

const GENERATOR = join(import.meta.dirname, "../../../shared/attacks/generate.py");

describe.runIf(existsSync(GENERATOR))("generated mails", () => {
  test("a good verdict means the honest commit, and the benign ones are good", () => {
    const first = join(scratch, "first");
    const second = join(scratch, "second");
    const python = (...args: string[]): Buffer => execFileSync("python3", [GENERATOR, ...args]);
    python(first);
    const signed = signMails([readFileSync(join(first, "mail/00-honest.eml"))])[0]!;
    const file = join(scratch, "block");
    writeFileSync(file, blockOf(signed));
    python("--block", file, second);

    const outcomes = JSON.parse(readFileSync(join(second, "git-am.json"), "utf8")) as Record<
      string,
      { rc: number; commits: string[] }
    >;
    const names = readdirSync(join(second, "mail")).map((name) => name.replace(".eml", ""));
    expect(names.length).toBeGreaterThan(90);
    const wrong: string[] = [];
    const good: string[] = [];
    for (const name of names) {
      const bytes = readFileSync(join(second, "mail", `${name}.eml`));
      const { rc, commits } = outcomes[name]!;
      const all = messages(bytes).map(({ bytes: m }) => check(m!));
      if (!all.every(isGood)) continue;
      good.push(name);
      if (rc === 0 && !sameCommits(commits, outcomes["00-honest"]!.commits)) wrong.push(name);
    }
    expect(wrong).toEqual([]);
    expect(good).toEqual(expect.arrayContaining(BENIGN_IN_GENERATOR));
  });
});
