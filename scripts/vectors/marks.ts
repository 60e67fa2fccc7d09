/** More vectors of the signed patch: limits of the block, labels, base lines, addresses, lists. */

import { base64, multipart, PART, quotedPrintable } from "./mail.ts";
import { SIGNED, UNSIGNED } from "./series.ts";
import {
  bad,
  BLOCK,
  edit,
  good,
  LIST_FROM,
  made,
  MAIL,
  malformed,
  FROM,
  signedAs,
  type SignedVector,
} from "./signed.ts";

const HEAD_END = MAIL.indexOf("\n\n") + 1;
const HEAD = MAIL.slice(0, HEAD_END);
const BODY = MAIL.slice(HEAD_END + 1);
const OTHER_BASE = "1".repeat(40);
const BASE = /base=(\S+)/.exec(MAIL)![1]!;
const COVER_BLOCK = /untrusted comment: patchsig(?:.*\n){4}\n?/;
const COVER = SIGNED[0]!.toString("latin1");

/** The block with this length, from its first to its last byte that is not white space. */
const blockOf = (bytes: number): string =>
  BLOCK.replace(
    /^trusted comment: /m,
    (start) => start + " ".repeat(bytes - BLOCK.trimEnd().length),
  );

/** With another last base64 digit, some of whose bits are unused. */
const withStrayBits = (line: number): string => {
  const lines = BLOCK.split("\n");
  lines[line] = lines[line]!.replace(/.(?==+$)/, (digit) =>
    String.fromCharCode(digit.charCodeAt(0) + 1),
  );
  return lines.join("\n");
};

/** A multipart mail of two parts, split before this text. */
const inTwoParts = (cut: RegExp | string): string => {
  const at = BODY.search(cut);
  return multipart(
    [`${PART}${BODY.slice(0, at)}`, `Content-Type: text/x-patch\n\n${BODY.slice(at)}`],
    HEAD,
  );
};

const from = (author: string): string => UNSIGNED.replace(FROM, () => `From: ${author}\n`);
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

