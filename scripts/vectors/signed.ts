/** One signed patch after various transports and attacks, each with its verdict. */

import { signData } from "../../src/minisign/signature.ts";
import { formatSignature } from "../../src/minisign/signature.ts";
import { untrustedComment } from "../../src/patch/block.ts";
import { formatTrustedComment, type TrustedComment } from "../../src/patch/trusted-comment.ts";
import { base64, type MailVector, ofCrlfFile, OTHER, quotedPrintable, vector } from "./mail.ts";
import { blockOf, BY, KEY, placed, SIGNED, TIME, UNSIGNED } from "./series.ts";

/** The result before the verifier looks up whose key it is. */
interface Verdict {
  readonly signature: "good" | "bad" | "none" | "malformed";
  /** Which parts differ from what was signed. */
  readonly changed: readonly string[];
  /** Codes of docs/findings.md: why it fails, or must be looked at. */
  readonly findings: readonly string[];
}

export interface SignedVector extends MailVector {
  readonly verdict: Verdict;
}

export const MAIL = SIGNED[1]!.toString("latin1");
export const BLOCK = blockOf(SIGNED[1]!);
const HEAD_END = MAIL.indexOf("\n\n") + 2;
const ENCODING = "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ";

export function edit(from: string | RegExp, to: string): string {
  const text = MAIL.replace(from, () => to);
  if (text === MAIL) throw new Error(`nothing to change: ${String(from)}`);
  return text;
}

const encoded = (encoding: string, text: string): string =>
  `${MAIL.slice(0, HEAD_END - 1)}${ENCODING}${encoding}\n\n${text}`;

/** The first patch with a block over it as it is, some of the fields changed. */
export function signedAs(fields: Partial<TrustedComment>, text: string = UNSIGNED): string {
  const { prepared, version, index, total } = placed(text);
  const { digests } = prepared.attestation;
  const comment = { time: TIME, by: BY, series: null, version, index, total, base: null, digests };
  const made = signData(
    KEY,
    prepared.attestation.text,
    formatTrustedComment({ ...comment, ...fields }),
    untrustedComment(KEY.publicKey),
  );
  return text.replace("\n---\n", () => `\n---\n${formatSignature(made)}\n`);
}

/** The same four lines with another trusted comment, signed too. */
function withComment(change: (comment: string) => string): string {
  const { prepared } = placed(UNSIGNED);
  const comment = change(/^trusted comment: (.*)$/m.exec(BLOCK)![1]!);
  const made = signData(KEY, prepared.attestation.text, comment, untrustedComment(KEY.publicKey));
  return edit(BLOCK, formatSignature(made));
}

/** The signature line with another key ID (8 bytes), which minisign does not sign. */
function otherKeyNumber(): string {
  const line = BLOCK.split("\n")[1]!;
  const bytes = Buffer.from(line, "base64");
  bytes.write("vectors2", 2, "latin1");
  return edit(line, bytes.toString("base64"));
}

export const LIST_FROM = "From: Alice via devel <devel@lists.example>\n";
export const FROM = /^From: .*\n/;

export const good = (...findings: string[]): Verdict => ({
  signature: "good",
  changed: [],
  findings,
});
export const bad = (changed: string, ...findings: string[]): Verdict => ({
  signature: "bad",
  changed: changed === "" ? [] : changed.split(" "),
  findings,
});
export const malformed = (code: string): Verdict => ({
  signature: "malformed",
  changed: [],
  findings: [code],
});

export const made = (
  name: string,
  verdict: Verdict,
  shows: string,
  text: string,
): SignedVector => ({
  ...vector(name, shows, text),
  verdict,
});

const wrap = (text: string): string => text.replace(/.{60}/g, "$&\n ");

const CRLF_FILE = signedAs({}, ofCrlfFile(UNSIGNED));

