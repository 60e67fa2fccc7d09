/** A branch's commits as the mails of one version: formatted, with cover letter and changes, signed. */

import { readDiff } from "../../diff/diff.ts";
import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { insertAtBreak } from "../../mail/insert.ts";
import { readMail } from "../../mail/mailinfo.ts";
import { fillCover } from "../../outgoing/cover-mail.ts";
import { type NewField, withFields } from "../../outgoing/header.ts";
import type { CoverText } from "../../outgoing/reroll.ts";
import type { SentMail } from "../../outgoing/state.ts";
import { sha256 } from "../../patch/attestation.ts";
import { canonicalMessage } from "../../patch/message.ts";
import type { Reporter } from "../reporter.ts";
import type { PreparedSeries, PrepareSeries, Written } from "../sign/prepare-series.ts";
import { unsignable } from "../sign/unsignable.ts";
import { seriesAsMbox } from "../sign/write-series.ts";

/** What one version's mails say besides its commits. */
export interface VersionTexts {
  readonly version: number;
  /** The words before the number in the subject: `RFC net-next PATCH`. */
  readonly label: string;
  /** Null: there is no cover letter. */
  readonly cover: CoverText | null;
  /** The change log; "" for none. */
  readonly changes: string;
  readonly changeId: string;
  /** What git compares with: `<base>..<tip>` of an earlier version; null: nothing. */
  readonly compareWith: string | null;
  /** Fields for the mails as they are to be sent, in order: the cover letter is first. */
  readonly fields: (mails: readonly Buffer[]) => Promise<readonly (readonly NewField[])[]>;
  /** The user's editor on them, before they are signed; null: nobody wants to edit them. */
  readonly edit: EditFiles | null;
}

/** Files in the user's editor; what became of them. */
export type EditFiles = (files: readonly EditedFile[]) => Buffer[];

interface EditedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface VersionMails extends PreparedSeries {
  /** Whole mails, without mbox lines, in order: the cover letter is first. */
  readonly mails: readonly Buffer[];
  readonly sent: readonly SentMail[];
  /** Their subjects, as people see them. */
  readonly titles: readonly string[];
}

/**
 * @param args for git format-patch: the range, the base
 * @throws PatchsigError as git refuses, and as a mail cannot be signed
 */
export async function versionMails(
  repository: Repository,
  texts: VersionTexts,
  { args, prepare, say }: { args: readonly string[]; prepare: PrepareSeries; say: Reporter["say"] },
): Promise<VersionMails> {
  let written: readonly Written[] = [];
  const prepared = await seriesAsMbox(repository, {
    args: [...optionsOf(texts), ...args],
    say,
    prepare: async (drafts) => {
      // only then: a cover letter may have trailers
      const complete = edited(
        drafts.map(({ mail }, i) => withTexts(mail, i, texts)),
        texts,
      );
      const fields = await texts.fields(complete);
      written = drafts.map((draft, i) => ({
        ...draft,
        mail: withFields(complete[i]!, fields[i]!),
      }));
      return prepare(written);
    },
  });
  const mails = written.map(({ mail }, i) => prepared.signed.mails[i] ?? mail);
  const first = texts.cover === null ? 1 : 0;
  const named = mails.map((mail, i) => sentMail(mail, i + first, written[i]!.commit));
  return {
    ...prepared,
    mails,
    sent: named.map(({ sent }) => sent),
    titles: named.map(({ title }) => title),
  };
}

/** Options that these texts require, whatever the settings say; the user's other settings count. */
function optionsOf({ version, label, cover, compareWith }: VersionTexts): string[] {
  return [
    "--no-thread",
    "--no-attach",
    "--encode-email-headers",
    cover === null ? "--no-cover-letter" : "--cover-letter",
    "--cover-from-description=none",
    `--subject-prefix=${label}`,
    ...(version === 1 ? [] : ["-v", String(version)]),
    ...(compareWith === null ? [] : [`--range-diff=${compareWith}`]),
  ];
}

function edited(mails: readonly Buffer[], { edit, cover }: VersionTexts): readonly Buffer[] {
  if (edit === null) return mails;
  const first = cover === null ? 1 : 0;
  const named = mails.map((bytes, i) => {
    return { name: `${String(i + first).padStart(4, "0")}.patch`, bytes };
  });
  return edit(named).map(withoutFromLine);
}

/** A mail from a file, which may begin as an mbox does. */
export function withoutFromLine(file: Buffer): Buffer {
  const hasFromLine = file.subarray(0, 5).toString() === "From ";
  return hasFromLine ? file.subarray(file.indexOf(10) + 1) : file;
}

function withTexts(mail: Buffer, place: number, texts: VersionTexts): Buffer {
  const { cover, changes, changeId } = texts;
  if (place > 0) return mail;
  const named = withChangeId(mail, changeId);
  if (cover !== null) {
    const body = [cover.body, changes.trim()].filter((part) => part !== "").join("\n\n");
    return fillCover(named, { ...cover, body });
  }
  return changes === "" ? named : belowBreak(named, `${changes.trim()}\n\n`);
}

/** Text for people, which git am drops. */
function belowBreak(mail: Buffer, text: string): Buffer {
  const read = readMail(mail);
  if (!read.ok) throw unsignable("patch 1", read.refusal);
  return insertAtBreak(mail, read.value, Buffer.from(text));
}

const SIGNATURE = "\n-- \n";

/** With `change-id:`, from which b4 knows that versions belong together: above the base, or at the end. */
function withChangeId(mail: Buffer, changeId: string): Buffer {
  const line = `change-id: ${changeId}\n`;
  const base = mail.lastIndexOf("\nbase-commit: ");
  const signature = mail.lastIndexOf(SIGNATURE);
  const at = base >= 0 ? base + 1 : signature >= 0 ? signature + 1 : mail.length;
  const text = base >= 0 ? line : `\n${line}`;
  return Buffer.concat([mail.subarray(0, at), Buffer.from(text), mail.subarray(at)]);
}

function sentMail(
  mail: Buffer,
  index: number,
  commit: string | null,
): { readonly sent: SentMail; readonly title: string } {
  const read = readMail(mail);
  const diff = read.ok ? readDiff(read.value.patch, read.value.crs) : read;
  if (!read.ok || !diff.ok || (index > 0 && commit === null))
    throw new PatchsigError("refused", "a mail cannot be read as git would read it");
  const { headers, message } = read.value;
  const digests = {
    message: sha256(canonicalMessage(message)),
    diff: sha256(diff.value.canonical),
  };
  const patch = index === 0 ? null : { commit: commit!, ...digests };
  return { sent: { index, messageId: headers.messageId, patch }, title: headers.subject };
}
