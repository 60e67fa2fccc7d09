/**
 * The signature block: minisign's four lines below the patch break (spec, "The block").
 *
 *     untrusted comment: patchsig RW…        the whole public key
 *     RU…                                    minisign's signature over the attestation
 *     trusted comment: patchsig-v1 t=…       the fields
 *     …                                      minisign's global signature
 */

import { FormatError } from "../errors.ts";
import { formatPublicKeyText, parsePublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import { type Signature, signatureOf } from "../minisign/signature.ts";
import { refused } from "../refused.ts";
import type { Result } from "../types.ts";
import { endOfLine, findLines, squeeze } from "./squeeze.ts";
import {
  COMMENT_SQUEEZED,
  formatTrustedComment,
  fromMatch,
  type TrustedComment,
} from "./trusted-comment.ts";

/** A well-formed block, not verified. */
export interface UnverifiedBlock {
  readonly key: PublicKey;
  /** As it was signed: its comments are rebuilt. */
  readonly signature: Signature;
  /** The fields of its trusted comment. */
  readonly comment: TrustedComment;
  /** Byte range [start, end) of the block in the text that was searched, its last LF included. */
  readonly start: number;
  readonly end: number;
}

const MARKER = Buffer.from("untrusted comment: patchsig");
/** A block with the longest address has under 800 bytes; wrapping and blanks may double that. */
const MAX_BLOCK = 2000;

const BASE64 = "[A-Za-z0-9+/]";
const HEAD = new RegExp(
  `^untrustedcomment:patchsig(RW${BASE64}{54})(RU${BASE64}{97}=)trustedcomment:`,
);
const TAIL = new RegExp(`^${BASE64}{86}==`);

/** The untrusted comment under which patchsig signs: it carries the whole key. */
export function untrustedComment(key: PublicKey): string {
  return `patchsig ${formatPublicKeyText(key)}`;
}

/** Byte offsets of the lines that begin a block; at most two, since two are too many. */
export function findMarkers(text: Buffer): number[] {
  return findLines(text, MARKER, 2);
}

/**
 * Reads the block that begins at `start`.
 *
 * White space in a block means nothing: transports wrap its lines. So this removes all of git's white
 * space and rebuilds the comment from its fields; the result is the signed text, or the global
 * signature fails.
 */
export function readBlock(text: Buffer, start: number): Result<UnverifiedBlock> {
  const squeezed = squeeze(text, start, MAX_BLOCK);

  const head = HEAD.exec(squeezed.text);
  if (head === null) return refused("block-malformed", "the signature block is damaged");
  const fields = squeezed.text.slice(head[0].length);
  const version = /^patchsig-v(\d{1,9})t=/.exec(fields);
  if (version !== null && version[1] !== "1")
    return refused(
      "block-version",
      `the signature has version ${version[1]}; this patchsig knows version 1`,
    );
  const match = COMMENT_SQUEEZED.exec(fields);
  const comment = match === null ? null : fromMatch(match);
  if (match === null || comment === null)
    return refused("block-malformed", "the trusted comment of the signature is damaged");
  const tail = TAIL.exec(fields.slice(match[0].length));
  if (tail === null) return refused("block-malformed", "the signature block is cut short");

  const length = head[0].length + match[0].length + tail[0].length;
  const end = endOfLine(text, squeezed, length);
  if (end === null)
    return refused("block-malformed", "text follows the signature block on its last line");
  try {
    const key = parsePublicKeyText(head[1]!);
    const signature = signatureOf({
      untrustedComment: untrustedComment(key),
      signature: head[2]!,
      trustedComment: formatTrustedComment(comment),
      globalSignature: tail[0],
    });
    return { ok: true, value: { key, signature, comment, start, end } };
  } catch (error) {
    if (error instanceof FormatError) return refused("block-malformed", error.message);
    throw error;
  }
}
