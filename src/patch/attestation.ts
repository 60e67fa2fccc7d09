/** The attestation: the short text that a signature is made over (spec, "The attestation"). */

import { hash } from "node:crypto";
import { refused } from "../refused.ts";
import type { Diff, MailInfo, MailView, Result } from "../types.ts";
import { canonicalMessage, canonicalSubject } from "./message.ts";

/** The text, and the digests by which a failure can tell what changed. */
export interface Attestation {
  /** The bytes that are signed: five LF-terminated lines. */
  readonly text: Buffer;
  /** `Name <address>`. */
  readonly author: string;
  readonly email: string;
  readonly digests: Digests;
}

/** Lower-case hex prefixes of SHA-256 digests, as the trusted comment carries them. */
export interface Digests {
  readonly author: string;
  readonly subject: string;
  readonly message: string;
  readonly diff: string;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `sha256(bytes)` in lower-case hex.
 */
export function sha256(bytes: Buffer | string): string {
  return hash("sha256", bytes, "hex");
}

/** The bytes as text, or null if they are not UTF-8 or hold a control character. */
function plainText(bytes: Buffer): string | null {
  try {
    const text = UTF8.decode(bytes);
    // C0, DEL and C1: none belongs in a name or a title, and a line feed would add a line.
    return /[\0-\x1f\x7f-\x9f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/**
 * The attestation of one mail: what `git am` would commit, in canonical form.
 *
 * @param info author, address and subject as `git mailinfo` reports them
 * @param message its message text
 * @param diff the canonical file patches of the mail
 * @returns the attestation; or a refusal if author or subject is not plain UTF-8 text on one line, or
 *   the address is empty or ambiguous
 */
export function attest(info: MailInfo, message: Buffer, diff: Buffer): Result<Attestation> {
  return attestDigests(info, sha256(canonicalMessage(message)), sha256(diff));
}

/** `attest` for a caller that has both full digests (hex). */
export function attestDigests(info: MailInfo, message: string, diff: string): Result<Attestation> {
  const name = plainText(info.author);
  const email = plainText(info.email);
  if (name === null)
    return refused("author-text", "the author's name is not plain text on one line");
  if (email === null || !/^[^\s<>]+$/.test(email))
    return refused("author-address", "the author has no usable address");
  if (plainText(info.subject) === null)
    return refused("subject-text", "the subject is not plain text on one line");
  const author = `${name} <${email}>`;
  const subject = canonicalSubject(info.subject);
  const text = Buffer.concat([
    Buffer.from(`patchsig-v1\nauthor: ${author}\nsubject: `),
    subject,
    Buffer.from(`\nmessage: ${message}\ndiff: ${diff}\n`),
  ]);
  const digests = {
    author: sha256(author).slice(0, 8),
    subject: sha256(subject).slice(0, 8),
    message: message.slice(0, 16),
    diff: diff.slice(0, 16),
  };
  return { ok: true, value: { text, author, email, digests } };
}

/** The attestation of a mail that was read and whose diff was parsed. */
export function attestMail(view: MailView, diff: Diff): Result<Attestation> {
  return attest(view.info, view.message, diff.canonical);
}
