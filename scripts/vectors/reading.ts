/** Unsigned mails with headers, parts, encodings and charsets to read or to refuse. */

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
  OTHER,
  PART,
  quotedPrintable,
  refusedFor,
  type RefusedVector,
  STAT,
  TAIL,
  TYPE,
  vector,
} from "./mail.ts";

const withType = (type: string, text: string = body()): string =>
  `${HEADER}MIME-Version: 1.0\nContent-Type: ${type}\n\n${text}`;

/** As a sender of format=flowed writes it: a blank before each blank, and before From. */
const stuffed = (text: string): string => text.replace(/^(?= |From )/gm, " ");

const FROM = "From bob@example.org Tue Nov 24 10:00:00 2026";

const SIGNED_PART = `Content-Type: multipart/signed; boundary=inner; protocol="application/pgp-signature"

--inner
${PART}${body()}
--inner
Content-Type: application/pgp-signature; name=signature.asc

-----BEGIN PGP SIGNATURE-----
-----END PGP SIGNATURE-----

--inner--
`;

const FOOTER_PART = `${PART}_______\ndevel mailing list\n`;

const attachment = (text: string): string =>
  multipart([
    `${PART}${body()}`,
    `Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n${base64(text)}`,
  ]);

export const READ: readonly MailVector[] = [
  // headers
  vector(
    "white-space-on-top",
    "as plain: white space above a file belongs to no mail",
    `\n \n${mail()}`,
  ),
  vector("cr-cr-lf", "as plain: CR CR LF at every line end", mail().replaceAll("\n", "\r\r\n")),
  vector(
    "content-type-twice",
    "as plain: the same Content-Type twice",
    mail({ type: `${TYPE}Content-Type: text/plain;\n charset=UTF-8\n` }),
  ),
  vector("encoding-case", "as plain: an encoding in capitals", encoded("8BIT", body())),

  vector(
    "folded-blanks",
    "as plain: a folded line of blanks in a header that nobody reads",
    mail({ header: `${HEADER}X-Spam-Report: *\n \t\n  end\n` }),
  ),
  vector(
    "from-line-bare",
    "a file that does not begin with a From line is one mail, whatever stands in it",
    mail({ message: `${MESSAGE}\n${FROM}\nsaid so.\n` }),
  ),
  vector(
    "from-line-in-mbox",
    "as from-line-bare: in an mbox, with the From line escaped",
    `${FROM}\n${mail({ message: `${MESSAGE}\n>${FROM}\nsaid so.\n` })}`,
  ),
  vector(
    "from-line-at-end",
    "as plain: in an mbox, a From line as last line without a line feed is too short for git to cut",
    `${FROM}\n${mail()}From a 10:00:00 99`,
  ),

  // the top of the body
  vector(
    "in-body-subject",
    "the subject is the in-body one",
    mail({ message: `subject: [PATCH] song: in the body\n\n${MESSAGE}` }),
  ),
  vector(
    "in-body-title",
    "a line [PATCH] is an in-body subject",
    mail({ message: `[PATCH] song: in the body\n${MESSAGE}` }),
  ),
  vector(
    "in-body-separator",
    "format-patch's own From line, escaped, above an in-body From",
    mail({
      message: `>From ${"1".repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: Bob <bob@example.org>\n\n${MESSAGE}`,
    }),
  ),
  vector(
    "in-body-folded",
    "an in-body From in two lines, with an RFC 2047 word",
    mail({ message: `From: =?UTF-8?q?J=C3=B6rg?=\n <joerg@example.org>\n\n${MESSAGE}` }),
  ),
  vector(
    "in-body-ended",
    "an empty line ends the in-body headers: the second From is text",
    mail({ message: `From: Bob <bob@example.org>\n\nFrom: Eve <eve@example.org>\n\n${MESSAGE}` }),
  ),

  // parts
  vector(
    "nested-multipart",
    "git takes the first boundary of a multipart within another, and the headers below it, for text",
    multipart([SIGNED_PART, FOOTER_PART]),
  ),
  vector(
    "attachment-with-nul",
    "as plain: NUL in an attachment in base64 that is no text",
    attachment("\x7fELF\0\0\n"),
  ),
  vector(
    "preamble-and-epilogue",
    "as plain: a diff above the first boundary and below the last, where git reads nothing",
    `${multipart([`${PART}${body()}`]).replace("--xx\n", `${OTHER}--xx\n`)}${OTHER}`,
  ),
  vector(
    "parts-in-encodings",
    "as plain: message and diff in two parts, one in base64, one in quoted-printable",
    multipart([
      `Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: base64\n\n${base64(`${MESSAGE}---\n`)}`,
      `Content-Type: text/x-patch\nContent-Transfer-Encoding: quoted-printable\n\n${quotedPrintable(`${STAT}${DIFF}${TAIL}`)}`,
    ]),
  ),

  // format=flowed
  vector(
    "flowed",
    "as plain: stuffed lines",
    withType("text/plain; format=flowed", stuffed(body())),
  ),
  vector(
    "flowed-soft",
    "as plain: a soft line break in the notes",
    withType(
      "text/plain; charset=UTF-8; format=flowed",
      stuffed(body({ notes: `What changed \nsince v1\n\n${STAT}` })),
    ),
  ),
  vector(
    "flowed-delsp",
    "as plain: delsp=yes in quoted-printable",
    `${HEADER}Content-Type: text/plain; format=flowed; delsp=yes\nContent-Transfer-Encoding: quoted-printable\n\n` +
      quotedPrintable(stuffed(body())),
  ),

  // charsets
  vector(
    "charset-alias",
    "as latin-1: another name for it",
    withType(
      "text/plain; charset=latin1",
      body({ message: "Caf\xe9.\n", diff: DIFF.replace("LI", "L\xcd") }),
    ),
  ),
  vector(
    "charset-gbk",
    "a message in GBK",
    withType("text/plain; charset=gbk", body({ message: "\xb8\xe8.\n" })),
  ),
  vector(
    "charset-ascii-only",
    "as plain: ISO-8859-9, which is read where nothing but ASCII stands in it",
    withType("text/plain; charset=iso-8859-9"),
  ),
  vector(
    "diff-not-utf-8",
    "the diff may hold any bytes",
    mail({ diff: DIFF.replace("LI", "L\xcd") }),
  ),
  vector(
    "no-charset",
    "where no charset is declared, the message may hold any bytes",
    withType("text/plain", body({ message: "Caf\xe9.\n" })),
  ),
];

