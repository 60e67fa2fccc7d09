/** Replies with signed reviews of the series, as reviewers, transports and forgers leave them. */

import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { formatSignature, signData } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { formatReview, signReview } from "../../src/review/review.ts";
import { type ReviewedPatch, reviewDigests, type ReviewTrailer } from "../../src/review/text.ts";
import { signStatement } from "../../src/trust/statement.ts";
import { base64, type MailVector, OTHER, quotedPrintable, vector } from "./mail.ts";
import { blockOf, placed, SERIES_ID, SIGNED, TEXTS, TIME } from "./series.ts";

/** A public secret, as Alice's is. */
const BOB_KEY = generateSecretKey(
  Buffer.from("patchsig reviews: also no secret"),
  Buffer.from("reviews1"),
);
const BOB = formatPublicKeyText(BOB_KEY.publicKey);
const BY_BOB = "bob@example.org";
/** 2026-11-25 09:00:00 UTC. */
const REVIEW_TIME = TIME + 82_800;

type Said = Parameters<typeof signReview>[1];

/** A reply, and what its reviews prove. */
export interface ReviewVector extends MailVector {
  readonly verdict: string;
}

/** By the names of the files that have them. */
const ATTESTATIONS: readonly (readonly [string, Buffer])[] = [
  ["v2-0001-hello-shout-two", attested(TEXTS[1])],
  ["v2-0002-hello-count-to-four", attested(TEXTS[2])],
  ["v2-0003-doc-say-what-hello-txt-is", attested(TEXTS[3])],
  // later versions: the title is another, or the diff is
  ["v3-0001-hello-shout-it", attested(TEXTS[1].replace("shout two", "shout it"))],
  ["v3-0002-hello-count-to-five", attested(TEXTS[2].replace("+four", "+five"))],
];

function attested(text: string): Buffer {
  return placed(text).prepared.attestation.text;
}

const patchOf = (index: number): ReviewedPatch => ({
  index,
  total: 3,
  ...reviewDigests(ATTESTATIONS[index - 1]![1]),
});

const trailer = (name: ReviewTrailer["name"], person = "Bob", address = BY_BOB): ReviewTrailer => ({
  name,
  person,
  address,
});

const SAID: Said = {
  time: REVIEW_TIME,
  by: BY_BOB,
  series: SERIES_ID,
  version: 2,
  trailers: [trailer("Reviewed-by")],
  patches: [patchOf(1)],
};

const review = (changes: Partial<Said> = {}): string =>
  Buffer.from(formatReview(signReview(BOB_KEY, { ...SAID, ...changes }))).toString("latin1");

const REVIEW = review();
const TEXT = REVIEW.slice(0, REVIEW.indexOf("\n\n") + 1);
const REVIEW_BLOCK = REVIEW.slice(REVIEW.indexOf("\n\n") + 2);
const COMMENT = /^trusted comment: (.*)$/m.exec(REVIEW)![1]!;

const HEAD = `From: Bob <bob@example.org>
Date: Wed, 25 Nov 2026 09:00:00 +0000
Message-ID: <review-1@example.org>
In-Reply-To: <hello-v2-1@example.org>
References: <hello-v2-0@example.org> <hello-v2-1@example.org>
Subject: Re: [PATCH v2 1/3] hello: shout two
`;
const TYPED = (charset: string, encoding: string, more = ""): string =>
  `${HEAD}MIME-Version: 1.0\nContent-Type: text/plain; charset=${charset}${more}\nContent-Transfer-Encoding: ${encoding}\n\n`;

const LINE = "Reviewed-by: Bob <bob@example.org>";
const answer = (signed: string, line = LINE): string =>
  `On Tue, 24 Nov 2026, Alice wrote:\n> Make it loud.\n\n${line}\n-- \n${signed}`;
const reply = (signed: string, line = LINE): string => `${HEAD}\n${answer(signed, line)}`;

