/** Mails in which a feed's owner describes it, as owners, transports and forgers leave them. */

import { descriptionMail, FEED_TEXT, type FeedDescription } from "../../src/feed/description.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { formatSignature, signData, signNow } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { formatSignedText, type SignedText, textSigning } from "../../src/patch/signed-text.ts";
import { base64, type MailVector, quotedPrintable, vector } from "./mail.ts";
import { blockOf, SIGNED, TIME } from "./series.ts";

/** A public secret, as Alice's is. */
const OWNER_KEY = generateSecretKey(
  Buffer.from("patchsig feeds: no secret either"),
  Buffer.from("feeds--1"),
);
const OWNER = formatPublicKeyText(OWNER_KEY.publicKey);
const HEAD_0 = "1f5c2c4b3a7b3a0e7d7c2c0a6f6f0f1d2e3c4b5a";
const HEAD_1 = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";

const SAID: FeedDescription = {
  time: TIME + 91_800,
  by: "ci@example.org",
  name: "ci.example.org",
  urls: ["https://ci.example.org/feed", "ssh://git@forge.example.org/ci/feed"],
  kinds: ["reviews", "results"],
  epochs: [
    { epoch: 0, head: HEAD_0, count: 12_345 },
    { epoch: 1, head: HEAD_1, count: 7 },
  ],
};

/** A mail, and what its descriptions say. */
export interface DescriptionVector extends MailVector {
  readonly verdict: string;
}

type Signed = SignedText<FeedDescription>;

const signed = (changes: Partial<FeedDescription> = {}): Signed =>
  signNow(OWNER_KEY, textSigning(FEED_TEXT, OWNER_KEY.publicKey, { ...SAID, ...changes }));

/** What is said of a good one. */
export function goodDescription({ by, time, name, epochs }: FeedDescription): string {
  const lines = epochs.map(({ epoch, head, count }) => `${epoch} ${head} ${count}\n`);
  return `good by ${by} t=${time}\n${name}\n${lines.join("")}`;
}

const DESCRIPTION = formatSignedText(signed());
const TEXT = DESCRIPTION.slice(0, DESCRIPTION.indexOf("\n\n") + 1);
const COMMENT = /^trusted comment: (.*)$/m.exec(DESCRIPTION)![1]!;
const HEAD = `From: Example CI <ci@example.org>
Date: Wed, 25 Nov 2026 11:30:00 +0000
Message-ID: <description-1@example.org>
Subject: [feed] ci.example.org
`;
const plain = (text: string): string => `${HEAD}\nAll that we test.\n\n${text}`;
const typed = (encoding: string): string =>
  `${HEAD}MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: ${encoding}\n\n`;

function edited(from: string | RegExp, to: string, text = DESCRIPTION): string {
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
  return changed;
}

function signedAs(text: string, comment = COMMENT): string {
  const made = signData(OWNER_KEY, Buffer.from(text, "latin1"), comment, `patchsig-feed ${OWNER}`);
  return `${text}\n${formatSignature(made)}`;
}

const made = (name: string, verdict: string, shows: string, text: string): DescriptionVector => ({
  ...vector(name, shows, text),
  verdict,
});
const good = (
  name: string,
  shows: string,
  changes: Partial<FeedDescription> = {},
): DescriptionVector => {
  const one = signed(changes);
  const mail = descriptionMail(one, "Example CI").toString("latin1");
  return made(name, goodDescription(one.said), shows, mail);
};
const bad = (name: string, why: string, shows: string, text: string): DescriptionVector =>
  made(name, `${why}\n`, shows, plain(text));
/** Signed by the owner, and yet no description: `from` replaced in the good text. */
const unfit = (name: string, shows: string, from: string | RegExp, to: string): DescriptionVector =>
  bad(name, "malformed", shows, signedAs(edited(from, to, TEXT)));

const ONE = goodDescription(SAID);
const MANY = Array.from({ length: 256 }, (_, epoch) => ({ epoch, head: HEAD_0, count: 1 }));

