/** Random changes to mails: bytes, lines, headers, parts, encodings. Same seed, same changes. */

import { DIFF_MUTATIONS } from "./mutate-diff.ts";
import { FORM_MUTATIONS } from "./mutate-form.ts";
import {
  atLine,
  base64,
  BLOCK,
  blockOf,
  bodyStart,
  type Mutation,
  pick,
  quotedPrintable,
  type Random,
  withBody,
  withEncoding,
  withHeaders,
  withinEncoding,
  withPart,
} from "./reshape.ts";

const EVIL = [
  "diff --git a/keys.txt b/keys.txt",
  "--- a/keys.txt",
  "+++ b/keys.txt",
  "@@ -1 +1 @@",
  "-alice",
  "+mallory",
].join("\n");

/** The diff that the attacker wants applied. */
const EVILS = [
  EVIL,
  "diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755",
  "diff --git a/keys.txt b/keys.txt\ndeleted file mode 100644\n--- a/keys.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-alice",
  "--- a/keys.txt\n+++ b/keys.txt\n@@ -1 +1 @@\n-alice\n+mallory",
];

/** Lines that mean something to git, to a MIME reader, or to the block's reader. */
const LINES = [
  "---",
  "--- ",
  "----",
  "-- ",
  "",
  " ",
  "\t",
  "diff --git a/keys.txt b/keys.txt",
  "diff --git a/song.txt b/song.txt",
  "old mode 100644",
  "new mode 100755",
  "deleted file mode 100644",
  "new file mode 100755",
  "index 1111111..2222222 100644",
  "rename from song.txt",
  "rename to keys.txt",
  "--- a/keys.txt",
  "+++ b/keys.txt",
  "@@ -1 +1 @@",
  "@@ -1,3 +1,3 @@",
  "-alice",
  "+mallory",
  "\\ No newline at end of file",
  "GIT binary patch",
  "From: Mallory <mallory@evil.example>",
  "Subject: [PATCH] other",
  "Subject: other",
  "Date: Mon, 01 Jan 2001 00:00:00 +0000",
  "[PATCH] other",
  ">From x Mon Sep 17 00:00:00 2001",
  "From m@evil.example Mon Sep 17 00:00:00 2001",
  "From now on",
  ">From now on",
  "-- >8 --",
  "Index: song.txt",
  "--xx",
  "--xx--",
  "Content-Type: text/plain; charset=UTF-8",
  'Content-Type: multipart/mixed; boundary="xx"',
  "Content-Type: text/plain; charset=UTF-8; format=flowed",
  "Content-Type: text/plain; charset=ISO-8859-1",
  "Content-Transfer-Encoding: base64",
  "Content-Transfer-Encoding: quoted-printable",
  "Content-Transfer-Encoding: 8bit",
  "MIME-Version: 1.0",
  "untrusted comment: patchsig",
  "Signed-off-by: Mallory <mallory@evil.example>",
  "base-commit: 1111111111111111111111111111111111111111",
  ...EVILS,
];

/** Lines for places where an attack would matter most. */
function pickContent(random: Random): string {
  return pick(random, random(2) === 0 ? EVILS : LINES);
}

const BYTES = [
  "\0",
  "\r",
  "\n",
  "\t",
  " ",
  "=",
  "-",
  "+",
  ">",
  "\xc3",
  "\xe9",
  "\xa0",
  "\x0c",
  "A",
  "@",
  ":",
  '"',
  "(",
];