/** A review's text as it stands, properly signed under a comment as it stands. */
function signedAs(text: string, comment = COMMENT, untrusted = `patchsig-review ${BOB}`): string {
  const named = comment.replace(/text=\S+/, `text=${sha256(Buffer.from(text, "latin1"))}`);
  const made = signData(BOB_KEY, Buffer.from(text, "latin1"), named, untrusted);
  return `${text}\n${formatSignature(made)}`;
}

function edited(from: string | RegExp, to: string, text = REVIEW): string {
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
  return changed;
}

/** What a review proves of the patches above. */
function good(proven: string, diff = "", { trailers = SAID.trailers, label = "" } = {}): string {
  return [
    `good by ${BY_BOB} ${label || `series=${SERIES_ID} v=2`}`,
    ...trailers.map(({ name, person, address }) => `${name}: ${person} <${address}>`),
    ...proven.split(" ").map((name) => `proven: ${nameOf(name)}`),
    ...(diff === "" ? [] : [`diff: ${nameOf(diff)}`]),
    "",
  ].join("\n");
}

const nameOf = (start: string): string =>
  ATTESTATIONS.map(([name]) => name).find((name) => name.startsWith(start))!;

const FIRST = good("v2-0001", "v3-0001");
const bad = (flaw: string): string => `${flaw}\n`;
const made = (name: string, verdict: string, shows: string, text: string): ReviewVector => ({
  ...vector(name, shows, text),
  verdict,
});

const BJORN = { trailers: [trailer("Reviewed-by", "Björn Ståhl")] };
const NAMED = review(BJORN);
const NAMED_LINE = Buffer.from("Reviewed-by: Björn Ståhl <bob@example.org>").toString("latin1");
const OF_BJORN = good("v2-0001", "v3-0001", BJORN);
const BOTH = { trailers: [trailer("Reviewed-by"), trailer("Tested-by")] };
const SPELLED = { trailers: [trailer("Reviewed-by", "Bob", "Bob@Example.ORG")] };
const ALL = { patches: [patchOf(1), patchOf(2), patchOf(3)] };

/** As format=flowed breaks lines: behind a blank. */
const flowed = (text: string): string =>
  text.replace(/^(?!trusted|On|>)(.{70,}?) (?=\S)/gm, "$1 \n");