export const DESCRIPTIONS: readonly DescriptionVector[] = [
  good("described", "two epochs, with two addresses"),
  good("empty", "a feed without mails, of which nothing is said", {
    urls: [],
    kinds: [],
    epochs: [],
  }),
  good("sha256", "a feed with SHA-256", {
    epochs: [{ epoch: 12, head: sha256("a commit"), count: 1 }],
  }),
  good("most", "256 epochs, and eight addresses", {
    urls: Array.from({ length: 8 }, (_, i) => `https://mirror-${i}.example.org/ci`),
    epochs: MANY,
  }),
  made("crlf", ONE, "CRLF line ends", plain(DESCRIPTION).replaceAll("\n", "\r\n")),
  made(
    "quoted-printable",
    ONE,
    "re-encoded",
    `${typed("quoted-printable")}${quotedPrintable(DESCRIPTION).replace(/.{70}(?!=|$)/gm, "$&=\n")}`,
  ),
  made("base64", ONE, "re-encoded", `${typed("base64")}${base64(DESCRIPTION)}`),
  made(
    "sent",
    "",
    "it came through a mail server, where anybody can send one: none",
    `Received: from ci.example.org\n\tby mx.example.net\n${plain(DESCRIPTION)}`,
  ),
  made(
    "to-a-list",
    "",
    "it came through a list: none",
    `List-Id: <patches.example.org>\n${plain(DESCRIPTION)}`,
  ),
  made("quoted", "", "quoted: none", plain(DESCRIPTION.replaceAll(/^/gm, "> "))),
  bad(
    "head-changed",
    "changed",
    "another newest commit",
    edited(`head=${HEAD_1}`, `head=${HEAD_0}`),
  ),
  bad("count-changed", "changed", "fewer commits", edited("count=12345", "count=12344")),
  bad("epoch-removed", "changed", "an epoch taken out", edited(/^epoch: 1 .*\n/m, "")),
  bad(
    "name-changed",
    "signature",
    "another name in both",
    edited(/ci\.example\.org$/m, "cj.example.org", edited("name=ci.", "name=cj.")),
  ),
  bad(
    "other-key",
    "signature",
    "Alice's key in its comment",
    edited(OWNER, blockOf(SIGNED[1]!).slice(28, 84)),
  ),
  unfit("by-upper-case", "by: is not normalised", "by: ci@", "by: Ci@"),
  unfit("blank-name", "a blank in the name", "name: ci.", "name: ci "),
  unfit("no-url", "an address without a scheme", "https://ci", "ci"),
  unfit("nine-urls", "nine addresses", /(?:^url: .*\n)+/m, "url: https://x/\n".repeat(9)),
  unfit("kinds-order", "kinds in another order", "reviews,results", "results,reviews"),
  unfit("unknown-kind", "a kind that version 1 has not", "reviews,results", "reviews,rumours"),
  unfit(
    "epochs-order",
    "epochs in another order",
    /^(epoch: 0 .*\n)(epoch: 1 .*\n)/m,
    `epoch: 1 head=${HEAD_1} count=7\nepoch: 0 head=${HEAD_0} count=12345\n`,
  ),
  unfit("epoch-twice", "an epoch twice", "epoch: 1 ", "epoch: 0 "),
  unfit("short-head", "a commit of 12 digits", HEAD_1, HEAD_1.slice(0, 12)),
  unfit("leading-zero", "a count with a zero before it", "count=7", "count=07"),
  unfit("unknown-field", "a field that version 1 has not", "kinds: ", "retention: 12\nkinds: "),
  unfit(
    "fields-swapped",
    "two fields in another order",
    /^(by: .*\n)(name: .*\n)/m,
    "name: ci.example.org\nby: ci@example.org\n",
  ),
  bad(
    "comment-says-more",
    "malformed",
    "the comment says what the text does not, signed",
    signedAs(TEXT, `${COMMENT} x=1`),
  ),
  bad("no-block", "malformed", "not signed", TEXT),
  bad(
    "result-block",
    "malformed",
    "a block of another kind",
    edited("comment: patchsig-feed RW", "comment: patchsig-result RW"),
  ),
  bad("version-2", "version", "another version", edited("-v1\nt:", "-v2\nt:")),
  made(
    "nine",
    `${Array(8).fill(ONE).join("\n")}\ntoo-many\n`,
    "one more than 8",
    plain(Array(9).fill(DESCRIPTION).join("\n")),
  ),
];

/** Every file of fixtures/feed but the README. */
export function descriptionFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (name: string, text: string | Buffer) => files.set(name, Buffer.from(text));
  add("owner.key", formatSecretKeyFile(OWNER_KEY, "minisign secret key, for tests only", null));
  add("owner.pub", formatPublicKeyFile(OWNER_KEY.publicKey));
  add("described.text", TEXT);
  add("described.text.minisig", DESCRIPTION.slice(TEXT.length + 1));
  for (const { name, mail, verdict } of DESCRIPTIONS) {
    files.set(`${name}.eml`, mail);
    add(`${name}.verdict`, verdict);
  }
  return files;
}
