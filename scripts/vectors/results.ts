/** Mails with signed test results, as CI systems, transports and forgers leave them. */

import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyFile, formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import { formatSignature, signData, signNow } from "../../src/minisign/signature.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { formatSignedText, textSigning } from "../../src/patch/signed-text.ts";
import { resultMail } from "../../src/result/mail.ts";
import { patchesDigest } from "../../src/result/patches.ts";
import { RESULT_TEXT, type SignedResult, type TestResult } from "../../src/result/text.ts";
import { signStatement } from "../../src/trust/statement.ts";
import { base64, type MailVector, OTHER, quotedPrintable, vector } from "./mail.ts";
import { blockOf, SERIES_ID, SIGNED, TEXTS, TIME, placed } from "./series.ts";

/** A public secret, as Alice's is. */
const CI_KEY = generateSecretKey(
  Buffer.from("patchsig results: also no secret"),
  Buffer.from("results1"),
);
const CI = formatPublicKeyText(CI_KEY.publicKey);
const BY = "ci@example.org";
/** 2026-11-25 11:30:00 UTC. */
const RUN_TIME = TIME + 91_800;

const digestOf = (text: string): string =>
  /^diff: (.*)$/m.exec(placed(text).prepared.attestation.text.toString())![1]!;
const TREE = "9d1f0c5b7e2a4c6d8e0f1a2b3c4d5e6f70819203";
const BASE = "a6ee84deb6ab0c7f6e63c4cf7f1c1f4b0f6d3c55";
/** What a KCIDB producer attaches; the fields are its own. */
const DETAILS = Buffer.from(`{"version":{"major":5,"minor":3},
 "checkouts":[{"id":"example:c1","origin":"example","message_id":"hello-v2-0@example.org","valid":true}],
 "builds":[{"id":"example:b1","checkout_id":"example:c1","origin":"example","architecture":"x86_64","status":"PASS"}],
 "tests":[{"id":"example:t1","build_id":"example:b1","origin":"example","path":"hello.words","status":"PASS"}]}
`);

const SAID: TestResult = {
  time: RUN_TIME,
  by: BY,
  tree: TREE,
  base: BASE,
  commit: null,
  patches: patchesDigest([digestOf(TEXTS[1]), digestOf(TEXTS[2]), digestOf(TEXTS[3])]),
  series: SERIES_ID,
  message: "hello-v2-0@example.org",
  test: "hello.words",
  rev: null,
  env: ["arch=x86_64", "cc=gcc-14.2", "machine=qemu-q35"],
  config: sha256("CONFIG_HELLO=y\n"),
  run: 1,
  result: "pass",
  counts: { pass: 118, fail: 0, error: 0, miss: 0, done: 0, skip: 3 },
  log: "https://ci.example.org/runs/4711/log.txt",
  logSha256: sha256("all is well\n"),
  details: sha256(DETAILS),
  via: null,
};

/** A mail, and what its results say. */
export interface ResultVector extends MailVector {
  readonly verdict: string;
}

const signed = (changes: Partial<TestResult> = {}): SignedResult =>
  signNow(CI_KEY, textSigning(RESULT_TEXT, CI_KEY.publicKey, { ...SAID, ...changes }));
const mailOf = (changes: Partial<TestResult> = {}): string => {
  const one = signed(changes);
  const details = one.said.details === SAID.details ? DETAILS : null;
  return resultMail(one, "Example CI", details).toString("latin1");
};
const goodOf = ({ said }: SignedResult): string =>
  `good by ${said.by} t=${said.time}\n${said.result} ${said.test} of ${said.tree}\n`;

const NO_DETAILS = { details: null };
const RESULT = formatSignedText(signed());
const TEXT = RESULT.slice(0, RESULT.indexOf("\n\n") + 1);
const BLOCK = RESULT.slice(TEXT.length + 1);
const COMMENT = /^trusted comment: (.*)$/m.exec(RESULT)![1]!;
const HEAD = `From: Example CI <ci@example.org>
Date: Wed, 25 Nov 2026 11:30:00 +0000
Message-ID: <result-1@example.org>
Subject: [pass] hello.words
`;
const TYPED = (encoding: string): string =>
  `${HEAD}MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: ${encoding}\n\n`;