export const VARIANTS: readonly SignedVector[] = [
  made("as-sent", good(), "patch 1 of fixtures/series", MAIL),
  made(
    "quoted-printable",
    good(),
    "re-encoded",
    encoded("quoted-printable", quotedPrintable(MAIL.slice(HEAD_END))),
  ),
  made("base64", good(), "re-encoded", encoded("base64", base64(MAIL.slice(HEAD_END)))),
  made("crlf", good(), "CRLF line ends", MAIL.replaceAll("\n", "\r\n")),
  made("crlf-file", good("raw-cr"), "the patch of a CRLF file, as git writes it", CRLF_FILE),
  made(
    "crlf-file-encoded",
    good(),
    "the same in quoted-printable, as git send-email sends it",
    encoded("quoted-printable", quotedPrintable(CRLF_FILE.slice(HEAD_END))),
  ),
  made(
    "crlf-file-crlf",
    good(),
    "the same, all line ends made CRLF",
    CRLF_FILE.replaceAll("\n", "\r\n"),
  ),
  made(
    "crlf-file-eaten",
    bad("diff", "content-changed"),
    "the same, all line ends made LF",
    CRLF_FILE.replaceAll("\r\n", "\n"),
  ),
  made(
    "cr-added",
    bad("diff", "content-changed"),
    "CR LF at the end of one line of the diff",
    edit("+TWO\n", "+TWO\r\n"),
  ),
  made("footer", good(), "a list footer", `${MAIL}_____\ndevel mailing list\n`),
  made(
    "list-prefix",
    good(),
    "Re: and a list's brackets before the title",
    edit("[PATCH", "Re: [devel] [PATCH"),
  ),
  made("no-brackets", good(), "the brackets of the subject are gone", edit("[PATCH v2 1/3] ", "")),
  made(
    "labels-apart",
    good(),
    "the version in one bracket, 01/03 in another",
    edit("[PATCH v2 1/3]", "[RFC PATCHv2] [01/03]"),
  ),
  made(
    "labels-in-words",
    good(),
    "version 2, 1 of 3, and a tree that is no version",
    edit("[PATCH v2 1/3]", "[PATCH v5.10.y version 2, 1 of 3]"),
  ),
  made(
    "notes-above",
    good(),
    "notes between the --- line and the block",
    edit(BLOCK, `Changes in v2:\n- louder\n\n${BLOCK}`),
  ),
  made(
    "wrapped",
    good(),
    "every line of the block is wrapped",
    edit(BLOCK, BLOCK.split("\n").map(wrap).join("\n")),
  ),
  made(
    "list-from",
    good("author-recovered"),
    "a list replaced From and kept it in X-Original-From",
    edit(FROM, `${LIST_FROM}X-Original-From: Alice <alice@example.org>\n`),
  ),
  made(
    "list-reply-to",
    good("author-recovered"),
    "a list replaced From and put it into Reply-To",
    edit(FROM, `${LIST_FROM}Reply-To: devel@lists.example, Alice <alice@example.org>\n`),
  ),
  made(
    "list-bare-reply-to",
    good("author-recovered"),
    "Reply-To has the address alone, the name stands before via",
    edit(FROM, `${LIST_FROM}Reply-To: alice@example.org\n`),
  ),
  made(
    "list-cc",
    good("author-recovered"),
    "only Cc has the author, under the name before via",
    edit(
      FROM,
      `${LIST_FROM}Reply-To: devel@lists.example\nCc: Bob <bob@example.org>, Alice <alice@example.org>\n`,
    ),
  ),
  made(
    "list-sympa",
    good("author-recovered"),
    "as Sympa writes it",
    edit(
      FROM,
      `From: "Alice" (via devel Mailing List) <devel@lists.example>\nX-Original-From: Alice <alice@example.org>\n`,
    ),
  ),
  made(
    "list-within",
    good("author-recovered"),
    "as groups.io writes it: the author's address within the list's",
    edit(FROM, `From: "Alice via lists.example" <alice=example.org@lists.example>\n`),
  ),
  made(
    "list-within-no-via",
    good("author-recovered"),
    "the same without via: such an address says by itself that it is the list's",
    edit(FROM, `From: "Alice" <alice=example.org@lists.example>\n`),
  ),
  made(
    "list-cc-of-another",
    bad("author", "content-changed"),
    "Cc has the author under another name than the one before via",
    edit(FROM, `From: Bob via devel <devel@lists.example>\nCc: Alice <alice@example.org>\n`),
  ),
  made(
    "same-base-remark",
    good(),
    "a remark behind the signed base, and the line in another case",
    `${MAIL}Base-Commit: adb0875634948dd966cbf51206b6dcc546e83fef (tag: v1.0)\n`,
  ),
  made(
    "other-base-remark",
    bad("base", "base-contradicts"),
    "another base with a remark behind it",
    `${MAIL}base-commit: ${"1".repeat(40)} (v6.1)\n`,
  ),
  made(
    "second-base",
    bad("base", "base-malformed", "base-contradicts"),
    "the signed base, and another one",
    `${MAIL}base-commit: adb0875634948dd966cbf51206b6dcc546e83fef\nbase-commit: ${"1".repeat(12)}\n`,
  ),
  made(
    "same-base",
    good(),
    "a base-commit line that names the signed base",
    `${MAIL}base-commit: adb0875634948dd966cbf51206b6dcc546e83fef\n`,
  ),
  made("by-itself", good(), "signed by itself: series=- and base=-", signedAs({})),
  made(
    "forwarded",
    good("signer-forwards"),
    "the sender signed, the author is another",
    signedAs({}, UNSIGNED.replace("\n\n", "\n\nFrom: Bob <bob@example.org>\n\n")),
  ),

  made("unsigned", { signature: "none", changed: [], findings: [] }, "no block", UNSIGNED),

  made(
    "trailer-added",
    bad("message", "trailers-added"),
    "somebody added a trailer",
    edit("\n---\n", "\nAcked-by: Bob <bob@example.org>\n---\n"),
  ),
  made(
    "message-changed",
    bad("message", "content-changed"),
    "another message",
    edit("loud", "quiet"),
  ),
  made("diff-changed", bad("diff", "content-changed"), "another + line", edit("+TWO", "+TOO")),
  made(
    "line-number",
    bad("diff", "content-changed"),
    "other line numbers, the same patch-id",
    edit("@@ -1,3 +1,3 @@", "@@ -2,3 +2,3 @@"),
  ),
  made(
    "diff-in-footer",
    bad("diff", "content-changed"),
    "a second diff below the -- line",
    `${MAIL}\n${OTHER}`,
  ),
  made(
    "subject-changed",
    bad("subject", "content-changed"),
    "another title",
    edit("shout two", "shout too"),
  ),
  made(
    "author-changed",
    bad("author", "content-changed"),
    "another author",
    edit(FROM, "From: Mallory <mallory@evil.example>\n"),
  ),
  made(
    "version-changed",
    bad("series", "series-relabelled"),
    "relabelled as a later version",
    edit("[PATCH v2", "[PATCH v3"),
  ),
  made(
    "version-dropped",
    bad("series", "series-relabelled"),
    "[PATCH 1/3] says version 1",
    edit("[PATCH v2", "[PATCH"),
  ),
  made(
    "version-of-two",
    bad("series", "series-relabelled"),
    "two brackets, two versions",
    edit("[PATCH v2 1/3]", "[PATCH v2 1/3] [v3]"),
  ),
  made(
    "version-with-a-point",
    bad("series", "series-relabelled"),
    "v2.1 is no version",
    edit("[PATCH v2", "[PATCH v2.1"),
  ),
  made(
    "version-glued",
    bad("series", "series-relabelled"),
    "PATCHv3, without the number",
    edit("[PATCH v2 1/3]", "[PATCHv3]"),
  ),
  made(
    "number-changed",
    bad("series", "series-relabelled"),
    "renumbered",
    edit("1/3] hello", "1/2] hello"),
  ),
  made(
    "other-base",
    bad("base", "base-contradicts"),
    "a base-commit line that names another base",
    `${MAIL}base-commit: ${"1".repeat(40)}\n`,
  ),
  made(
    "comment-changed",
    bad("", "signature-bad"),
    "the time in the trusted comment",
    edit(/ t=\d+/, " t=1000000000"),
  ),
  made(
    "other-signature",
    bad("", "signature-bad"),
    "the signature line of patch 2",
    edit(BLOCK.split("\n")[1]!, blockOf(SIGNED[2]!).split("\n")[1]!),
  ),
  made(
    "other-block",
    bad("message diff subject", "content-changed"),
    "the whole block of patch 2, the brackets gone",
    edit(BLOCK, blockOf(SIGNED[2]!)).replace("[PATCH v2 1/3] ", ""),
  ),
  made(
    "key-number",
    bad("", "signature-bad"),
    "a key number that is not the key's",
    otherKeyNumber(),
  ),
  made(
    "other-signer",
    good("signer-not-author"),
    "signed, but for somebody who is neither author nor sender",
    signedAs({ by: "mallory@evil.example" }),
  ),
  made(
    "upper-case-signer",
    good("signer-address"),
    "an address that is not normalised",
    signedAs({ by: "Alice@Example.org" }),
  ),

  made("twice", malformed("block-several"), "two blocks", edit(BLOCK, `${BLOCK}\n${BLOCK}`)),
  made(
    "below-diff",
    malformed("block-misplaced"),
    "the block below the diff",
    `${edit(BLOCK, "")}\n${BLOCK}`,
  ),
  made(
    "in-message",
    malformed("block-misplaced"),
    "the block in the message",
    edit(`---\n${BLOCK}`, `${BLOCK}---\n`),
  ),
  made(
    "without-break",
    malformed("block-misplaced"),
    "no --- line",
    edit(/\n---\n[^]*?\n(?=diff --git)/, "\n").replace("diff --git", () => `${BLOCK}diff --git`),
  ),
  made(
    "cut",
    malformed("block-malformed"),
    "half a block",
    edit(BLOCK, BLOCK.split("\n").slice(0, 2).join("\n") + "\n"),
  ),
  made(
    "text-after",
    malformed("block-malformed"),
    "text on the block's last line",
    edit(BLOCK, `${BLOCK.trimEnd()} x\n`),
  ),
  made(
    "further-field",
    malformed("block-malformed"),
    "a field that version 1 has not",
    withComment((comment) => `${comment} x=1`),
  ),
  made(
    "missing-field",
    malformed("block-malformed"),
    "no base field",
    withComment((comment) => comment.replace(/ base=\S+/, "")),
  ),
  made(
    "leading-zero",
    malformed("block-malformed"),
    "v=02",
    withComment((comment) => comment.replace("v=2", "v=02")),
  ),
  made(
    "version-2",
    malformed("block-version"),
    "patchsig-v2 in the comment",
    withComment((comment) => comment.replace("patchsig-v1", "patchsig-v2")),
  ),
  made(
    "legacy",
    malformed("block-malformed"),
    "Ed in the signature line, which minisign before 0.8 wrote",
    edit(/^RUR/m, "RWR"),
  ),
];