export const MARKS: readonly SignedVector[] = [
  // the block
  made("block-2000", good(), "a block of 2000 bytes", edit(BLOCK, blockOf(2000))),
  made(
    "block-2001",
    malformed("block-malformed"),
    "a block of 2001 bytes",
    edit(BLOCK, blockOf(2001)),
  ),
  made(
    "stray-bits-signature",
    malformed("block-malformed"),
    "base64 of the signature with stray bits",
    edit(BLOCK, withStrayBits(1)),
  ),
  made(
    "stray-bits-global",
    malformed("block-malformed"),
    "base64 of the global signature with stray bits",
    edit(BLOCK, withStrayBits(3)),
  ),
  made("mark-tab", good(), "a tab behind patchsig", edit("patchsig RW", "patchsig\tRW")),
  made("mark-line-end", good(), "a line end behind patchsig", edit("patchsig RW", "patchsig\nRW")),
  made(
    "mark-glued",
    { signature: "none", changed: [], findings: [] },
    "nothing behind patchsig: no block",
    edit("patchsig RW", "patchsigRW"),
  ),
  made(
    "mark-indented",
    { signature: "none", changed: [], findings: [] },
    "a blank before it: no block",
    edit(BLOCK, ` ${BLOCK}`),
  ),
  made("in-attachment", good(), "block and diff in a second part", inTwoParts(/^untrusted/m)),
  made(
    "block-in-attachment",
    malformed("block-misplaced"),
    "the block alone in an attachment",
    multipart([`${PART}${BODY.replace(BLOCK, "")}`, `Content-Type: text/plain\n\n${BLOCK}`], HEAD),
  ),
  made(
    "block-encoded",
    good(),
    "block and diff in a part in base64, the message in quoted-printable",
    multipart(
      [
        `Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n${quotedPrintable(BODY.slice(0, BODY.indexOf("untrusted")))}`,
        `Content-Type: text/x-patch\nContent-Transfer-Encoding: base64\n\n${base64(BODY.slice(BODY.indexOf("untrusted")))}`,
      ],
      HEAD,
    ),
  ),

  // labels
  made("label-rfc", good(), "RFC", edit("[PATCH v2 1/3]", "[RFC PATCH v2 01/03]")),
  made(
    "label-letter",
    bad("series", "series-relabelled"),
    "v2a is no version",
    edit("[PATCH v2", "[PATCH v2a"),
  ),
  made(
    "label-list",
    good(),
    "a list's bracket with a number that is none of a patch",
    edit("[PATCH", "[bug#1234] [PATCH"),
  ),
  made(
    "label-list-number",
    bad("series", "series-relabelled"),
    "a list's bracket with i/N",
    edit("[PATCH", "[devel 4/9] [PATCH"),
  ),

  // base lines
  made(
    "base-short",
    bad("base", "base-malformed", "base-contradicts"),
    "a base line with the first digits of the signed base alone",
    `${MAIL}base-commit: ${BASE.slice(0, 12)}\n`,
  ),
  made(
    "base-tag",
    good("base-malformed"),
    "a base line with the name of a tag, which names no commit",
    `${MAIL}base-commit: next-20261124\n`,
  ),
  made(
    "base-described",
    bad("base", "base-malformed", "base-contradicts"),
    "a base line as git describe writes it, of another commit",
    `${MAIL}base-commit: v6.1-3-g${OTHER_BASE.slice(0, 12)}\n`,
  ),
  made(
    "base-in-cover-message",
    bad("base", "base-malformed", "base-contradicts"),
    "a cover letter in whose message another base stands, signed",
    signedAs(
      { index: 0, total: 3, base: BASE },
      COVER.replace(COVER_BLOCK, "").replace(
        "This shouts",
        `base-commit: ${OTHER_BASE}\n\nThis shouts`,
      ),
    ),
  ),
  made(
    "base-of-none",
    bad("base", "base-contradicts"),
    "base=-, and a base line",
    `${signedAs({})}base-commit: ${OTHER_BASE}\n`,
  ),
  made(
    "base-in-cover",
    bad("base", "base-contradicts"),
    "a cover letter below which another base stands",
    COVER.replace(`base-commit: ${BASE}`, `base-commit: ${OTHER_BASE}`),
  ),

  // addresses
  made(
    "address-idn",
    good(),
    "the domain of the author in Unicode, that of the signer in punycode",
    signedAs(
      { by: "alice@xn--bcher-kva.example" },
      from(utf8("Alice <alice@b\u00fccher.example>")),
    ),
  ),
  made(
    "address-upper-case",
    good(),
    "an author in capitals",
    signedAs({}, from("Alice <ALICE@Example.ORG>")),
  ),
  made(
    "address-plus",
    good(),
    "a plus tag",
    signedAs({ by: "alice+git@example.org" }, from("Alice <alice+git@example.org>")),
  ),
  made(
    "address-other-plus",
    good("signer-not-author"),
    "a plus tag is part of an address",
    signedAs({}, from("Alice <alice+git@example.org>")),
  ),
  made(
    "address-ipv4",
    good("signer-address"),
    "an IPv4 address is no domain",
    signedAs({ by: "alice@192.0.2.1" }, from("Alice <alice@192.0.2.1>")),
  ),

  // lists
  made(
    "list-in-body-from",
    good(),
    "a list replaced From, and the author stands in the body",
    MAIL.replace(FROM, LIST_FROM).replace("\n\n", "\n\nFrom: Alice <alice@example.org>\n\n"),
  ),
  made(
    "list-two-reply-to",
    bad("author", "content-changed"),
    "a list replaced From, and the second of two Reply-To headers has the author: the first counts",
    edit(FROM, `${LIST_FROM}Reply-To: devel@lists.example\nReply-To: Alice <alice@example.org>\n`),
  ),
  made(
    "list-sender",
    good("signer-forwards"),
    "the sender, whom a list replaced, stands in Reply-To; the author in the body",
    signedAs(
      { by: "carol@example.org" },
      UNSIGNED.replace(
        FROM,
        "From: Carol via devel <devel@lists.example>\nReply-To: Carol <carol@example.org>\n",
      ).replace("\n\n", "\n\nFrom: Bob <bob@example.org>\n\n"),
    ),
  ),
  made(
    "list-ietf",
    good("author-recovered"),
    "as lists of the IETF write it: =40 within",
    edit(FROM, "From: Alice <alice=40example.org@lists.example>\n"),
  ),
  made(
    "list-invalid",
    good("author-recovered"),
    "as lists of Apache write it: .INVALID behind the address",
    edit(FROM, "From: Alice <alice@example.org.INVALID>\n"),
  ),
  made(
    "list-listserv",
    good("author-recovered"),
    "as LISTSERV writes it: Reply-To has the author",
    edit(
      FROM,
      "From: Alice <0000012a-dmarc-request@lists.example>\nReply-To: Alice <alice@example.org>\n",
    ),
  ),
  ...["X-Original-Sender", "X-MailFrom", "Sender"].map((name) =>
    made(
      `list-${name.toLowerCase()}-only`,
      good("author-recovered"),
      `only ${name} has the author's address`,
      edit(FROM, `${LIST_FROM}${name}: alice@example.org\n`),
    ),
  ),
  made(
    "list-not-said",
    bad("author", "content-changed"),
    "another From that does not say via: Reply-To counts for nothing",
    edit(FROM, "From: Mallory <m@evil.example>\nReply-To: Alice <alice@example.org>\n"),
  ),
];
