/** One mail for programs: what git reads in it. Says nothing about who signed it. */

import { parseDate } from "../mail/date.ts";
import { createVerifier } from "../minisign/ed25519.ts";
import { formatSignature } from "../minisign/signature.ts";
import { attestMail } from "../patch/attestation.ts";
import { findMarkers, readBlock } from "../patch/block.ts";
import type { BaseLines } from "../base/lines.ts";
import type { Diff, FilePatch, MailView } from "../types.ts";
import type { Finding } from "../findings.ts";
import { checkMail } from "../verify/check.ts";
import { bufferOf } from "./mails.ts";

/** A file that a patch changes, as `git apply` would change it. */
export interface ChangedFile {
  /** Without a/ and b/, unquoted, invalid UTF-8 as U+FFFD; null for /dev/null. */
  readonly oldName: string | null;
  readonly newName: string | null;
  readonly kind: "modify" | "create" | "delete" | "rename" | "copy" | "mode";
  readonly binary: boolean;
  /** Lines. */
  readonly added: number;
  readonly deleted: number;
}

/**
 * The contents of a mail. Nothing here proves who wrote it: `verifySeries` does that. Text is as it
 * came: escape it before you print it.
 */
export interface MailReading {
  /** "other": neither a patch nor a cover letter; or a reply. */
  readonly kind: "patch" | "cover" | "other";
  /** False if it was refused: `findings` say why, and little of its content is here. */
  readonly read: boolean;
  /** With angle brackets; or "". */
  readonly messageId: string;
  /** Message-IDs of References and In-Reply-To, the nearest last. */
  readonly references: readonly string[];
  /** Without `[PATCH …]`, as git commits it. */
  readonly subject: string;
  /** As git commits it; null if the mail was refused. */
  readonly author: { readonly name: string; readonly email: string } | null;
  /** The Date header, seconds since 1970; or null. */
  readonly date: number | null;
  /**
   * From `[PATCH v2 1/3]`; `index` 0 is a cover letter. All are 1 if the Subject has no numbers.
   */
  readonly number: { readonly version: number; readonly index: number; readonly total: number };
  /** The commit message below the subject, byte for byte as `git mailinfo` writes it. */
  readonly message: Uint8Array;
  readonly files: readonly ChangedFile[];
  /**
   * base-commit:, prerequisite-patch-id: and the like, as the mail's own lines have them, not as
   * signed.
   */
  readonly baseLines: BaseLines;
  /**
   * The text that a signature of this mail covers (docs/spec/patch-signature.md); null if it cannot
   * be signed.
   */
  readonly attestation: Uint8Array | null;
  /** The signature block as a `.minisig` file over `attestation`, **not verified**; null if there is none. */
  readonly minisig: string | null;
  /** What is odd about the mail or its diff, or why it was refused (docs/findings.md). */
  readonly findings: readonly Finding[];
}

/**
 * Reads one mail as `git am` would, and as `verifySeries` does. Never throws because of its
 * content.
 *
 * @param mail as it came, with its CRs, without an mbox From line. Its size is not
 *   checked here; `readMails` leaves out what is larger than 100 MiB
 */
export function readMail(mail: Uint8Array): MailReading {
  const checked = checkMail(bufferOf(mail), createVerifier(1));
  const { kind, view, diff, messageId, references, subject, number, baseLines, isAnswer } = checked;
  const read = view !== null && diff !== null;
  return {
    kind: isAnswer ? "other" : kind,
    read,
    messageId,
    references,
    subject,
    author:
      view === null
        ? null
        : { name: view.info.author.toString("utf8"), email: view.info.email.toString("utf8") },
    date: parseDate(view?.headers.date ?? ""),
    number,
    message: view?.message ?? new Uint8Array(),
    files: diff?.files.map(changedFile) ?? [],
    baseLines,
    attestation: checked.attestation?.text ?? attestationOf(view, diff),
    minisig: minisigIn(view),
    // findings about the signature would be half of a verification
    findings: read ? [...view.findings, ...diff.findings] : checked.findings,
  };
}

function changedFile({ oldName, newName, kind, binary, added, deleted }: FilePatch): ChangedFile {
  return {
    oldName: oldName?.toString("utf8") ?? null,
    newName: newName?.toString("utf8") ?? null,
    kind,
    binary,
    added,
    deleted,
  };
}

function attestationOf(view: MailView | null, diff: Diff | null): Uint8Array | null {
  if (view === null || diff === null) return null;
  const made = attestMail(view, diff);
  return made.ok ? made.value.text : null;
}

function minisigIn(view: MailView | null): string | null {
  const [start] = view === null ? [] : findMarkers(view.patch);
  if (view === null || start === undefined) return null;
  const block = readBlock(view.patch, start);
  return block.ok ? formatSignature(block.value.signature) : null;
}
