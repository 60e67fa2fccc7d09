/**
 * Attack mails around one honest mail, sorted by the part of a mail that git am uses: what a
 * sender, or anybody in transit, might do so that git and a reader see different things.
 */

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
export const STAT = ` song.txt | 2 +-
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
/** The diff that the attacker wants applied. */
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

/** The signature block of the honest mail, which every other mail carries too. */
export function useBlock(text: string): void {
  block = text;
}

/** The honest mail, with some of its pieces replaced. */
export function mail(change: Partial<Pieces> = {}): string {
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

type Signature = "good" | "bad" | "none" | "malformed";

/** Name, what verify must say of the signature, and the mail. */
export type Case = readonly [string, Signature, () => string];

const FROM_LINE = "From m@evil.example Mon Sep 17 00:00:00 2001";

/** A mail without a patch for a reader that splits at `line`; for others part of the mail above. */
function hidden(line: string): string {
  return `\n${line}\nSubject: x\nContent-Type: multipart/mixed; boundary=zz\n\n${EVIL}\n--zz\n\nx\n--zz--\n`;
}

/** Under each heading every class of attack, and similar mails that must pass. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  Headers: [
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
      "last of two Date headers",
      "malformed",
      () => mail({ header: `${HEADER}Date: Mon, 01 Jan 2001 00:00:00 +0000\n` }),
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
    [
      "in-body From below blank lines",
      "bad",
      () => mail({ message: `\n\nFrom: Mallory <mallory@evil.example>\n\n${MESSAGE}` }),
    ],
    [
      "in-body From in encoded words",
      "bad",
      () => mail({ message: `From: =?utf-8?q?Mallory?= <mallory@evil.example>\n\n${MESSAGE}` }),
    ],
    [
      "in-body From of the author",
      "good",
      () =>
        mail({
          header: HEADER.replace("Alice <alice@example.org>", "Bob <bob@example.org>"),
          message: `From: Alice <alice@example.org>\n\n${MESSAGE}`,
        }),
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
      "From only in a part",
      "malformed",
      () =>
        multipart([`From: Mallory <mallory@evil.example>\n${PART}${body()}`]).replace(
          "From: Alice <alice@example.org>\n",
          "",
        ),
    ],
    [
      "Subject only in a part",
      "malformed",
      () =>
        multipart([`Subject: song: sing louder\n${PART}${body()}`]).replace(
          /^Subject: \[.*\n/m,
          "",
        ),
    ],
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
    [
      "another From, and Reply-To",
      "bad",
      () =>
        mail({
          header: HEADER.replace(
            "Alice <alice@example.org>",
            "Linus <linus@example.org>\nReply-To: Alice <alice@example.org>",
          ),
        }),
    ],
    [
      "another From, and X-Original-From",
      "bad",
      () =>
        mail({
          header: HEADER.replace(
            "Alice <alice@example.org>",
            "Linus <linus@example.org>\nX-Original-From: Alice <alice@example.org>",
          ),
        }),
    ],
    [
      "another From in the body, and a list's",
      "bad",
      () =>
        mail({
          header: HEADER.replace(
            "Alice <alice@example.org>",
            "Alice via list <list@example.org>\nReply-To: Alice <alice@example.org>",
          ),
          message: `From: Mallory <mallory@evil.example>\n\n${MESSAGE}`,
        }),
    ],
    [
      "a list's From, and a broken Reply-To",
      "bad",
      () =>
        mail({
          header: HEADER.replace(
            "Alice <alice@example.org>",
            'Alice via list <list@example.org>\nReply-To: =?utf-8?q?Alice\nX-Original-From: "Alice',
          ),
        }),
    ],
  ],
  Subject: [
    [
      "Re: and list prefix",
      "good",
      () => mail({ header: HEADER.replace("[PATCH", "Re: [song-devel] [PATCH") }),
    ],
    [
      "brackets of all kinds",
      "good",
      () => mail({ header: HEADER.replace("[PATCH", "RE: re:[list] [x]  Re: [a b][PATCH") }),
    ],
    [
      "a bracket around a word of the title",
      "bad",
      () => mail({ header: HEADER.replace("song: sing", "[song:] sing") }),
    ],
    [
      "white space in the title",
      "good",
      () => mail({ header: HEADER.replace("sing louder", "sing\n\tlou der") }),
    ],
    [
      "another version and number",
      "bad",
      () => mail({ header: HEADER.replace("v2 1/1", "v9 2/3") }),
    ],
    [
      "no version, where one was signed",
      "bad",
      () => mail({ header: HEADER.replace("PATCH v2 1/1", "PATCH") }),
    ],
  ],
  Message: [
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
    [
      "--- x in the message",
      "malformed",
      () => mail({ message: MESSAGE.replace("\n\n", "\n--- x\n\n") }),
    ],
    [
      "Signed-off-by below the break",
      "bad",
      () =>
        mail({
          message: MESSAGE.replace(/Signed.*\n/, ""),
          notes: `${block}\nSigned-off-by: Alice <alice@example.org>\n${STAT}`,
        }),
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
    [
      "another charset, other text",
      "bad",
      () =>
        mail({
          type: TYPE.replace("UTF-8", "ISO-8859-2"),
          message: MESSAGE.replace("heard", "h\xc4\x99ard"),
        }),
    ],
  ],
  Diff: [
    ["a diff after the signature separator", "bad", () => mail({ tail: `${TAIL}\n${EVIL}` })],
    [
      "a binary patch after the signature separator",
      "bad",
      () =>
        mail({
          tail: `${TAIL}diff --git a/evil.bin b/evil.bin\nnew file mode 100644\nindex 0000000..f76dd23\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 0\nHcmV?d00001\n\n`,
        }),
    ],
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
        mail({
          tail: `${TAIL}diff --git a/song.txt b/song.txt\nold mode 100644\nnew mode 100755\n`,
        }),
    ],
    [
      "a traditional diff in the notes",
      "malformed",
      () => mail({ notes: `${EVIL.split("\n").slice(1).join("\n")}\n${block}\n${STAT}` }),
    ],
    ["a diff below the block", "bad", () => mail({ notes: `${block}\n${EVIL}\n${STAT}` })],
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
    [
      "a diff in an HTML part",
      "bad",
      () => multipart([`${PART}${body()}`, `Content-Type: text/html\n\n<pre>\n${EVIL}</pre>\n`]),
    ],
    [
      "a diff in an octet-stream part",
      "bad",
      () =>
        multipart([
          `${PART}${body()}`,
          `Content-Type: application/octet-stream\nContent-Disposition: attachment\n\n${EVIL}`,
        ]),
    ],
    [
      "a list footer as a part",
      "good",
      () => multipart([`${PART}${body()}`, `${PART}___\nlist\n`]),
    ],
    [
      "an HTML part in front",
      "bad",
      () => multipart([`Content-Type: text/html\n\nHello\n`, `${PART}${body()}`]),
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
      "headers in a part",
      "good",
      () => multipart([`From: Mallory <mallory@evil.example>\nSubject: other\n${PART}${body()}`]),
    ],
    [
      "second block in another part",
      "malformed",
      () => multipart([`${PART}${body()}`, `${PART}${block}`]),
    ],
    ["text behind @@", "bad", () => mail({ diff: DIFF.replace("+1,3 @@", "+1,3 @@ chorus") })],
    [
      "a diff converted to another charset",
      "bad",
      () => mail({ diff: DIFF.replace("+LI", "+L\xc3\x8d"), type: TYPE }),
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
    [
      "a path into .git",
      "malformed",
      () => mail({ diff: DIFF + EVIL.replaceAll("keys.txt", ".git/config") }),
    ],
  ],
  Ignored: [
    ["notes", "good", () => mail({ notes: `Changes in v2:\n- louder\n\n${block}\n${STAT}` })],
    [
      "an indented diff in the notes",
      "good",
      () => mail({ notes: `${EVIL.replace(/^/gm, " ")}\n${block}\n${STAT}` }),
    ],
    [
      "text between the diff and what follows",
      "good",
      () => mail({ diff: `${DIFF}\nThat was all.\n` }),
    ],
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
    ["a visible line past the count", "good", () => mail({ diff: `${DIFF}+and more\n` })],
    [
      "another minisign signature in the notes",
      "good",
      () => mail({ notes: `untrusted comment: signature\nRUQabc\n\n${block}\n${STAT}` }),
    ],
  ],
  "Where git differs from MIME libraries": [
    [
      "second Content-Type with a boundary",
      "malformed",
      () => mail({ type: `${TYPE}Content-Type: multipart/mixed; boundary="zz"\n` }),
    ],
    [
      "first Content-Type with a boundary",
      "malformed",
      () => mail({ type: `Content-Type: multipart/mixed; boundary="zz"\n${TYPE}` }),
    ],
    [
      "second transfer encoding",
      "malformed",
      () => mail({ type: `${TYPE}Content-Transfer-Encoding: quoted-printable\n` }),
    ],
    [
      "boundary as a substring",
      "malformed",
      () => mail({ type: TYPE.replace("charset", "xboundary=zz; charset") }),
    ],
    [
      "charset as a substring",
      "malformed",
      () => mail({ type: TYPE.replace("charset=UTF-8", 'x="charset=UTF-7"') }),
    ],
    [
      "transfer encoding as a substring",
      "malformed",
      () => mail({ type: TYPE.replace("8bit", "8bit; x=quoted-printable") }),
    ],
    [
      "transfer encoding in a comment",
      "malformed",
      () => mail({ type: TYPE.replace("8bit", "8bit (quoted-printable)") }),
    ],
    [
      "boundary in an encoded word",
      "malformed",
      () =>
        mail({
          type: TYPE.replace("charset=UTF-8", 'charset=UTF-8; x="=?utf-8?q?boundary=3Dzz?="'),
        }),
    ],
    [
      "a boundary that is another's prefix",
      "malformed",
      () => multipart([`${PART}${body()}--xxevil\n${PART}${EVIL}`]),
    ],
    [
      "boundaries of two multiparts",
      "malformed",
      () =>
        multipart([
          `Content-Type: multipart/mixed; boundary="yy"\n\n--yy\n${PART}${body()}--xx\n${PART}${EVIL}`,
        ]),
    ],
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
    [
      "base64 with a plain footer",
      "good",
      () => encoded("base64", `${base64(body())}_____\nlist\n`),
    ],
    [
      "base64 padded in the middle",
      "malformed",
      () => encoded("base64", base64(body().slice(0, 10)) + base64(body().slice(10))),
    ],
    [
      "a stray character in base64",
      "malformed",
      () => encoded("base64", base64(body()).replace("\n", "!\n")),
    ],
    [
      "blanks before a line end in quoted-printable",
      "bad",
      () => encoded("quoted-printable", body().replaceAll("=", "=3D").replace("+LI\n", "+LI  \n")),
    ],
    [
      "a blank after the = of a soft break",
      "malformed",
      () => encoded("quoted-printable", body().replaceAll("=", "=3D").replace("+LI", "+L= \nI")),
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
    [
      "format=flowed of one part in the next",
      "malformed",
      () =>
        multipart([
          `Content-Type: text/plain; format=flowed\n\nNobody heard it.\n\nSigned-off-by: Alice <alice@example.org>\n`,
          `\n---\n${block}\n${STAT}${DIFF}${TAIL}`,
        ]),
    ],
  ],
  Sniffing: [
    [
      "a Mercurial first line",
      "malformed",
      () => `# HG changeset patch\n# User Mallory <m@evil.example>\n${mail()}`,
    ],
    [
      "a StGit first line",
      "malformed",
      () => `# This series applies on GIT commit 0123456\n${mail()}`,
    ],
    [
      "an StGit patch to git am",
      "malformed",
      () => `Subject: evil\n\nFrom: Mallory <mallory@evil.example>\n\n${mail()}`,
    ],
    [
      "Mail System Internal Data",
      "malformed",
      () => mail({ header: HEADER.replace("Alice <", "Mail System Internal Data <") }),
    ],
    [
      "a second message in the body",
      "bad",
      () =>
        mail({
          tail: `${TAIL}\nFrom m@evil.example Mon Sep 17 00:00:00 2001\nFrom: Alice <alice@example.org>\nSubject: x\n\ny\n---\n${EVIL}`,
        }),
    ],
    [
      "a second message in an mbox",
      "none",
      () =>
        `${FROM_LINE}\n${mail()}\n${FROM_LINE}\nFrom: Alice <alice@example.org>\nSubject: x\n\ny\n---\n${EVIL}`,
    ],
    [
      "a From line that only git takes for one",
      "good",
      () =>
        mail({
          notes: `${block}\nso:\nFrom m@evil.example Mon Sep 17 00:00:00 2001\nFrom: Mallory <mallory@evil.example>\nSubject: evil\n\nx\n---\n${STAT}`,
        }),
    ],
    ["a hidden diff below a From line in a bare mail", "bad", () => mail() + hidden(FROM_LINE)],
    [
      "a hidden diff below a From line that is none to git",
      "bad",
      () => `${FROM_LINE}\n${mail()}${hidden(FROM_LINE.replace("2001", "UTC 2001"))}`,
    ],
  ],
  "Ambiguous diffs": [
    [
      "names that differ",
      "malformed",
      () =>
        mail({
          diff: DIFF.replaceAll(" a/song.txt\n+++ b/song.txt", " a/keys.txt\n+++ b/keys.txt"),
        }),
    ],
    ["the prefix replaced", "bad", () => mail({ diff: DIFF.replace(/[ab]\/song/g, "x/song") })],
    [
      "a name without a/ and b/",
      "malformed",
      () => mail({ diff: DIFF.replace(/^(---|\+\+\+) [ab]\//gm, "$1 docs/") }),
    ],
    [
      "a traditional diff in place of git's",
      "bad",
      () => mail({ diff: DIFF.replace(/^diff.*\n/, "").replace(/[ab]\/song/g, "docs/song") }),
    ],
    [
      "line numbers",
      "bad",
      () => mail({ diff: DIFF.replace("@@ -1,3 +1,3 @@", "@@ -2,3 +2,3 @@") }),
    ],
    [
      "hunk counts shortened",
      "bad",
      () => mail({ diff: DIFF.replace("@@ -1,3 +1,3 @@", "@@ -1,2 +1,2 @@") }),
    ],
    ["white space in a + line", "bad", () => mail({ diff: DIFF.replace("+LI", "+ LI") })],
    [
      "\\ No newline added",
      "bad",
      () => mail({ diff: DIFF.replace("+LI\n", "+LI\n\\ No newline at end of file\n") }),
    ],
    [
      "an index line added",
      "bad",
      () => mail({ diff: DIFF.replace("--- a", "index 1111111..2222222 100644\n--- a") }),
    ],
    [
      "a bare diff --git line that lends its name to a mode change",
      "malformed",
      () =>
        mail({
          diff: `${DIFF}diff --git a/keys.txt b/keys.txt\ndiff --git a/song.txt b/song.txt\nold mode 100644\nnew mode 100755\n`,
        }),
    ],
    [
      "a bare diff --git line",
      "malformed",
      () => mail({ notes: `${block}\ndiff --git a/keys.txt b/keys.txt\n${STAT}` }),
    ],
  ],
  "Small print": [
    [
      "a form feed in the title",
      "malformed",
      () => mail({ header: HEADER.replace("sing", "sing\f") }),
    ],
    ["a form feed in the message", "bad", () => mail({ message: MESSAGE.replace("it.", "it.\f") })],
    [
      "a vertical tab instead of a blank line",
      "bad",
      () => mail({ message: MESSAGE.replace("\n\n", "\n\v\n") }),
    ],
    ["one CR before a line feed", "bad", () => mail({ diff: DIFF.replace("+LI\n", "+LI\r\n") })],
    [
      "all line feeds of the diff but one with a CR",
      "bad",
      () => mail({ diff: DIFF.replaceAll("\n", "\r\n").replace("+LI\r\n", "+LI\n") }),
    ],
    [
      "a CR before each line feed of the diff",
      "good",
      () => mail({ diff: DIFF.replaceAll("\n", "\r\n") }),
    ],
    ["two CRs before a line feed", "bad", () => mail({ diff: DIFF.replace("+LI\n", "+LI\r\r\n") })],
    [
      "white space at line ends of the message",
      "good",
      () => mail({ message: MESSAGE.replaceAll("\n", " \t\r\r\n") }),
    ],
  ],
  "Base information": [
    [
      "a base where none was signed",
      "bad",
      () => mail({ tail: `\nbase-commit: ${"1".repeat(40)}\n${TAIL}` }),
    ],
    [
      "a base in the notes",
      "bad",
      () => mail({ notes: `${block}\nbase-commit: ${"1".repeat(40)}\n${STAT}` }),
    ],
    [
      "a base in a part of its own",
      "bad",
      () => multipart([`${PART}${body()}`, `${PART}base-commit: ${"1".repeat(40)}\n`]),
    ],
    [
      "a quoted base says nothing",
      "good",
      () => mail({ notes: `${block}\n> base-commit: ${"1".repeat(40)}\n${STAT}` }),
    ],
    [
      "prerequisites are not covered",
      "good",
      () => mail({ tail: `\nprerequisite-patch-id: ${"1".repeat(40)}\n${TAIL}` }),
    ],
  ],
  "send-email": [
    [
      "Date replaced",
      "good",
      () => mail({ header: HEADER.replace(/^Date: .*/m, "Date: Wed, 25 Nov 2026 09:00:00 +0100") }),
    ],
    [
      "body encoded anew",
      "good",
      () => encoded("quoted-printable", body().replaceAll("=", "=3D").replace("heard", "hea=\nrd")),
    ],
    [
      "sent by somebody else, the author in the body",
      "good",
      () =>
        mail({
          header: HEADER.replace("Alice <alice@example.org>", "Maint <maint@example.org>"),
          message: `From: Alice <alice@example.org>\n\n${MESSAGE}`,
        }),
    ],
    [
      "sent by somebody else, who forgot the author",
      "bad",
      () =>
        mail({ header: HEADER.replace("Alice <alice@example.org>", "Maint <maint@example.org>") }),
    ],
    [
      "edited after signing",
      "bad",
      () => mail({ message: MESSAGE.replace("Nobody", "Nearly nobody") }),
    ],
  ],
  "The block": [
    ["no block", "none", () => mail({ notes: STAT })],
    ["the block twice", "malformed", () => mail({ notes: `${block}\n${block}\n${STAT}` })],
    [
      "the block in the message",
      "malformed",
      () => mail({ message: `${block}\n${MESSAGE}`, notes: STAT }),
    ],
    ["the block below the diff", "malformed", () => mail({ notes: STAT, tail: `${TAIL}${block}` })],
    [
      "the block cut short",
      "malformed",
      () => mail({ notes: `${block.slice(0, 300)}\n\n${STAT}` }),
    ],
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
  ],
};
