/** Signing: puts the block into the mails of one series (spec, "The block"). Pure. */

import { decodedBody, spliceBody } from "../mail/insert.ts";
import { changeRaw, dropCr } from "../mail/line-ends.ts";
import { readRawMail } from "../mail/mailinfo.ts";
import { formatPublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import {
  formatSignature,
  type LocalSigner,
  signing,
  type Signing,
  signNow,
} from "../minisign/signature.ts";
import { refused } from "../refused.ts";
import type { BreakPoint, MailView, Result } from "../types.ts";
import { type Attestation, attestMail, sha256 } from "./attestation.ts";
import { findMarkers, readBlock, type UnverifiedBlock, untrustedComment } from "./block.ts";
import { readDiff } from "../diff/diff.ts";
import { seriesId } from "./series.ts";
import { isReplySubject, subjectNumber } from "./subject.ts";
import { formatTrustedComment, type TrustedComment } from "./trusted-comment.ts";

/** A prepared mail: read, without an old block, and with a patch break. */
export interface Prepared {
  readonly mail: Buffer;
  readonly view: MailView;
  readonly attestation: Attestation;
  readonly isCover: boolean;
  /** The old block. */
  readonly old: UnverifiedBlock | null;
  /** As the Subject says. */
  readonly version: number;
  readonly index: number | null;
  readonly total: number | null;
}

/** What all mails of one signing share. */
export interface SigningTerms {
  /** Seconds since the epoch. */
  readonly time: number;
  /** The signer's address, normalised. */
  readonly by: string;
  readonly base: string | null;
}

/** A prepared mail with its place in the series. */
export interface Placed {
  readonly prepared: Prepared;
  readonly version: number;
  readonly index: number;
  readonly total: number;
}

/**
 * Makes a mail ready to be signed.
 *
 * @param mail one mail with its CRs
 * @returns null if it is neither a patch nor a cover letter: such a mail is left as it is
 */
export function prepare(mail: Buffer): Result<Prepared> | null {
  const read = readRawMail(mail);
  if (!read.ok) return read;
  const diff = readDiff(read.value.patch, read.value.crs);
  if (!diff.ok) return diff;
  const number = subjectNumber(read.value.headers.subject);
  // the letter of a reroll may hold a diff against the version before (--interdiff)
  const isCover = number.index === 0;
  const isReply = isReplySubject(read.value.headers.subject);
  if (diff.value.files.length === 0 && (!isCover || isReply)) {
    if (!HIDDEN_DIFF.test(read.value.patch.toString("latin1"))) return null;
    return refused("colored-diff", "git am would find no patch in a diff with colors");
  }

  if (number.odd !== null)
    return refused("odd-label", `${number.odd} in the subject: versions and numbers must be whole`);

  const stripped = withoutBlock(mail, read.value.breakPoint, read.value.patch, diff.value.start);
  if (!stripped.ok) return stripped;
  const ready = withBreak(stripped.value.mail);
  if (!ready.ok) return ready;
  const view = ready.value;
  const finalDiff = readDiff(view.view.patch, view.view.crs);
  if (!finalDiff.ok) return finalDiff;
  const attestation = attestMail(view.view, finalDiff.value);
  if (!attestation.ok) return attestation;
  return {
    ok: true,
    value: {
      ...view,
      attestation: attestation.value,
      isCover,
      old: stripped.value.old,
      version: number.version ?? 1,
      index: number.index,
      total: number.total,
    },
  };
}

/** `--color`: escape sequences before what would begin a file patch. */
const HIDDEN_DIFF = /^(?:\x1b\[[\d;]*[mK])+diff --git /m;

/** Removes the old block, with the blank line below it. */
function withoutBlock(
  mail: Buffer,
  at: BreakPoint,
  patch: Buffer,
  diffStart: number,
): Result<{ mail: Buffer; old: UnverifiedBlock | null }> {
  const markers = findMarkers(patch.subarray(0, diffStart));
  if (markers.length === 0) return { ok: true, value: { mail, old: null } };
  const body = decodedBody(dropCr(mail), at);
  const notes = body.subarray(at.decodedOffset);
  const [start] = findMarkers(notes);
  if (markers.length > 1 || start === undefined)
    return refused("block-several", "remove the old signature blocks by hand");
  const old = readBlock(notes, start);
  if (!old.ok) return old;
  let { end } = old.value;
  if (notes[end] === 0x0a) end++;
  const clean = splice(mail, at, start, end, EMPTY);
  return { ok: true, value: { mail: clean, old: old.value } };
}

/** Replaces [start, end) below the break in a mail with its CRs; all else keeps its bytes. */
function splice(mail: Buffer, at: BreakPoint, start: number, end: number, insert: Buffer): Buffer {
  const { decodedOffset: zero } = at;
  return changeRaw(mail, (plain) => spliceBody(plain, at, zero + start, zero + end, insert));
}

const EMPTY = Buffer.alloc(0);
const BREAK = Buffer.from("---\n");
const LONE_BREAK = Buffer.from("\n---\n");

/** Writes a `---` line where there is none: into cover letters, and before a naked diff. */
function withBreak(mail: Buffer): Result<{ mail: Buffer; view: MailView }> {
  const read = readRawMail(mail);
  if (!read.ok) return read;
  const at = read.value.breakPoint;
  if (at.kind === "dashes") return { ok: true, value: { mail, view: read.value } };
  const body = decodedBody(dropCr(mail), at);
  const offset = at.kind === "diff" ? at.decodedOffset : endOfCover(body);
  const blankBefore =
    offset === 0 || body.toString("latin1", Math.max(0, offset - 2), offset) === "\n\n";
  const lines = blankBefore ? BREAK : LONE_BREAK;
  const broken = changeRaw(mail, (plain) => spliceBody(plain, at, offset, offset, lines));
  const again = readRawMail(broken);
  if (!again.ok) return again;
  if (again.value.breakPoint.kind !== "dashes")
    return refused("no-break", "found no place for the --- line");
  return { ok: true, value: { mail: broken, view: again.value } };
}

/** The last line of a diffstat, and the summary of creations, deletions, renames and modes. */
const DIFFSTAT_END =
  /^ \d{1,9} files? changed(?:,[^\n]*)?\n(?: (?:create|delete|mode|rename|copy|rewrite) [^\n]*\n)*/gm;

/**
 * Where the text of a cover letter ends: below its diffstat, else above git's base lines or the
 * signature separator, else at the end. List footers land below that.
 */
function endOfCover(body: Buffer): number {
  const text = body.toString("latin1");
  const stat = [...text.matchAll(DIFFSTAT_END)].at(-1);
  if (stat !== undefined) return stat.index + stat[0].length;
  const tail = /^(?:base-commit: |base-tree: |prerequisite-patch-id: |-- \n)/m.exec(text);
  return tail === null ? body.length : tail.index;
}

/**
 * Signs mails that belong together.
 *
 * @param placed all with the same version and total; bound as a series if all of 1 to total are
 *   there
 * @returns the signed mails, in the order given. The same mails, key and terms give the same bytes:
 *   a block that already says the same keeps its time.
 */
export function signPlaced(
  placed: readonly Placed[],
  terms: SigningTerms,
  signer: LocalSigner,
): Buffer[] {
  return signNow(signer, seriesSigning(placed, terms, signer.publicKey));
}

/** `signPlaced`, for whoever holds the secret half of `publicKey`. */
export function* seriesSigning(
  placed: readonly Placed[],
  terms: SigningTerms,
  publicKey: PublicKey,
): Signing<Buffer[]> {
  const series = idOf(placed, terms.base);
  const mails: Buffer[] = [];
  for (const { prepared, version, index, total } of placed) {
    const fields: TrustedComment = {
      ...terms,
      series,
      version,
      index,
      total,
      digests: prepared.attestation.digests,
    };
    const { old } = prepared;
    const unchanged =
      old !== null &&
      formatPublicKeyText(old.key) === formatPublicKeyText(publicKey) &&
      old.signature.trustedComment === formatTrustedComment({ ...fields, time: old.comment.time });
    const comment = formatTrustedComment(unchanged ? old.comment : fields);
    const { text } = prepared.attestation;
    const made = yield* signing(publicKey, text, comment, untrustedComment(publicKey));
    const block = Buffer.from(formatSignature(made));
    const lines = Buffer.concat([block, NEWLINE]);
    mails.push(splice(prepared.mail, prepared.view.breakPoint, 0, 0, lines));
  }
  return mails;
}

const NEWLINE = Buffer.from("\n");

/** The series id, or null if a patch of 1 to total is missing or here twice. */
function idOf(placed: readonly Placed[], base: string | null): string | null {
  const patches = placed.filter((p) => p.index > 0).sort((a, b) => a.index - b.index);
  const first = patches[0];
  const whole =
    first !== undefined &&
    patches.length === first.total &&
    patches.every((p, i) => p.index === i + 1 && p.total === first.total);
  if (!whole) return null;
  return seriesId(
    first.version,
    base,
    patches.map((p) => sha256(p.prepared.attestation.text)),
  );
}