const plain = (text: string): string => `${HEAD}\nAll is well.\n\n${text}`;

function edited(from: string | RegExp, to: string, text = RESULT): string {
  const changed = text.replace(from, () => to);
  if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
  return changed;
}

/** A text as it stands, properly signed under the comment of the good one, or another. */
function signedAs(text: string, comment = COMMENT, untrusted = `patchsig-result ${CI}`): string {
  const made = signData(CI_KEY, Buffer.from(text, "latin1"), comment, untrusted);
  return `${text}\n${formatSignature(made)}`;
}

const made = (name: string, verdict: string, shows: string, text: string): ResultVector => ({
  ...vector(name, shows, text),
  verdict,
});
const good = (name: string, shows: string, changes: Partial<TestResult> = {}): ResultVector =>
  made(name, goodOf(signed(changes)), shows, mailOf(changes));

const ONE = goodOf(signed());
const NOTHING: Partial<TestResult> = {
  base: null,
  patches: null,
  series: null,
  message: null,
  env: [],
  config: null,
  counts: null,
  log: null,
  logSha256: null,
  details: null,
};
const SHA256_TREE = sha256("a tree");
const FULL_ENV = Array.from({ length: 16 }, (_, i) => `key-${String(i).padStart(2, "0")}=${i}`);

const GOOD: readonly ResultVector[] = [
  good("passed", "a suite that passed, with details"),
  good("least", "all that must be said", NOTHING),
  good("failed", "a failure, at the second attempt", {
    run: 2,
    result: "fail",
    counts: { pass: 117, fail: 1, error: 0, miss: 0, done: 0, skip: 3 },
    ...NO_DETAILS,
  }),
  good("crashed", "all cases passed, and the harness crashed then", { result: "error" }),
  good("skipped", "nothing was to be run", {
    result: "skip",
    counts: { pass: 0, fail: 0, error: 0, miss: 0, done: 0, skip: 0 },
    ...NO_DETAILS,
  }),
  good("sha256", "a repository with SHA-256", {
    tree: SHA256_TREE,
    base: sha256("a base"),
    commit: sha256("a commit"),
    ...NO_DETAILS,
  }),
  good("most", "sixteen of the environment", { env: FULL_ENV, ...NO_DETAILS }),
  good("equals-sign", "an equals sign in a value", { env: ["flags=-O2=x"], ...NO_DETAILS }),
  good("translated", "signed by another than ran it", {
    via: "https://github.example/actions/runs/1",
    log: null,
    ...NO_DETAILS,
  }),
  good("log-alone", "a log that is not finished", { logSha256: null, ...NO_DETAILS }),
  made("crlf", ONE, "CRLF line ends", plain(RESULT).replaceAll("\n", "\r\n")),
  made(
    "quoted-printable",
    ONE,
    "re-encoded",
    `${TYPED("quoted-printable")}${quotedPrintable(RESULT).replace(/.{70}(?!=|$)/gm, "$&=\n")}`,
  ),
  made("base64", ONE, "re-encoded", `${TYPED("base64")}${base64(RESULT)}`),
  made("footer", ONE, "a list footer", `${plain(RESULT)}_____\nresults mailing list\n`),
  made(
    "relayed",
    ONE,
    "Alice sends it on: it is the CI's",
    edited("From: Example CI <ci@", "From: Alice <alice@", plain(RESULT)),
  ),
  made(
    "two",
    `${ONE}\n${goodOf(signed({ test: "hello.count" }))}`,
    "two in one mail, each by itself",
    plain(`${RESULT}\n${formatSignedText(signed({ test: "hello.count" }))}`),
  ),
  made("quoted", "", "quoted: none", plain(RESULT.replaceAll(/^/gm, "> "))),
  made("in-the-middle", "", "not at the start of a line: none", plain(` ${RESULT}`)),
];

const NONE = "0".repeat(40);
const statement = signStatement(CI_KEY, {
  kind: "revoke",
  time: RUN_TIME,
  by: BY,
  of: BY,
  key: CI,
}).text;
const bad = (name: string, why: string, shows: string, text: string): ResultVector =>
  made(name, `${why}\n`, shows, plain(text));