const type = (name: string, shows: string, value: string): RefusedVector =>
  refusedFor("content-type-ambiguous", `type-${name}`, shows, withType(value));

export const UNREAD: readonly RefusedVector[] = [
  refusedFor(
    "base64-ambiguous",
    "base64-footer-hunk",
    "a footer below base64 that git decodes to a line of a hunk",
    encoded("base64", `${base64(body({ tail: "" }))}= Kw o r =\n`),
  ),
  refusedFor(
    "malformed-header",
    "cr-in-header",
    "a CR within a header line",
    mail({ header: HEADER.replace("song: ", "song:\r ") }),
  ),
  refusedFor(
    "malformed-header",
    "no-empty-line",
    "a line that is no header, and no empty line before it",
    mail().replace("8bit\n\n", "8bit\n"),
  ),
  refusedFor(
    "malformed-header",
    "folded-blanks-in-subject",
    "a folded line of blanks in a header that git reads",
    mail({ header: HEADER.replace("song: ", "song:\n \n ") }),
  ),
  refusedFor(
    "conflicting-header",
    "multipart-twice",
    "a multipart's Content-Type twice: git opens it twice",
    multipart([`${PART}${body()}`], `${HEADER}Content-Type: multipart/mixed; boundary="xx"\n`),
  ),
  type("comment", "a comment", "text/plain (plain) ; charset=UTF-8"),
  type("text-after", "text after a value", 'text/plain; charset="UTF-8" x'),
  type("word", "an RFC 2047 word that says charset=", "text/plain; =?utf-8?q?charset=3DUTF-8?="),
  type("rfc-2231", "RFC 2231", "text/plain; charset*=utf-8''UTF-8"),
  type("charset-twice", "a parameter twice", "text/plain; charset=UTF-8; charset=UTF-8"),
  type("no-boundary", "a multipart without a boundary", "multipart/mixed"),
  type("boundary-for-text", "a boundary for what is no multipart", "text/plain; boundary=xx"),
  type("quoted-boundary", "boundary= in another value", 'text/plain; name="boundary=xx"'),
  refusedFor(
    "transfer-encoding-unknown",
    "encoding-unknown",
    "an encoding that git does not know",
    encoded("x-uuencode", body()),
  ),
  refusedFor(
    "boundary-ambiguous",
    "part-without-body",
    "a boundary as the first line of a body is text to git",
    multipart([`${PART}${body()}`, PART]),
  ),
  refusedFor(
    "nul-byte",
    "nul-in-notes",
    "NUL below the --- line",
    mail({ notes: `a\0b\n${STAT}` }),
  ),
  refusedFor(
    "nul-byte",
    "nul-in-header",
    "NUL in a header",
    mail({ header: `${HEADER}X: a\0b\n` }),
  ),
  refusedFor(
    "charset-invalid",
    "utf-8-invalid",
    "a message that is not the UTF-8 that it declares: git passes it on",
    mail({ message: "Caf\xe9.\n" }),
  ),
  refusedFor(
    "charset-unsupported",
    "charset-beyond-ascii",
    "ISO-8859-9 beyond ASCII",
    withType("text/plain; charset=iso-8859-9", body({ message: "\xdeark\xfd.\n" })),
  ),
  refusedFor(
    "charset-unsupported",
    "charset-utf-16",
    "a charset that does not hold ASCII as it is",
    withType("text/plain; charset=utf-16"),
  ),
  refusedFor(
    "conflicting-inbody-header",
    "in-body-title-twice",
    "[PATCH] counts as a Subject",
    mail({ message: `Subject: one\n[PATCH] two\n${MESSAGE}` }),
  ),
  refusedFor(
    "base64-ambiguous",
    "base64-padding",
    "padding before the end",
    encoded("base64", `${base64("Nobody heard it.\n")}${base64(body())}`),
  ),
];
