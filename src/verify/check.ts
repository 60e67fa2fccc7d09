/**
 * What one mail is and whether its signature is good: everything that does not need the trust
 * database. Pure; a mail is untrusted to the last byte.
 */

import { refused } from "../refused.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { readReadable } from "../mail/mailinfo.ts";
import { ReadableMail } from "../mail/readable.ts";
import { attest } from "../patch/attestation.ts";
import { findMarkers, readBlock, type UnverifiedBlock } from "../patch/block.ts";
import { readDiff } from "../diff/diff.ts";
import { isReplySubject, type SubjectNumber, subjectNumber } from "../patch/subject.ts";
import type { Diff, MailView, Result } from "../types.ts";
import { listedAuthor } from "./author.ts";
import { withCarrier } from "./carrier.ts";
import { describe, refusedFinding, refusedMail } from "./describe.ts";
import { checkSignature } from "./duties.ts";
import { finding } from "../findings.ts";
import type { Checked } from "./result.ts";
import { statementsIn } from "./statements.ts";

/**
 * Reads one mail (with its CRs, as `git mailsplit --keep-cr` leaves it) and checks its signature.
 *
 * @param mail the mail's bytes
 * @param verifier strict Ed25519, with its cache of keys
 */
export function checkMail(mail: Buffer, verifier: Verifier): Checked {
  return checkReadable(new ReadableMail(mail), verifier);
}

/** The same of a mail that others read too. */
export function checkReadable(mail: ReadableMail, verifier: Verifier): Checked {
  return withCarrier(checkAlone(mail, verifier), mail.raw);
}

/** The same, without looking for a carried mail. */
function checkAlone(mail: ReadableMail, verifier: Verifier): Checked {
  const read = readReadable(mail);
  if (!read.ok) return refusedMail(mail.raw, read.refusal);
  const view = read.value;
  const parsed = readDiff(view.patch, view.crs);
  const diff = parsed.ok ? parsed.value : null;
  const block = locateBlock(view, diff);
  const number = subjectNumber(view.headers.subject);
  const checked = describe(view, diff, number, statementsIn(view, diff, verifier));
  const isCover = number.index === 0;

  // a patch quoted in a reply is not a patch, and its "0/3" not a cover letter
  if (block === null && isAnswer(view, number)) return answer(checked, diff);
  if (!parsed.ok) {
    const why = refusedFinding("diff", parsed.refusal);
    return {
      ...checked,
      kind: "patch",
      signature: block === null ? "none" : "malformed",
      findings: [...checked.findings, why],
    };
  }
  if (block === null) {
    const kind = isCover ? "cover" : parsed.value.files.length > 0 ? "patch" : "other";
    const listed = kind === "patch" ? listedAuthor(view) : null;
    if (listed === null) return { ...checked, kind };
    const why = finding("author-replaced", `git commits ${listed} as the author`);
    return { ...checked, kind, findings: [...checked.findings, why] };
  }
  const kind = isCover || parsed.value.files.length === 0 ? "cover" : "patch";
  if (!block.ok) {
    const findings = [...checked.findings, refusedFinding("block", block.refusal)];
    return { ...checked, kind, signature: "malformed", findings };
  }
  return checkSignature(
    { ...checked, kind },
    { view, diff: parsed.value, number },
    block.value,
    verifier,
  );
}

/**
 * Many replies with a diff have another title than `Re:`: `Applied "…" to the regmap tree`, what tip-bot2 and
 * Bugzilla send. Their Subject does not call them patches, as no sender of patches does in a thread.
 */
function isAnswer({ headers }: MailView, { version }: SubjectNumber): boolean {
  const isInThread = headers.references !== "" || headers.inReplyTo !== "";
  return isReplySubject(headers.subject) || (version === null && isInThread);
}

/** An unsigned reply: with a diff of its own it is shown, but never applied. */
function answer(checked: Checked, diff: Diff | null): Checked {
  if (diff === null || diff.files.length === 0) return { ...checked, kind: "other" };
  const findings = [...checked.findings, finding("answer", "a reply that carries a diff")];
  // the number is that of the patch it replies to
  const number = { version: 1, index: 1, total: 1 };
  return { ...checked, kind: "patch", isAnswer: true, number, findings };
}

/**
 * The block of the mail, anywhere between the patch break and the first file diff. Null if there is
 * none; refused if there are several, or if it is where git would commit or apply text around it.
 */
function locateBlock(view: MailView, diff: Diff | null): Result<UnverifiedBlock> | null {
  const markers = findMarkers(view.patch);
  const elsewhere = findMarkers(view.message).length > 0;
  if (markers.length === 0 && !elsewhere) return null;
  if (markers.length + (elsewhere ? 1 : 0) > 1)
    return refused("block-several", "there is more than one signature block");
  const start = markers[0];
  const end = diff === null || diff.files.length === 0 ? view.patch.length : diff.start;
  if (start === undefined || start >= end || view.breakPoint.kind !== "dashes")
    return refused("block-misplaced", "the signature block is not directly below a --- line");
  return readBlock(view.patch.subarray(0, end), start);
}

/**
 * The same mail as its signer wrote it, with its own trailers as they stood. Unchanged if something else is wrong
 * with it.
 */
export function asSigned(checked: Checked): Checked {
  const { signedMessage: message, view, diff, author } = checked;
  if (message === null || checked.changed.join() !== "message") return checked;
  if (view === null || diff === null || author === null) return checked;
  // a list may have replaced the author
  const info = {
    ...view.info,
    author: Buffer.from(author.name),
    email: Buffer.from(author.email),
  };
  const signed = attest(info, message, diff.canonical);
  if (!signed.ok) return checked;
  return {
    ...checked,
    view: { ...view, message },
    attestation: signed.value,
    signature: "good",
    changed: [],
    findings: checked.findings.filter(
      ({ code }) => code !== "trailers-added" && code !== "trailers-moved",
    ),
  };
}
