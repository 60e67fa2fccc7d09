/**
 * What plain `git am` would do with a verified mail under the settings of the one who asks. Most of
 * them change nothing in most mails; those that make another commit of this one are said. Pure.
 */

import { readMail } from "../mail/mailinfo.ts";
import { hasScissors } from "../mail/scissors.ts";
import { canonicalMessage } from "../patch/message.ts";
import { readDiff } from "../diff/diff.ts";
import type { Diff, MailView } from "../types.ts";
import { finding } from "../findings.ts";
import type { Checked } from "./result.ts";
import { type WhitespaceRules, wouldMend } from "./whitespace.ts";

/** Settings of git under which `git am` can make another commit of a mail than without them. */
export interface AmSettings {
  /** am.keepcr */
  readonly keepCr: boolean;
  /** mailinfo.scissors */
  readonly scissors: boolean;
  /** mailinfo.quotedCr is "strip". */
  readonly stripCr: boolean;
  /** i18n.commitEncoding, if it is another than UTF-8. */
  readonly encoding: string | null;
  /** What core.whitespace calls wrong, if apply.whitespace has it mended. */
  readonly mend: WhitespaceRules | null;
  /** apply.ignoreWhitespace is "change". */
  readonly ignoreWhitespace: boolean;
}

interface Mail {
  readonly bytes: Buffer;
  readonly view: MailView;
  readonly diff: Diff;
}

/** What git am would do here; null where it does nothing to this mail. */
type Effect = (mail: Mail, settings: AmSettings) => string | null;

const EFFECTS: readonly Effect[] = [
  (mail, { keepCr }) =>
    keepCr && !isSameWithCrs(mail) ? "keep the CRs of the mail (am.keepcr)" : null,
  ({ diff }, { stripCr }) =>
    stripCr && diff.canonical.includes("\r\n")
      ? "drop CRs that belong to the diff (mailinfo.quotedCr)"
      : null,
  ({ view }, { scissors }) =>
    scissors && hasScissors(view.message)
      ? "cut the message at its scissors line (mailinfo.scissors)"
      : null,
  ({ view }, { encoding }) =>
    encoding !== null && view.unlabelled
      ? `take the text for ${encoding} (i18n.commitEncoding): the mail names no charset`
      : null,
  ({ diff }, { mend }) =>
    mend !== null && wouldMend(diff.canonical, mend)
      ? "mend white space that the diff adds (apply.whitespace)"
      : null,
  ({ diff }, { ignoreWhitespace }) =>
    ignoreWhitespace && diff.allCr
      ? "add lines with CRs to a file without (apply.ignoreWhitespace)"
      : null,
];

/**
 * The mail with a finding if plain `git am` would make another commit of it, or none. Of mails that
 * are not good there is nothing to compare with.
 *
 * @param mail its bytes, with its CRs
 * @param settings null if none is set: this costs nothing then
 */
export function withPlainAm(mail: Buffer, checked: Checked, settings: AmSettings | null): Checked {
  const { view, diff, signature, kind } = checked;
  if (settings === null || signature !== "good" || kind !== "patch") return checked;
  if (view === null || diff === null) return checked;
  const read = { bytes: mail, view, diff };
  const effects = EFFECTS.flatMap((effect) => effect(read, settings) ?? []);
  // with am.keepcr, plain git am keeps what the finding says that it drops
  const findings = checked.findings.filter(({ code }) => code !== "raw-cr" || !settings.keepCr);
  if (effects.length > 0)
    findings.push(finding("am-differs", `plain git am here would ${effects.join(", and ")}`));
  return { ...checked, findings };
}

/** Whether git reads the verified commit out of the mail with its CRs, too. */
function isSameWithCrs({ bytes, view, diff }: Mail): boolean {
  if (!bytes.includes("\r\n")) return true;
  const read = readMail(bytes);
  if (!read.ok) return false;
  const kept = readDiff(read.value.patch);
  const { author, email, subject } = read.value.info;
  return (
    kept.ok &&
    kept.value.canonical.equals(diff.canonical) &&
    kept.value.allCr === diff.allCr &&
    author.equals(view.info.author) &&
    email.equals(view.info.email) &&
    subject.equals(view.info.subject) &&
    canonicalMessage(read.value.message).equals(canonicalMessage(view.message))
  );
}
