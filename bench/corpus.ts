/**
 * Signed mails from a repository's history: as git format-patch writes them, one in 13 encoded, one
 * series for each run of commits by one author, and a throw-away key for each author.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { encodeBase64, encodeQuotedPrintable } from "../src/mail/transfer.ts";
import { importSeed, publicPoint } from "../src/minisign/ed25519.ts";
import { SecretKey } from "../src/minisign/secret-key.ts";
import { type Placed, prepare, signPlaced } from "../src/patch/sign.ts";
import { MboxSplitter } from "../src/mail/mbox.ts";
import { mailDate } from "../src/primitives/time.ts";
import { normaliseIdentity } from "../src/trust/identity.ts";

/** One signed mail, and the same before it was signed. */
export interface SignedMail {
  readonly plain: Buffer;
  readonly signed: Buffer;
}

const TIME = 1_794_000_000;
const BASE = "0123456789abcdef0123456789abcdef01234567";
const MAX_SERIES = 20;
const YEAR = 365 * 86_400;

/** The mails of the last `count` commits without merges, oldest first. */
function* plainMails(repository: string, count: number, folder: string): Generator<Buffer> {
  const file = join(folder, "format-patch.mbox");
  const fd = openSync(file, "w");
  // in a partial copy of a repository, only what git can still show
  const args = ["-C", repository, "format-patch", "--stdout", "--no-numbered", `-${count}`, "HEAD"];
  const { status, stderr } = spawnSync("git", args, { stdio: ["ignore", fd, "pipe"] });
  closeSync(fd);
  if (status !== 0) throw new Error(`git format-patch: ${stderr.toString()}`);
  for (const mail of mailsIn(file)) yield mail;
}

function* mailsIn(file: string): Generator<Buffer> {
  const fd = openSync(file, "r");
  const splitter = new MboxSplitter();
  for (;;) {
    const chunk = Buffer.alloc(1 << 20);
    const length = readSync(fd, chunk);
    const found = length > 0 ? splitter.push(chunk.subarray(0, length)) : splitter.end();
    for (const { bytes } of found) if (bytes !== null) yield bytes;
    if (length === 0) break;
  }
  closeSync(fd);
}

/** That many mails; a short history is repeated, under other titles and a year later. */
function* enoughMails(repository: string, count: number, folder: string): Generator<Buffer> {
  let made = 0;
  for (let round = 0; made < count; round++) {
    const before = made;
    for (const mail of plainMails(repository, count, folder)) {
      if (made++ === count) return;
      yield round === 0 ? mail : retitled(mail, round);
    }
    if (made === before) throw new Error(`${repository}: no commits to make mails of`);
  }
}

function replaceHeader(
  mail: Buffer,
  pattern: RegExp,
  by: string | ((line: string) => string),
): Buffer {
  const end = mail.indexOf("\n\n") + 1;
  const old = mail.toString("latin1", 0, end);
  const header = typeof by === "string" ? old.replace(pattern, by) : old.replace(pattern, by);
  return Buffer.concat([Buffer.from(header, "latin1"), mail.subarray(end)]);
}

function retitled(mail: Buffer, round: number): Buffer {
  const later = replaceHeader(mail, /^Date: .*$/m, (line) => {
    const seconds = Date.parse(line.slice("Date: ".length)) / 1000;
    return `Date: ${mailDate(seconds + round * YEAR)}`;
  });
  return replaceHeader(later, /^Subject: \[PATCH\] /m, `Subject: [PATCH] round ${round}: `);
}

/** 5 % quoted-printable and 2.5 % base64, as in the archives; text that is not UTF-8 stays. */
function encoded(mail: Buffer, number: number): Buffer {
  const quoted = number % 20 === 7;
  if (!quoted && number % 40 !== 11) return mail;
  const end = mail.indexOf("\n\n") + 2;
  const kept = mail.toString("latin1", 0, end - 1).replace(/^(?:MIME|Content)-.*\n/gm, "");
  const name = quoted ? "quoted-printable" : "base64";
  const mime = `MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n`;
  const header = `${kept}${mime}Content-Transfer-Encoding: ${name}\n\n`;
  const body = mail.subarray(end);
  return Buffer.concat([
    Buffer.from(header, "latin1"),
    quoted ? encodeQuotedPrintable(body) : encodeBase64(body),
  ]);
}

const keys = new Map<string, SecretKey>();

/** An author's key, derived from the name only, so that it is the same in every run. */
export function keyOf(identity: string): SecretKey {
  const known = keys.get(identity);
  if (known !== undefined) return known;
  const seed = createHash("sha256").update(`throw-away ${identity}`).digest();
  const point = publicPoint(importSeed(seed));
  const key = new SecretKey(seed, { keyNumber: seed.subarray(0, 8), point });
  keys.set(identity, key);
  return key;
}

/** Mails as one series by one author: numbered, threaded, encoded, signed. */
function signTogether(mails: readonly Buffer[], by: string, number: number): SignedMail[] {
  const total = mails.length;
  const id = (n: number): string => `<${number + n}.bench@example.org>`;
  const plain = mails.map((mail, i) => {
    const thread = i === 0 ? "" : `\nIn-Reply-To: ${id(0)}`;
    const label = total === 1 ? "[PATCH]" : `[PATCH ${i + 1}/${total}]`;
    const subject = `Message-ID: ${id(i)}${thread}\nSubject: ${label}`;
    return encoded(replaceHeader(mail, /^Subject: \[PATCH\]/m, subject), number + i);
  });
  const placed: Placed[] = [];
  for (const [i, mail] of plain.entries()) {
    const made = prepare(mail);
    if (made?.ok !== true) return [];
    placed.push({ prepared: made.value, version: 1, index: i + 1, total });
  }
  const signed = signPlaced(placed, { time: TIME, by, base: BASE }, keyOf(by));
  return plain.map((mail, i) => ({ plain: mail, signed: signed[i]! }));
}

/**
 * Up to `count` signed mails. Skips series with a mail that cannot be signed: without a diff, or
 * with a title that is not UTF-8.
 */
export function* signedMails(
  repository: string,
  count: number,
  folder: string,
): Generator<SignedMail> {
  let author: string | null = null;
  let series: Buffer[] = [];
  let number = 0;
  function* flush(): Generator<SignedMail> {
    if (author !== null) yield* signTogether(series, author, number);
    number += series.length;
    series = [];
  }
  for (const mail of enoughMails(repository, count, folder)) {
    const made = prepare(mail);
    if (made?.ok !== true) continue;
    const by = normaliseIdentity(made.value.attestation.email);
    if (by !== author || series.length === MAX_SERIES) yield* flush();
    author = by !== null && /^[!-~]+$/.test(by) ? by : null;
    series.push(mail);
  }
  yield* flush();
}

const FROM_LINE = Buffer.from("From 0000000000000000000000000000000000000000 ");
const REST = Buffer.from("Mon Sep 17 00:00:00 2001\n");
const NEWLINE = Buffer.from("\n");

/** Appends a mail to an open mbox. */
export function appendMail(fd: number, mail: Buffer): void {
  const all = Buffer.concat([FROM_LINE, REST, mail, NEWLINE]);
  for (let done = 0; done < all.length;) done += writeSync(fd, all, done);
}

/** Writes mails as an mbox; returns its size in bytes. */
export function writeMbox(file: string, mails: Iterable<Buffer>): void {
  const fd = openSync(file, "w");
  for (const mail of mails) appendMail(fd, mail);
  closeSync(fd);
}
