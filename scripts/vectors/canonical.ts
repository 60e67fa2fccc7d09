/** Unsigned mails, with their attestation or the reason why they have none. */

import * as diffs from "./diffs.ts";
import {
  base64,
  body,
  DIFF,
  encoded,
  HEADER,
  mail,
  type MailVector,
  MESSAGE,
  multipart,
  ofCrlfFile,
  OTHER,
  PART,
  quotedPrintable,
  STAT,
  TAIL,
  TYPE,
  type RefusedVector,
  vector,
} from "./mail.ts";
import * as reading from "./reading.ts";

const COVER_HEADER = HEADER.replace("[PATCH v2]", "[PATCH v2 0/1]");
const COVER = `One song, louder.

Alice (1):
  song: sing louder

 song.txt | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

`;

const RENAME = `diff --git a/song.txt b/songs/first.txt
similarity index 100%
rename from song.txt
rename to songs/first.txt
`;
const MODE = `diff --git a/sing.sh b/sing.sh
old mode 100644
new mode 100755
`;
const CREATE = `diff --git a/new.txt b/new.txt
new file mode 100644
index 0000000..4a58007
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+alpha
`;
const DELETE = `diff --git a/old.txt b/old.txt
deleted file mode 100644
index 4a58007..0000000
--- a/old.txt
+++ /dev/null
@@ -1 +0,0 @@
-alpha
`;
const BINARY = `diff --git a/b.bin b/b.bin
new file mode 100644
index 0000000000000000000000000000000000000000..eaf36c1daccfdf325514461cd1a2ffbc139b5464
GIT binary patch
literal 4
LcmZQzWMT#Y01f~L

literal 0
HcmV?d00001

`;
const TRADITIONAL = `--- a/song.txt\t2026-11-23 10:00:00.000000000 +0000
+++ b/song.txt\t2026-11-24 10:00:00.000000000 +0000
@@ -1,3 +1,3 @@
 la
-li
+LI
 lu
`;
const NO_NEWLINE = DIFF.replace(
  " lu\n",
  "-lu\n\\ No newline at end of file\n+lu\n\\ No newline at end of file\n",
);
const DASHES = DIFF.replace("@@ -1,3 +1,3 @@", "@@ -1,4 +1,3 @@").replace(" lu\n", "-- \n lu\n");
const EMPTY_LINE = DIFF.replace("-1,3 +1,3", "-1,4 +1,4").replace(" lu\n", "\n lu\n");

const CRLF_FILE = ofCrlfFile(DIFF);
const crlf = (text: string): string => text.replaceAll("\n", "\r\n");
const withoutSubject = HEADER.replace(/^Subject: .*\n/m, "");