const GOOD: readonly ReviewVector[] = [
  made(
    "reviewed",
    FIRST,
    "a review of patch 1; version 3 has its diff under another title",
    reply(REVIEW),
  ),
  made(
    "whole-series",
    good("v2-0001 v2-0002 v2-0003", "v3-0001"),
    "of all three patches, in a reply to the cover letter",
    edited(
      "hello-v2-1@",
      "hello-v2-0@",
      edited("1/3] hello: shout two", "0/3] hello: louder, and further", reply(review(ALL))),
    ),
  ),
  made(
    "two-trailers",
    good("v2-0001", "v3-0001", BOTH),
    "reviewed and tested",
    reply(review(BOTH), `${LINE}\nTested-by: Bob <bob@example.org>`),
  ),
  made(
    "address-spelling",
    good("v2-0001", "v3-0001", SPELLED),
    "the trailer's address in another spelling",
    reply(review(SPELLED), "Reviewed-by: Bob <Bob@Example.ORG>"),
  ),
  made(
    "no-series",
    good("v2-0001", "v3-0001", { label: "series=- v=-" }),
    "of a patch without a signature",
    reply(review({ series: null, version: null })),
  ),
  made(
    "name",
    OF_BJORN,
    "a name beyond ASCII",
    `${TYPED("UTF-8", "8bit")}${answer(NAMED, NAMED_LINE)}`,
  ),
  made(
    "name-latin1",
    OF_BJORN,
    "the same in ISO 8859-1",
    `${TYPED("iso-8859-1", "quoted-printable")}${quotedPrintable(Buffer.from(answer(NAMED, NAMED_LINE), "latin1").toString("utf8"))}`,
  ),
  made("crlf", FIRST, "CRLF line ends", reply(REVIEW).replaceAll("\n", "\r\n")),
  made(
    "quoted-printable",
    FIRST,
    "re-encoded",
    `${TYPED("UTF-8", "quoted-printable")}${quotedPrintable(answer(REVIEW)).replace(/.{70}(?!=|$)/gm, "$&=\n")}`,
  ),
  made("base64", FIRST, "re-encoded", `${TYPED("UTF-8", "base64")}${base64(answer(REVIEW))}`),
  made(
    "flowed",
    FIRST,
    "format=flowed, long lines broken",
    `${TYPED("UTF-8", "7bit", "; format=flowed")}${flowed(answer(REVIEW))}`,
  ),
  made(
    "wrapped",
    FIRST,
    "every line of the block wrapped, those of the text between words",
    reply(`${TEXT.replace(/ (?=[0-9a-f]{64})/g, "\n")}\n${REVIEW_BLOCK.replace(/.{60}/g, "$&\n")}`),
  ),
  made(
    "blanks",
    FIRST,
    "blanks stripped: no signature separator, no empty lines; and others added",
    reply(REVIEW)
      .replace("\n-- \n", "\n--\n")
      .replace(`${TEXT}\n`, TEXT)
      .replaceAll("\npatch:", " \t\npatch:"),
  ),
  made("footer", FIRST, "a list footer", `${reply(REVIEW)}_____\ndevel mailing list\n`),
  made("no-clear-text", FIRST, "without the trailer in clear text", reply(REVIEW, "Looks good.")),
  made(
    "clear-text-differs",
    FIRST,
    "another trailer in clear text: it is not signed",
    reply(REVIEW, "Acked-by: Bob <bob@example.org>"),
  ),
  made(
    "relayed",
    FIRST,
    "Alice sends it on: it is Bob's",
    edited("From: Bob <bob@", "From: Alice <alice@", reply(REVIEW)),
  ),
  made(
    "other-patch",
    FIRST,
    "a replay, as if about patch 2: it is about patch 1",
    edited(
      "hello-v2-1@",
      "hello-v2-2@",
      reply(REVIEW).replaceAll("1/3] hello: shout two", "2/3] hello: count to four"),
    ),
  ),
  made(
    "two-reviews",
    `${FIRST}\n${good("v2-0002", "", { trailers: [trailer("Acked-by")] })}`,
    "two in one mail, each by itself",
    reply(`${REVIEW}\n${review({ trailers: [trailer("Acked-by")], patches: [patchOf(2)] })}`),
  ),
  made("quoted", "", "quoted: none", reply(REVIEW.replaceAll(/^/gm, "> "))),
  made(
    "quoted-above",
    FIRST,
    "another's is quoted above it",
    reply(`${review({ trailers: [trailer("Tested-by")] }).replaceAll(/^/gm, "> ")}\n${REVIEW}`),
  ),
  made("in-the-middle", "", "not at the start of a line: none", reply(` ${REVIEW}`)),
];

const statement = signStatement(BOB_KEY, {
  kind: "revoke",
  time: REVIEW_TIME,
  by: BY_BOB,
  of: BY_BOB,
  key: BOB,
}).text;
const NONE = "0".repeat(64);
const twice = (text: string): string => text.replace(/^patch: .*\n/m, "$&$&");

