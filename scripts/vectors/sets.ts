/** The patches of the signed series in one mbox, with something wrong, and what that is. */

import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatSignature, signData } from "../../src/minisign/signature.ts";
import { untrustedComment } from "../../src/patch/block.ts";
import { formatTrustedComment, type TrustedComment } from "../../src/patch/trusted-comment.ts";
import { type MailVector, vector } from "./mail.ts";
import { BY, KEY, placed, SIGNED, TEXTS, TIME } from "./series.ts";

export interface SetVector extends MailVector {
  /** Codes of docs/findings.md that the series gets. */
  readonly findings: readonly string[];
  readonly missing: readonly number[];
}

const OTHER_KEY = generateSecretKey(
  Buffer.from("patchsig vectors, no secret too!"),
  Buffer.from("vectors2"),
);

/** Patch i of the series, signed with some of the fields changed. */
function signedAs(i: number, fields: Partial<TrustedComment>, key = KEY): string {
  const text = TEXTS[i]!;
  const { prepared, version, index, total } = placed(text);
  const { digests } = prepared.attestation;
  const comment = { time: TIME, by: BY, series: null, version, index, total, base: null, digests };
  const made = signData(
    key,
    prepared.attestation.text,
    formatTrustedComment({ ...comment, ...fields }),
    untrustedComment(key.publicKey),
  );
  return text.replace("\n---\n", () => `\n---\n${formatSignature(made)}\n`);
}

const [COVER, FIRST, SECOND, THIRD] = SIGNED.map((mail) => mail.toString("latin1")) as [
  string,
  string,
  string,
  string,
];
const ID = /series=(\w+)/.exec(FIRST)![1]!;
const BASE = /base=(\w+)/.exec(FIRST)![1]!;

const mbox = (mails: readonly string[]): string =>
  mails.map((mail) => `From alice@example.org Tue Nov 24 10:00:00 2026\n${mail}\n`).join("");

const made = (
  name: string,
  shows: string,
  mails: readonly string[],
  findings: readonly string[],
  missing: readonly number[] = [],
): SetVector => ({ ...vector(name, shows, mbox(mails)), findings, missing });

export const SETS: readonly SetVector[] = [
  made("whole", "cover letter and all three patches", [COVER, FIRST, SECOND, THIRD], []),
  made("out-of-order", "the same in another order", [THIRD, COVER, SECOND, FIRST], []),
  made(
    "without-cover",
    "the three patches: the letter is no part of the id",
    [FIRST, SECOND, THIRD],
    [],
  ),
  made("patch-missing", "patch 2 is missing", [COVER, FIRST, THIRD], ["series-incomplete"], [2]),
  made("same-twice", "patch 2 came twice, the same", [COVER, FIRST, SECOND, SECOND, THIRD], []),
  made(
    "number-twice",
    "two patches say that they are number 2, under one id",
    [
      FIRST,
      SECOND,
      signedAs(3, { series: ID, base: BASE, index: 2 }).replace("3/3]", "2/3]"),
      THIRD,
    ],
    ["series-conflict"],
  ),
  made(
    "wrong-id",
    "an id that is not the digest of the patches",
    [1, 2, 3].map((i) => signedAs(i, { series: "0".repeat(32), base: BASE })),
    ["series-conflict"],
  ),
  made(
    "two-keys",
    "patch 2 is signed by another key: two signings are mixed",
    [FIRST, signedAs(2, { series: ID, base: BASE }, OTHER_KEY), THIRD],
    ["series-conflict", "series-incomplete"],
    [2],
  ),
  made(
    "two-bases",
    "patch 2 names another base",
    [FIRST, signedAs(2, { series: ID, base: "1".repeat(40) }), THIRD],
    ["series-conflict"],
  ),
  made(
    "one-by-one",
    "each is signed by itself",
    [1, 2, 3].map((i) => signedAs(i, { base: BASE })),
    ["series-unbound"],
  ),
  made(
    "another-signing",
    "patch 2 is signed by itself",
    [FIRST, signedAs(2, { base: BASE }), THIRD],
    ["series-conflict"],
  ),
  made(
    "one-unsigned",
    "the block of patch 1 was stripped",
    [TEXTS[1], SECOND, THIRD],
    ["series-unsigned"],
  ),
];