const MUTATIONS: readonly Mutation[] = [
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + pick(r, BYTES) + t.slice(at + r(2));
  },
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + String.fromCharCode(r(256)) + t.slice(at + 1);
  },
  (t, r) => {
    const at = r(t.length);
    return t.slice(0, at) + t.slice(at + 1 + r(8));
  },
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 1)),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, lines[at]!)),
  (t, r) =>
    atLine(t, r, (lines, at) => lines.splice(at, 0, ...lines.splice(r(lines.length), 1 + r(4)))),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, pick(r, LINES))),
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, pick(r, LINES), pick(r, LINES))),
  (t, r) =>
    atLine(
      t,
      r,
      (lines, at) => (lines[at] += pick(r, [" ", "\t", "\r", "\r\r", "  ", "=", "=20", " x"])),
    ),
  (t, r) =>
    atLine(
      t,
      r,
      (lines, at) =>
        (lines[at] = lines[at]!.replace(/^./, pick(r, ["", " ", "-", "+", "\t", "  "]))),
    ),
  (t, r) => {
    const at = bodyStart(t) - 1;
    return `${t.slice(0, at)}${pick(r, LINES)}\n${t.slice(at)}`;
  },
  (t, r) => `${pick(r, LINES)}\n${t}`,
  (t, r) => `${t}\n${pick(r, LINES)}\n${pickContent(r)}\n`,
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, pickContent(r))),
  (t) => t.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"),
  (t) => t.replaceAll("\r\n", "\n"),
  (t, r) => withEncoding(t, "base64", (body) => base64(body, pick(r, [76, 72, 60, 77, 4]))),
  (t) => withEncoding(t, "base64", (body) => base64(body.replaceAll("\n", "\r\n"), 76)),
  (t) => withEncoding(t, "quoted-printable", quotedPrintable),
  (t, r) =>
    withEncoding(t, pick(r, ["8bit", "7bit", "x-uuencode", "8BIT", '"base64"']), (body) => body),
  (t, r) =>
    withPart(
      t,
      pick(r, ["Content-Type: text/plain", "Content-Type: image/png", "Content-Type: text/html"]),
      pickContent(r),
      r(2) === 0,
    ),
  (t, r) =>
    withPart(
      t,
      "Content-Type: text/plain\nContent-Transfer-Encoding: base64",
      base64(`${pickContent(r)}\n`, 76),
      r(2) === 0,
    ),
  (t, r) =>
    t.replace(
      "Subject: ",
      pick(r, [
        "Subject: Re: ",
        "Subject: [list] ",
        "Subject:\n ",
        "subject: ",
        "Subject : ",
        "Subject: [PATCH v9 2/3] ",
      ]),
    ),
  (t, r) =>
    t.replace(
      "UTF-8",
      pick(r, [
        "utf-8",
        "us-ascii",
        "ISO-8859-1",
        "windows-1252",
        "x-none",
        "",
        "UTF-8; format=flowed",
        "UTF-8; format=flowed; delsp=yes",
        "UTF-7",
      ]),
    ),
  (t, r) =>
    t.replace(
      /^(---|\+\+\+) ([ab])\//m,
      pick(r, ["$1 $2//", "$1 c/", "$1 ", "$1 $2/./", "$1\t$2/"]),
    ),
  (t) => t.replace(/^ $/m, ""),
  // git goes by the new number
  ...Array.from(
    { length: 3 },
    (): Mutation => (t, r) =>
      t.replace(/^@@ -\d+(,?\d*) \+\d+/m, (_, old: string) => `@@ -${r(9)}${old} +${1 + r(40)}`),
  ),
  // the text behind it, the index line
  (t, r) => t.replace(/^(@@ .* @@).*/m, `$1${pick(r, ["", " x", " ", " @@"])}`),
  (t, r) => t.replace(/^index [0-9a-f]{4}/m, `index ${pick(r, ["1111", "0000", "f4a1"])}`),
  (t, r) =>
    t.replace(/,(\d+) (\+\d+),(\d+) @@/, (_, a, b, c) => `,${a - r(2)} ${b},${c - r(2)} @@`),
  // one line with a CR, all lines but one
  (t, r) => atLine(t, r, (lines, at) => (lines[at] += "\r")),
  (t, r) =>
    t
      .split("\n")
      .map((line) => (r(30) > 0 ? `${line}\r` : line))
      .join("\n"),
  (t) => withBody(t, (body) => body.replaceAll("\n", "\r\n")),
  // blocks: moved, doubled, of another mail, indented, wrapped
  (t, r) => {
    const block = blockOf(t);
    return atLine(t.replace(block, ""), r, (lines, at) => lines.splice(at, 0, block.trimEnd()));
  },
  (t, r) => atLine(t, r, (lines, at) => lines.splice(at, 0, blockOf(t).trimEnd())),
  (t, r, pool) => t.replace(BLOCK, () => blockOf(pick(r, pool))),
  (t, r, pool) =>
    atLine(t, r, (lines, at) => lines.splice(at, 0, blockOf(pick(r, pool)).trimEnd())),
  (t, r, pool) => withPart(t, "Content-Type: text/plain", blockOf(pick(r, pool)), r(2) === 0),
  (t) => t.replace(BLOCK, (block) => block.replace(/^/gm, " ")),
  (t, r) => t.replace(BLOCK, (block) => block.replace(new RegExp(`.{${20 + r(60)}}`, "g"), "$&\n")),
  (t, r) => t.replace(BLOCK, (block) => block.replace(/ (v|n|t|by|base)=./, ` $1=${r(10)}`)),
  // splices of two mails, at any line
  (t, r, pool) => {
    const [a, b] = [t.split("\n"), pick(r, pool).split("\n")];
    return [...a.slice(0, r(a.length)), ...b.slice(r(b.length))].join("\n");
  },
  (t, r, pool) => {
    const other = pick(r, pool);
    return t.slice(0, bodyStart(t)) + other.slice(bodyStart(other));
  },
  (t, r, pool) => {
    const diff = (mail: string): number => mail.search(/^diff --git/m);
    const other = pick(r, pool);
    return diff(t) < 0 || diff(other) < 0 ? t : t.slice(0, diff(t)) + other.slice(diff(other));
  },
  (t, r, pool) => `${t}\n${pick(r, pool)}`,
  (t, r, pool) =>
    `From a@x.example Mon Sep 17 00:00:00 2001\n${t}\n${pick(r, FROM_LINES)}\n${pick(r, pool)}`,
  // what comes after a From line, in a mail of its own or not, with a diff where only git looks
  (t, r) =>
    `${r(2) === 0 ? "From a@x.example Mon Sep 17 00:00:00 2001\n" : ""}${t}\n${pick(r, FROM_LINES)}\n` +
    `Subject: x\nContent-Type: multipart/mixed; boundary=zz\n\n${EVIL}\n--zz\n\nx\n--zz--\n`,
  // headers: doubled, moved to the body, encoded, another author
  (t, r) => {
    const name = pick(r, ["From", "Subject", "Date", "Content-Type", "Content-Transfer-Encoding"]);
    const line = new RegExp(`^${name}:.*\n`, "im").exec(t)?.[0] ?? "";
    return r(2) === 0 ? withHeaders(t, line) : withBody(t, (body) => `${line}\n${body}`);
  },
  (t, r) => withBody(t, (body) => `${pick(r, INBODY)}\n${pick(r, ["", "\n", "\n\n"])}${body}`),
  (t) =>
    t.replace(/^Subject: (.*)$/m, (_, subject: string) => {
      const word = Buffer.from(subject, "latin1").toString("base64");
      return `Subject: =?UTF-8?b?${word}?=`;
    }),
  (t, r) =>
    t.replace(
      /^From: .*$/m,
      pick(r, [
        "From: Mallory <mallory@evil.example>",
        "From: Mallory <mallory@evil.example>\nReply-To: Alice <alice@example.org>",
        "From: Mallory <mallory@evil.example>\nX-Original-From: Alice <alice@example.org>",
        "From: Alice via list <list@lists.example>\nReply-To: Alice <alice@example.org>",
        "From: Alice via list <list@lists.example>\nX-Original-From: =?utf-8?q?Alice",
        "From: Alice via list <list@lists.example>\nX-MailFrom: alice@example.org",
        "From: Mallory via list <list@lists.example>\nSender: Alice <alice@example.org>",
        "From: Alice <alice=40example.org@lists.example>",
        "From: Alice <alice@example.org.INVALID>",
        "From: Alice <0a-dmarc-request@lists.example>\nReply-To: Alice <alice@example.org>",
        'From: "Alice <alice@example.org>" <mallory@evil.example>',
        "From: alice@example.org (Alice)",
        "From: =?utf-8?q?Alice?= <alice@example.org>",
      ]),
    ),
  // base lines
  (t, r) => t.replace(/^base-commit: .*$/m, pick(r, ["", `base-commit: ${"1".repeat(40)}`])),
  // below the transfer encoding
  ...Array.from({ length: 6 }, (): Mutation => (t, r, pool) => {
    const change = pick(r, MUTATIONS.slice(0, BODY_MUTATIONS));
    return withinEncoding(t, (body) => change(body, r, pool));
  }),
];