const BAD: readonly ReviewVector[] = [
  made(
    "trailer-changed",
    bad("changed"),
    "Acked-by made Reviewed-by",
    reply(edited("Acked-by", "Reviewed-by", review({ trailers: [trailer("Acked-by")] }))),
  ),
  made("name-changed", bad("changed"), "another name", reply(edited("Bob <", "Linus <"))),
  made("address-changed", bad("changed"), "another's address", reply(edited("<bob@", "<alice@"))),
  made(
    "diff-changed",
    bad("changed"),
    "replayed onto a changed diff, whose digest was put in",
    reply(edited(patchOf(1).diff, reviewDigests(ATTESTATIONS[4]![1]).diff)),
  ),
  made(
    "patch-added",
    bad("changed"),
    "the digests of patch 2 were put in",
    reply(edited(/\n\n/, `\npatch: 2/3 ${patchOf(2).message} ${patchOf(2).diff}\n\n`)),
  ),
  made(
    "patch-removed",
    bad("changed"),
    "a patch taken out",
    reply(edited(/^patch: 2.*\n/m, "", review(ALL))),
  ),
  made(
    "number-changed",
    bad("changed"),
    "another number",
    reply(edited("patch: 1/3", "patch: 2/3")),
  ),
  made(
    "other-comment",
    bad("changed"),
    "the text of one review over the block of another",
    reply(`${TEXT}\n${review({ patches: [patchOf(2)] }).split("\n\n")[1]!}`),
  ),
  made(
    "time-changed",
    bad("signature"),
    "another time",
    reply(edited(`t=${REVIEW_TIME}`, `t=${REVIEW_TIME + 1}`)),
  ),
  made(
    "series-changed",
    bad("signature"),
    "another series",
    reply(edited(`series=${SERIES_ID}`, "series=-")),
  ),
  made(
    "by-changed",
    bad("signature"),
    "another signer's address",
    reply(edited("by=bob@", "by=alice@")),
  ),
  made(
    "other-key",
    bad("signature"),
    "Alice's key in Bob's comment",
    reply(edited(BOB, blockOf(SIGNED[1]!).slice(28, 84))),
  ),
  made(
    "key-number",
    bad("signature"),
    "another key ID in the signature",
    reply(edited(/^RU.*$/m, otherNumber())),
  ),
  made(
    "other-text-signed",
    bad("signature"),
    "the comment names the text, the signature is over another one",
    reply(ofOtherText()),
  ),
  made(
    "not-signers",
    bad("malformed"),
    "signed, but the trailer is Alice's",
    reply(signedAs(edited("<bob@", "<alice@", TEXT))),
  ),
  made(
    "by-upper-case",
    bad("malformed"),
    "signed, but by= is not normalised",
    reply(signedAs(TEXT, edited("by=bob", "by=Bob", COMMENT))),
  ),
  made(
    "signed-off",
    bad("malformed"),
    "a trailer that no review is",
    reply(signedAs(edited("Reviewed-by", "Signed-off-by", TEXT))),
  ),
  made(
    "trailer-twice",
    bad("malformed"),
    "a trailer twice",
    reply(signedAs(edited(/^Rev.*\n/m, `${LINE}\n${LINE}\n`, TEXT))),
  ),
  made(
    "trailers-swapped",
    bad("malformed"),
    "trailers in another order",
    reply(signedAs(edited(LINE, `Tested-by: Bob <bob@example.org>\n${LINE}`, TEXT))),
  ),
  made(
    "two-people",
    bad("malformed"),
    "trailers of two people",
    reply(signedAs(edited(LINE, `${LINE}\nAcked-by: Alice <alice@example.org>`, TEXT))),
  ),
  made(
    "no-name",
    bad("malformed"),
    "an address without a name",
    reply(signedAs(edited("Bob <", "<", TEXT))),
  ),
  made(
    "bidi-name",
    bad("malformed"),
    "a name that turns the direction of text",
    `${TYPED("UTF-8", "8bit")}${answer(signedAs(edited("Bob <", "Bob\xe2\x80\xae <", TEXT)))}`,
  ),
  made(
    "no-patch",
    bad("malformed"),
    "of no patch",
    reply(signedAs(edited(/^patch: .*\n/m, "", TEXT))),
  ),
  made("patch-twice", bad("malformed"), "a patch twice", reply(signedAs(twice(TEXT)))),
  made(
    "totals",
    bad("malformed"),
    "patches of two series",
    reply(signedAs(edited(/(?<=patch.*)\n$/, `\npatch: 2/4 ${NONE} ${NONE}\n`, TEXT))),
  ),
  made(
    "cover-letter",
    bad("malformed"),
    "number 0 is no patch",
    reply(signedAs(edited("1/3", "0/3", TEXT))),
  ),
  made("number-above", bad("malformed"), "4/3", reply(signedAs(edited("1/3", "4/3", TEXT)))),
  made(
    "unknown-field",
    bad("malformed"),
    "a field that version 1 has not",
    reply(signedAs(edited("patch:", "note: fine\npatch:", TEXT))),
  ),
  made(
    "unknown-comment-field",
    bad("malformed"),
    "one in the comment",
    reply(signedAs(TEXT, edited(" v=2", " v=2 x=1", COMMENT))),
  ),
  made(
    "text-between",
    bad("malformed"),
    "words between text and block",
    reply(edited("\n\n", "\nfine!\n\n")),
  ),
  made(
    "text-behind",
    bad("malformed"),
    "words behind the last line",
    reply(`${REVIEW.trimEnd()} fine!\n`),
  ),
  made("cut", bad("malformed"), "cut short", reply(REVIEW.slice(0, -30))),
  made(
    "patch-block",
    bad("malformed"),
    "a patch's block below it",
    reply(`${TEXT}\n${blockOf(SIGNED[1]!)}`),
  ),
  made(
    "posing-patch-block",
    bad("malformed"),
    "a block with a patch's comment, signed",
    reply(signedAs(TEXT, "patchsig-v1 t=1 text=0")),
  ),
  made(
    "posing-statement",
    bad("malformed"),
    "a statement about a key, posing as its block",
    reply(`${TEXT}\n${statement.replace("patchsig-statement RW", "patchsig-review RW")}`),
  ),
  made(
    "legacy",
    bad("malformed"),
    "a signature that is not prehashed",
    reply(edited("\nRU", "\nRW")),
  ),
  made(
    "version-2",
    bad("version"),
    "another version",
    reply(edited("patchsig-review-v1\nR", "patchsig-review-v2\nR")),
  ),
  made(
    "with-diff",
    bad("diff"),
    "the mail has a diff of its own",
    reply(REVIEW).replace("\n\nReviewed", `\n\n${OTHER}\nReviewed`),
  ),
  made(
    "nine",
    `${Array(8).fill(FIRST).join("\n")}\n${bad("too-many")}`,
    "one more than 8",
    reply(Array(9).fill(REVIEW).join("\n")),
  ),
];

