/** Checks mails, in this thread or in others: everything that does not depend on trust. */

import { openKeyrings } from "../../devkeys/folder.ts";
import { verifyOpenpgp } from "../../devkeys/gpg.ts";
import { PatchsigError } from "../../errors.ts";
import { ReadableMail } from "../../mail/readable.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { isWrapped } from "../../verify/carrier.ts";
import { asSigned, checkReadable } from "../../verify/check.ts";
import { refusedMail } from "../../verify/describe.ts";
import type { DkimClaims } from "../../dkim/claim.ts";
import { withDkim } from "../../verify/dkim.ts";
import { withReply } from "../../verify/reply.ts";
import { withDevsig } from "../../verify/devsig.ts";
import { type Evidence, evidenceOf } from "../../verify/evidence.ts";
import { type AmSettings, withPlainAm } from "../../verify/plain-am.ts";
import type { Checked } from "../../verify/result.ts";
import type { ThreadMail } from "../../series/item.ts";
import type { ReplyMail } from "../../trailers/reply.ts";
import { trailerNames } from "../../trailers/trailer.ts";
import type { DkimCheck } from "./dkim.ts";

export interface CheckOptions {
  /** Folders with keys for X-Developer-Signature. */
  readonly devKeyrings: readonly string[];
  /** Take mails as they were signed, without trailers that were added since. */
  readonly signedOnly: boolean;
  /** Look for DKIM; null to skip that. */
  readonly dkim: DkimCheck | null;
  /** Find out if plain `git am` under these settings would make another commit; null to skip that. */
  readonly plainAm: AmSettings | null;
  /** Trailers to read in replies besides git's usual ones; not given: replies are not read. */
  readonly trailers?: readonly string[];
}

/**
 * `bytes` is null if the mail is larger than what is read; `size` says how large. `read` is what others have read
 * of it.
 */
export type CheckMail = (bytes: Buffer | null, size: number, read?: ReadableMail) => Checked;

/** Throws a PatchsigError "not-found" if a keyring folder is none. */
export function createCheck(options: CheckOptions): CheckMail {
  const { devKeyrings, signedOnly, dkim, plainAm, trailers } = options;
  const names = trailers === undefined ? null : trailerNames(trailers);
  const verifier = createVerifier();
  const tools = { verifier, findKey: openKeyrings(devKeyrings), openpgp: verifyOpenpgp };
  const known = new Set(dkim?.names ?? []);
  const wanted = (name: string): boolean => dkim?.names === null || known.has(name);
  const look = dkim === null ? null : { wanted, servers: dkim.servers };
  return (bytes, size, read) => {
    if (bytes === null) {
      const detail = `${size} bytes are too many`;
      return refusedMail(Buffer.alloc(0), { reason: "mail-too-large", detail });
    }
    const mail = read ?? new ReadableMail(bytes);
    const alone = withPlainAm(bytes, checkReadable(mail, verifier), plainAm);
    const developers = withDevsig(bytes, alone, tools);
    const signed = signedOnly ? asSigned(developers) : developers;
    const replied = names === null ? signed : withReply(mail, signed, names, verifier);
    return look === null ? replied : withDkim(bytes, replied, look);
  };
}

/** The result of checking a mail. */
export type Examined = Evidence | ThreadMail | ReplyMail | Error;

/** What its DKIM signatures claim, for the patch and for what it says of others. */
export function claimsIn(examined: Examined): DkimClaims[] {
  if (examined instanceof Error || !("dkim" in examined)) return [];
  const ofReply = isEvidence(examined) ? (examined.reply?.dkim ?? null) : null;
  return [examined.dkim, ofReply].filter((one) => one !== null);
}

/** As `evidenceIn`, but returns this program's own failures at a mail, so that the next one is checked. */
export function examine(check: CheckMail, bytes: Buffer | null, size: number): Examined {
  try {
    return evidenceIn(check(bytes, size));
  } catch (error) {
    if (error instanceof PatchsigError || !(error instanceof Error)) throw error;
    return error;
  }
}

/**
 * What a verdict needs of a mail; only its thread and what it says of other patches, if there is nothing to
 * judge or report.
 */
export function evidenceIn(checked: Checked): Evidence | ThreadMail | ReplyMail {
  const { kind, view, statements, messageId, references, reply, findings } = checked;
  const isSilent = statements.length === 0 && !findings.some(isWrapped);
  return kind === "other" && view !== null && isSilent
    ? (reply ?? { messageId, references })
    : evidenceOf(checked);
}

/** True if there is something in the mail to judge. */
export function isEvidence(found: Evidence | ThreadMail): found is Evidence {
  return "kind" in found;
}
