/** Composes the mail that git gets in place of a verified one. Pure. */

import { type CommitContents, composeMail, isPlainMessageId } from "../mail/compose.ts";
import { readMail } from "../mail/mailinfo.ts";
import { attestMail } from "../patch/attestation.ts";
import { readDiff } from "../diff/diff.ts";
import { canonicalMessage } from "../patch/message.ts";
import { refused } from "../refused.ts";
import { appendTrailers } from "../trailers/append.ts";
import type { Result } from "../types.ts";
import type { Checked } from "./result.ts";

/** A date that git certainly reads: printable, with a number in it. */
const DATE = /^(?=.*\d)[\x20-\x7e]{1,100}$/;
/** Bytes of weekdays and months in other languages: git skips them, like an asterisk. */
const NOT_ASCII = /[\x80-\xff]/g;

/** A mail, and the commit that git is to make of it. */
export interface Composed {
  readonly mail: Buffer;
  readonly commit: CommitContents;
}

/** What is added to the signed message. */
interface Additions {
  /** Trailers, without LF. */
  readonly trailers?: readonly string[];
  /** The trailer for am.messageId, if the Message-ID is plain. */
  readonly withMessageId?: boolean;
}

/**
 * The mail that makes the verified commit: composed from the verified values, then read back with the
 * same reader and compared, so that nothing else can reach git.
 */
export function mailFor(
  checked: Checked,
  now: number,
  { trailers = [], withMessageId = false }: Additions = {},
): Result<Composed> {
  const { view, diff, author } = checked;
  if (view === null || diff === null || author === null)
    return refused("unreadable", "the mail was not read");
  const shown = view.info.date.toString("latin1").replace(NOT_ASCII, "*");
  const time = checked.signed?.comment.time ?? now;
  const isNamed = withMessageId && isPlainMessageId(checked.messageId);
  const lines = isNamed ? [...trailers, `Message-ID: ${checked.messageId}`] : trailers;
  const message = appendTrailers(canonicalMessage(view.message), lines);
  const commit: CommitContents = {
    author: author.name,
    email: author.email,
    date: DATE.test(shown) ? shown : `@${time} +0000`,
    subject: view.info.subject.toString("utf8"),
    message,
    diff: diff.canonical,
    messageId: checked.messageId,
  };
  const mail = composeMail(commit);
  return readsAs(mail, commit)
    ? { ok: true, value: { mail, commit } }
    : refused("not-composable", "git would read it differently");
}

/** Whether git would read exactly these values out of the mail. */
function readsAs(mail: Buffer, commit: CommitContents): boolean {
  const read = readMail(mail.subarray(mail.indexOf("\n") + 1));
  if (!read.ok) return false;
  const { info, message, patch, crs } = read.value;
  const diff = readDiff(patch, crs);
  if (!diff.ok || !diff.value.canonical.equals(commit.diff)) return false;
  const shown = attestMail(read.value, diff.value);
  return (
    shown.ok &&
    shown.value.author === `${commit.author} <${commit.email}>` &&
    info.subject.toString("utf8") === commit.subject &&
    canonicalMessage(message).equals(commit.message)
  );
}