/** The number of mutations, from the first, that make sense on a body alone. */
const BODY_MUTATIONS = 10;

/** Of three changes, one is to bytes and lines, one to the form of the mail, one to its diffs. */
const KINDS: readonly (readonly Mutation[])[] = [MUTATIONS, FORM_MUTATIONS, DIFF_MUTATIONS];

const FROM_LINES = [
  "From a@x.example Mon Sep 17 00:00:00 2001",
  "From a@x.example Mon Sep 17 00:00:00 UTC 2001",
  "From a@x.example Mon Sep 17 00:00:00 0050",
  "\nFrom a@x.example Mon Sep 17 00:00 2001",
  "\nFrom a@x.example Mon Sep 17 00:00:00 UTC 2001",
  "From x1:11:11 99",
  "From now on",
];

const INBODY = [
  "From: Mallory <mallory@evil.example>",
  "from: Alice <alice@example.org>",
  "FROM: Alice\n <alice@example.org>",
  "Subject: song: louder",
  "Subject: [PATCH] song: louder\n\nSubject: other",
  "[PATCH] song: louder",
  "Date: Mon, 01 Jan 2001 00:00:00 +0000",
  `>From ${"0".repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: Mallory <mallory@evil.example>`,
];

/** One of the mails with one to three random changes. */
export function mutate(pool: readonly Buffer[], random: Random): Buffer {
  const texts = pool.map((mail) => mail.toString("latin1"));
  let text = pick(random, texts);
  for (let n = 1 + random(3); n > 0; n--)
    text = pick(random, pick(random, KINDS))(text, random, texts);
  return Buffer.from(text, "latin1");
}
