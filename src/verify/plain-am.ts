/**
 * What plain `git am` would do with a verified mail under the user's settings. Most settings change
 * nothing in most mails; a finding names those that would make another commit of this one. Pure.
 */

import { readMail } from "../mail/mailinfo.ts";
import { hasScissors } from "../mail/scissors.ts";
import { canonicalMessage } from "../patch/message.ts";
import { readDiff } from "../diff/diff.ts";
import type { Diff, MailView } from "../types.ts";
import { finding } from "../findings.ts";
import type { Checked } from "./result.ts";
import { type WhitespaceRules, wouldMend } from "./whitespace.ts";

/** Settings of git that can make `git am` commit something else. */
export interface AmSettings {
  /** am.keepcr */
  readonly keepCr: boolean;
  /** mailinfo.scissors */
  readonly scissors: boolean;
  /** mailinfo.quotedCr is "strip". */
  readonly stripCr: boolean;
  /** i18n.commitEncoding, if it is not UTF-8. */
  readonly encoding: string | null;
  /** What core.whitespace calls an error, if apply.whitespace fixes it. */
  readonly mend: WhitespaceRules | null;
  /** apply.ignoreWhitespace is "change". */
  readonly ignoreWhitespace: boolean;
}

interface VerifiedMail {
  readonly bytes: Buffer;
  readonly view: MailView;
  readonly diff: Diff;
}

/** What git am would do; null if the setting does not affect this mail. */
type Effect = (mail: VerifiedMail, settings: AmSettings) => string | null;

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
 * Adds a finding if plain `git am` would make another commit of the mail, or refuse it. Mails that
 * are not good have nothing to compare with.
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
  // with am.keepcr, plain git am keeps the CRs that the finding says it drops
  const findings = checked.findings.filter(({ code }) => code !== "raw-cr" || !settings.keepCr);
  if (effects.length > 0)
    findings.push(finding("am-differs", `plain git am here would ${effects.join(", and ")}`));
  return { ...checked, findings };
}

/** Whether git also reads the verified commit from the mail with its CRs. */
function isSameWithCrs({ bytes, view, diff }: VerifiedMail): boolean {
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