/** Mails with an attestation. "as plain" are those whose attestation is that of `plain`. */
const ATTESTED: readonly MailVector[] = [
  vector("plain", "a mail as git format-patch and git send-email write it", mail()),

  // transports: the attestation is that of plain
  vector("quoted-printable", "as plain", encoded("quoted-printable", quotedPrintable(body()))),
  vector("base64", "as plain", encoded("base64", base64(body()))),
  vector("crlf", "as plain: CRLF line ends", crlf(mail())),
  vector(
    "list-prefix",
    "as plain: brackets and Re: before the title",
    mail({ header: HEADER.replace("[PATCH", "Re: [devel] [PATCH") }),
  ),
  vector(
    "folded-subject",
    "as plain: white space in the subject",
    mail({ header: HEADER.replace("sing louder", "sing\n\tlouder") }),
  ),
  vector(
    "header-twice",
    "as plain: the same From header twice",
    mail({ header: `${HEADER}From: Alice <alice@example.org>\n` }),
  ),
  vector(
    "notes",
    "as plain: notes below the --- line",
    mail({ notes: `Changes in v2:\n- louder\n\n${STAT}` }),
  ),
  vector(
    "footer",
    "as plain: a list footer",
    mail({ tail: `${TAIL}_______\ndevel mailing list\n` }),
  ),
  vector(
    "footer-part",
    "as plain: a list footer in a part of its own",
    multipart([`${PART}${body()}`, `${PART}_______\ndevel mailing list\n`]),
  ),
  vector(
    "message-space",
    "as plain: white space at line ends, several empty lines",
    mail({ message: MESSAGE.replace("heard it.\n", "heard it. \t\n\n\n") }),
  ),
  vector(
    "quoted-last-line",
    "the message ends in a quotation that is shorter than >From",
    mail({ message: `${MESSAGE}\n> ok\n` }),
  ),
  vector(
    "line-past-hunk",
    "as plain: a + line past the count of its hunk, which git does not apply",
    mail({ diff: `${DIFF}+and more\n` }),
  ),
  vector(
    "all-cr",
    "as plain: every line of the diff ends in CR, in quoted-printable",
    encoded(
      "quoted-printable",
      quotedPrintable(mail({ header: "", type: "", diff: crlf(DIFF) }).slice(1)),
    ),
  ),
  vector(
    "bare-diff-in-notes",
    "as plain: a line that only looks like a diff, in the notes",
    mail({ notes: `+++ b/keys.txt\n${STAT}` }),
  ),

  // author and subject
  vector(
    "in-body-from",
    "the author is the in-body From",
    mail({ message: `From: Bob <bob@example.org>\n\n${MESSAGE}` }),
  ),
  vector(
    "encoded-words",
    "RFC 2047 words in From and Subject",
    mail({
      header: HEADER.replace("Alice <", "=?UTF-8?q?J=C3=B6rg?= <").replace(
        "song: sing louder",
        "=?UTF-8?b?c29uZzogc2luZyBsYXV0ZXIsIGLDtnNl?=",
      ),
    }),
  ),
  vector(
    "quoted-author",
    "the author is the first address, even within quotes",
    mail({
      header: HEADER.replace(/^From: .*/m, 'From: "Alice <alice@example.org>" <m@evil.example>'),
    }),
  ),
  vector("no-subject", "no Subject header: the subject is empty", mail({ header: withoutSubject })),

  // message
  vector("no-message", "an empty message", mail({ message: "" })),
  vector(
    "escaped-from",
    "a >From line of the message loses its >",
    mail({ message: `${MESSAGE}\n>From now on.\n>Front row.\n` }),
  ),
  vector(
    "escaped-from-twice",
    "a >>From line of the message loses every >, as where programs add one each time",
    mail({ message: `${MESSAGE}\n>>From now on.\n>From here.\n>> From there.\n` }),
  ),
  vector(
    "base64-footer",
    "as plain: a footer below base64, which git decodes to nothing that matters",
    encoded("base64", `${base64(body())}\n_____\nlist mailing list\nlist@example.org\n`),
  ),
  vector(
    "form-feed",
    "form feed and vertical tab are text",
    mail({ message: `One.\f\n\f\n\v\nTwo.\n` }),
  ),
  vector(
    "four-dashes",
    "---- is no patch break",
    mail({ message: MESSAGE.replace("\n\n", "\n----\n") }),
  ),
  vector(
    "two-breaks",
    "the first --- line is the patch break",
    mail({ message: MESSAGE.replace("\n\n", "\n---\n") }),
  ),
  vector(
    "no-break",
    "as plain: no --- line, the diff ends the message",
    mail({ separator: "", notes: "" }),
  ),
  vector(
    "latin-1",
    "a message in ISO-8859-1: message as UTF-8, diff bytes as they are",
    mail({
      type: TYPE.replace("UTF-8", "ISO-8859-1"),
      message: `Caf\xe9.\n`,
      diff: DIFF.replace("LI", "L\xcd"),
    }),
  ),
  vector("scissors", "a scissors line is text", mail({ message: `Chat.\n\n-- >8 --\n${MESSAGE}` })),

  // diff
  vector(
    "diff-in-footer",
    "a diff below the -- line is part of the diff",
    mail({ tail: `${TAIL}\n${OTHER}` }),
  ),
  vector(
    "diff-in-html-part",
    "a diff in a part of another type is part of the diff",
    multipart([`${PART}${body()}`, `Content-Type: text/html\n\n<pre>\n${OTHER}</pre>\n`]),
  ),
  vector(
    "text-between",
    "text between two file patches is not part of the diff",
    mail({ diff: `${DIFF}\nAnd the keys.\n\n${OTHER}` }),
  ),
  vector(
    "dashes-in-hunk",
    'a line "-- " within the counts of a hunk is part of it',
    mail({ diff: DASHES }),
  ),
  vector(
    "empty-context",
    "an empty line in a hunk is one blank (compare blank-context)",
    mail({ diff: EMPTY_LINE }),
  ),
  vector(
    "blank-context",
    "the same with the blank in its place",
    mail({ diff: EMPTY_LINE.replace("\n\n", "\n \n") }),
  ),
  vector(
    "some-cr",
    "CR at the end of some lines of the diff belongs to them",
    mail({ diff: DIFF.replace("+LI\n", "+LI\r\n") }),
  ),
  vector("two-crs", "every one of them", mail({ diff: DIFF.replace("+LI\n", "+LI\r\r\n") })),
  vector("crlf-file", "the patch of a CRLF file as git writes it", mail({ diff: CRLF_FILE })),
  vector(
    "crlf-file-encoded",
    "as crlf-file: in quoted-printable, as git send-email sends it",
    encoded("quoted-printable", quotedPrintable(body({ diff: CRLF_FILE }))),
  ),
  vector(
    "crlf-file-crlf",
    "as crlf-file: all line ends made CRLF on the way, those in CR too",
    crlf(mail({ diff: CRLF_FILE })),
  ),
  vector(
    "crlf-file-base64",
    "as crlf-file: in base64 whose own lines end in CRLF",
    encoded("base64", crlf(base64(body({ diff: CRLF_FILE })))),
  ),
  vector(
    "crlf-diff-only",
    "as plain: the lines of the diff end in CRLF, the others in LF",
    mail({ diff: crlf(DIFF) }),
  ),
  vector(
    "crlf-all-but-diff",
    "as plain: the lines of the diff end in LF, the others in CRLF",
    crlf(mail({ diff: "%%" })).replace("%%", () => DIFF),
  ),
  vector(
    "crlf-in-two-encodings",
    "not as plain: every line of the diff ends in CR, but git drops only those of the first part",
    multipart([
      `${PART}${crlf(body({ diff: DIFF, tail: "" }))}`,
      `Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n${quotedPrintable(crlf(OTHER))}`,
    ]),
  ),
  vector("no-newline", "\\ No newline at end of file", mail({ diff: NO_NEWLINE })),
  vector("rename", "a rename without hunks", mail({ diff: RENAME })),
  vector("mode", "a change of mode", mail({ diff: MODE })),
  vector("create-and-delete", "a new file and a deleted one", mail({ diff: CREATE + DELETE })),
  vector("binary", "a binary patch, with the empty line that ends it", mail({ diff: BINARY })),
  vector(
    "traditional",
    "a diff without a diff --git line",
    mail({ diff: `Index: song.txt\n==========\n${TRADITIONAL}` }),
  ),

  // cover letters
  vector(
    "cover",
    "a cover letter: no diff",
    mail({ header: COVER_HEADER, message: COVER, separator: "", notes: "", diff: "" }),
  ),
  vector(
    "cover-with-break",
    "the same with a --- line: git's base line and the footer are outside",
    mail({
      header: COVER_HEADER,
      message: COVER,
      notes: "",
      diff: "",
      tail: `\nbase-commit: ${"1".repeat(40)}\n${TAIL}`,
    }),
  ),
  vector(
    "cover-with-diff",
    "a cover letter with an interdiff, which git would apply",
    mail({ header: COVER_HEADER, message: COVER }),
  ),
];