function otherNumber(): string {
  const bytes = Buffer.from(/^RU.*$/m.exec(REVIEW)![0], "base64");
  bytes.write("reviews2", 2, "latin1");
  return bytes.toString("base64");
}

/** Only the holder of the key can make that. */
function ofOtherText(): string {
  const other = Buffer.from(edited("1/3", "2/3", TEXT));
  const signed = signData(BOB_KEY, other, COMMENT, `patchsig-review ${BOB}`);
  return `${TEXT}\n${formatSignature(signed)}`;
}

export const REVIEWS: readonly ReviewVector[] = [...GOOD, ...BAD];

/** Every file of fixtures/review but the README. */
export function reviewFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (name: string, text: string | Buffer) => files.set(name, Buffer.from(text));
  add("bob.key", formatSecretKeyFile(BOB_KEY, "minisign secret key, for tests only", null));
  add("bob.pub", formatPublicKeyFile(BOB_KEY.publicKey));
  add("reviewed.text", TEXT);
  add("reviewed.text.minisig", REVIEW_BLOCK);
  for (const [name, text] of ATTESTATIONS) add(`${name}.attestation`, text);
  for (const { name, mail, verdict } of REVIEWS) {
    add(`${name}.eml`, mail);
    add(`${name}.verdict`, verdict);
  }
  return files;
}