/** Signed by the CI, and yet no result: `from` replaced in the good text. */
const unfit = (name: string, shows: string, from: string | RegExp, to: string): ResultVector =>
  bad(name, "malformed", shows, signedAs(edited(from, to, TEXT)));

const BAD: readonly ResultVector[] = [
  bad("result-changed", "changed", "a failure made a pass", madePass()),
  bad("tree-changed", "changed", "another tree", edited(`tree: ${TREE}`, `tree: ${NONE}`)),
  bad("base-changed", "changed", "another base", edited(BASE, NONE)),
  bad("env-changed", "changed", "another environment", edited("arch=x86_64", "arch=arm64")),
  bad("env-removed", "changed", "a line taken out", edited("env: cc=gcc-14.2\n", "")),
  bad("counts-changed", "changed", "other counts", edited("skip=3", "skip=0")),
  bad("details-changed", "changed", "other details", edited(/^details: .*$/m, "details: -")),
  bad("test-renamed", "changed", "another test", edited("test: hello.words", "test: hello.all")),
  bad(
    "other-comment",
    "changed",
    "the text of one result over the block of another",
    `${TEXT}\n${signed({ run: 2 }).minisig}`,
  ),
  bad(
    "comment-and-text-changed",
    "signature",
    "another tree in both",
    edited(`tree=${TREE}`, `tree=${NONE}`, edited(`tree: ${TREE}`, `tree: ${NONE}`)),
  ),
  bad("time-changed", "signature", "another time", edited(`t=${RUN_TIME}`, `t=${RUN_TIME + 1}`)),
  bad(
    "other-key",
    "signature",
    "Alice's key in the CI's comment",
    edited(CI, blockOf(SIGNED[1]!).slice(28, 84)),
  ),
  bad(
    "key-number",
    "signature",
    "another key ID in the signature",
    edited(/^RU.*$/m, otherNumber()),
  ),
  bad(
    "comment-says-more",
    "malformed",
    "the comment says what the text does not, signed",
    signedAs(TEXT, `${COMMENT} x=1`),
  ),
  unfit("by-upper-case", "by: is not normalised", "by: ci@", "by: Ci@"),
  unfit("no-tree", "no tree", /^tree: .*$/m, "tree: -"),
  unfit("short-tree", "a tree of 12 digits", TREE, TREE.slice(0, 12)),
  unfit("upper-case-tree", "a tree in upper case", TREE, TREE.toUpperCase()),
  unfit("mixed-hashes", "a SHA-256 base of a SHA-1 tree", BASE, sha256("a base")),
  unfit("before-2001", "a time of nine digits", /^t: .*$/m, "t: 999999999"),
  unfit("blank-test", "a blank in the test's name", "hello.words", "hello words"),
  unfit("empty-part", "an empty part of the test's name", "hello.words", "hello..words"),
  unfit("long-test", "129 characters", "hello.words", "x".repeat(129)),
  unfit("scheduled", "no outcome of the six", "result: pass", "result: scheduled"),
  unfit("upper-case-result", "an outcome in upper case", "result: pass", "result: PASS"),
  unfit("pass-with-failure", "passed, and one case failed", "fail=0", "fail=1"),
  unfit("nothing-passed", "passed, and no case did", "pass=118", "pass=0"),
  unfit("better-than-cases", "skipped, and cases passed", "result: pass", "result: skip"),
  unfit("leading-zero", "a count with a zero before it", "pass=118", "pass=0118"),
  unfit("run-0", "attempts begin with 1", "run: 1", "run: 0"),
  unfit(
    "env-order",
    "the environment out of order",
    /^env: arch.*\n(env: cc.*\n)/m,
    "env: cc=1\nenv: arch=1\n",
  ),
  unfit("env-twice", "a key twice", "env: cc=gcc-14.2", "env: cc=gcc-14.2\nenv: cc=gcc-14.3"),
  unfit("env-blank", "a blank in a value", "cc=gcc-14.2", "cc=gcc 14.2"),
  unfit(
    "env-17",
    "seventeen of the environment",
    /(?:^env: .*\n)+/m,
    [...FULL_ENV, "z=1"].map((one) => `env: ${one}\n`).join(""),
  ),
  unfit("control", "a control character", "cc=gcc-14.2", "cc=gcc\x1b[31m"),
  unfit("no-ascii", "a character beyond ASCII", "cc=gcc-14.2", "cc=gcc\xe9"),
  unfit("log-scheme", "a log that is no web page", "https://ci", "file://ci"),
  unfit("long-line", "a line of 999 bytes", /^via: -$/m, `via: https://${"x".repeat(986)}`),
  unfit("field-missing", "a field missing", /^rev: .*\n/m, ""),
  unfit("field-twice", "a field twice", "rev: -\n", "rev: -\nrev: -\n"),
  unfit("fields-swapped", "two fields in another order", /^rev: -\n/m, "config: -\nrev: -\n"),
  unfit("unknown-field", "a field that version 1 has not", "via: -\n", "via: -\nnote: fine\n"),
  unfit("trailing-blank", "a blank at the end of a line", "run: 1\n", "run: 1 \n"),
  unfit("two-blanks", "two blanks behind the colon", "run: 1\n", "run:  1\n"),
  bad("wrapped", "malformed", "a broken line", edited(/^(counts: .*) (skip)/m, "counts:\npass")),
  bad("text-between", "malformed", "words between text and block", edited("\n\n", "\nfine!\n\n")),
  bad("text-behind", "malformed", "words behind the last line", `${RESULT.trimEnd()} fine!\n`),
  bad("cut", "malformed", "cut short", RESULT.slice(0, -30)),
  bad("no-block", "malformed", "not signed", TEXT),
  bad("patch-block", "malformed", "a patch's block below it", `${TEXT}\n${blockOf(SIGNED[1]!)}`),
  bad(
    "posing-patch-block",
    "malformed",
    "a block with a patch's comment, signed",
    signedAs(TEXT, "patchsig-v1 t=1"),
  ),
  bad(
    "posing-statement",
    "malformed",
    "a statement about a key, posing as its block",
    `${TEXT}\n${statement.replace("patchsig-statement RW", "patchsig-result RW")}`,
  ),
  bad(
    "review-block",
    "malformed",
    "a block of another kind",
    edited("comment: patchsig-result RW", "comment: patchsig-review RW"),
  ),
  bad("legacy", "malformed", "a signature that is not prehashed", edited("\nRU", "\nRW")),
  bad("version-2", "version", "another version", edited("-v1\nt:", "-v2\nt:")),
  made(
    "with-diff",
    "diff\n",
    "the mail has a diff of its own",
    plain(RESULT).replace("All is well.\n", `All is well.\n\n${OTHER}`),
  ),
  made(
    "nine",
    `${Array(8).fill(ONE).join("\n")}\ntoo-many\n`,
    "one more than 8",
    plain(Array(9).fill(RESULT).join("\n")),
  ),
];

function madePass(): string {
  const failed = signed({ result: "fail", counts: null });
  const text = formatSignedText(failed);
  return edited("result=fail", "result=pass", edited("result: fail", "result: pass", text)).replace(
    "result=pass",
    "result=fail",
  );
}

function otherNumber(): string {
  const bytes = Buffer.from(/^RU.*$/m.exec(RESULT)![0], "base64");
  bytes.write("results2", 2, "latin1");
  return bytes.toString("base64");
}

export const RESULTS: readonly ResultVector[] = [...GOOD, ...BAD];

/** Every file of fixtures/result but the README. */
export function resultFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const add = (name: string, text: string | Buffer) => files.set(name, Buffer.from(text));
  add("ci.key", formatSecretKeyFile(CI_KEY, "minisign secret key, for tests only", null));
  add("ci.pub", formatPublicKeyFile(CI_KEY.publicKey));
  add("passed.text", TEXT);
  add("passed.text.minisig", BLOCK);
  for (const { name, mail, verdict } of RESULTS) {
    files.set(`${name}.eml`, mail);
    add(`${name}.verdict`, verdict);
  }
  return files;
}