const nested = Array.from(
  { length: 5 },
  (_, i) => `Content-Type: multipart/mixed; boundary=b${i}x\n\nx\n--b${i}x\n`,
).join("");

/** Mails without one, each named after the reason. */
const REFUSED: readonly MailVector[] = [
  vector(
    "leading-blank",
    "an empty line below the From line of an mbox",
    `From alice@example.org Tue Nov 24 10:00:00 2026\n\n${mail()}`,
  ),
  vector(
    "foreign-format",
    "git am takes this for a patch that StGit exported",
    `song: sing louder\n\nFrom: Alice <alice@example.org>\n\n${body()}`,
  ),
  vector(
    "folder-data",
    "git am skips this mail in silence",
    mail({ header: HEADER.replace("Alice", "Mail System Internal Data") }),
  ),
  vector("nul-byte", "NUL in the message", mail({ message: `a\0b\n${MESSAGE}` })),
  vector(
    "malformed-header",
    "a blank before the colon: a header to git",
    mail({ header: `${HEADER}Subject : other\n` }),
  ),
  vector(
    "conflicting-header",
    "two From headers: git takes the last",
    mail({ header: `${HEADER}From: Mallory <m@evil.example>\n` }),
  ),
  vector(
    "broken-word",
    "half an RFC 2047 word",
    mail({ header: HEADER.replace("song:", "=?utf-8?q?song:") }),
  ),
  vector(
    "malformed-author",
    "a quote without end in From",
    mail({ header: HEADER.replace("Alice", '"Alice') }),
  ),
  vector(
    "header-in-part",
    "a Subject in a part only",
    multipart([`Subject: other\n${PART}${body()}`], withoutSubject),
  ),
  vector(
    "content-type-ambiguous",
    "git finds boundary= within xboundary=",
    mail({ type: "Content-Type: text/plain; xboundary=b\n" }),
  ),
  vector(
    "transfer-encoding-unknown",
    "git finds quoted-printable here",
    encoded("8bit; x=quoted-printable", body()),
  ),
  vector(
    "boundary-ambiguous",
    "a line that begins with the boundary",
    multipart([`${PART}${body()}`, `${PART}text\n--xxx\n`]),
  ),
  vector("nesting-too-deep", "five multiparts", `${HEADER}${nested}\nm\n`),
  vector(
    "quoted-printable-ambiguous",
    "a blank after = at a line end",
    encoded("quoted-printable", quotedPrintable(body()).replace("heard it.\n", "heard it.= \n")),
  ),
  vector(
    "flowed-ambiguous",
    "a soft line break before the -- line",
    mail({ type: "Content-Type: text/plain; format=flowed\n", tail: `end \n${TAIL}` }),
  ),
  vector(
    "base64-ambiguous",
    "a line of base64 that lacks a character",
    encoded("base64", base64(body()).replace(/.\n/, "\n")),
  ),
  vector(
    "charset-unsupported",
    "a charset that git does not know",
    mail({ type: TYPE.replace("UTF-8", "y") }),
  ),
  vector(
    "charset-invalid",
    "a byte that the charset does not have",
    mail({ type: TYPE.replace("UTF-8", "us-ascii"), message: "Caf\xe9.\n" }),
  ),
  vector(
    "conflicting-inbody-header",
    "two From lines at the top of the body",
    mail({ message: `From: Bob <bob@example.org>\nFrom: Eve <eve@example.org>\n\n${MESSAGE}` }),
  ),
  vector("too-big", "4001 header lines", mail({ header: HEADER + "X: y\n".repeat(3997) })),

  vector(
    "author-text",
    "a name that is not UTF-8",
    mail({ header: HEADER.replace("Alice <", "Al\xefce <") }),
  ),
  vector("author-address", "no address", mail({ header: HEADER.replace(/ <.*>/, "") })),
  vector(
    "subject-text",
    "a control character in the subject",
    mail({ header: HEADER.replace("louder", "lou\x1bder") }),
  ),

  vector(
    "bare-diff-git",
    "diff --git without header lines lends its name to what follows",
    mail({ diff: `diff --git a/keys.txt b/keys.txt\n${DIFF}` }),
  ),
  vector(
    "bad-header",
    "the same header line twice",
    mail({ diff: MODE.replace("new mode", "new mode 100755\nnew mode") }),
  ),
  vector("bad-mode", "a mode that git never writes", mail({ diff: MODE.replace("755", "777") })),
  vector(
    "bad-name",
    "no directory to take from the name",
    mail({ diff: DIFF.replace(/ [ab]\/song/g, " song") }),
  ),
  vector(
    "name-mismatch",
    "+++ names another file than diff --git",
    mail({ diff: DIFF.replace("+++ b/song", "+++ b/keys") }),
  ),
  vector("bad-path", ".git in a path", mail({ diff: DIFF.replaceAll("song.txt", ".git/config") })),
  vector(
    "corrupt-hunk",
    "a hunk shorter than its counts",
    mail({ diff: DIFF.replace("-1,3 +1,3", "-1,9 +1,9") }),
  ),
  vector("orphan-hunk", "a hunk without a header", mail({ tail: "\n@@ -1 +1 @@\n-a\n+b\n" })),
  vector(
    "no-change",
    "a header that changes nothing",
    mail({ diff: `diff --git a/song.txt b/song.txt\nindex 1c0a1f2..7d3e5b9 100644\n${OTHER}` }),
  ),
  vector(
    "corrupt-binary",
    "binary data of another size",
    mail({ diff: BINARY.replace("literal 4", "literal 5") }),
  ),
  vector(
    "binary-too-large",
    "a binary patch of 999 MB",
    mail({ diff: BINARY.replace("literal 4", "literal 999999999") }),
  ),
  vector(
    "ambiguous-order",
    "a traditional diff after a header alone",
    mail({ diff: `${MODE}\n${TRADITIONAL}` }),
  ),
];

/** All of them; the ending of the second file says which kind it is. */
export const CANONICAL: {
  readonly attested: readonly MailVector[];
  readonly refused: readonly RefusedVector[];
} = {
  attested: [...ATTESTED, ...reading.READ, ...diffs.READ],
  refused: [
    ...REFUSED.map((refused) => ({ ...refused, reason: refused.name })),
    ...reading.UNREAD,
    ...diffs.UNREAD,
  ],
};
