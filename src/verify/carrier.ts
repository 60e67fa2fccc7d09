/**
 * Mails that carry the patch in another mail: attached, in a digest, or forwarded in their text. git
 * reads the carrier and what it carries as one, so that nobody's signature is over it; where such a
 * mail is not good, this is said first. It never makes a mail better or worse.
 */

import { isForwardSubject } from "../patch/subject.ts";
import type { MailView } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import type { Checked } from "./result.ts";
import { tracesIn } from "./traces.ts";

/** How mail programs begin a mail that they forward in the text, in the languages most seen on lists. */
const WORDS =
  "forward|original|weitergeleitet|ursprünglich|transféré|origine|reenviad|encaminhad|inoltrat|doorgestuurd|oorspronkelijk|vidarebefordra|пересыл|转发|轉寄|原始|転送";
const TITLE = `(?:-{2,20}[^\\n-]{0,80}(?:${WORDS})[^\\n-]{0,80}-{2}|begin forwarded message:)`;
const FIELD = "[> \\t]*\\*?\\p{L}[\\p{L} -]{0,20}[:：]";
/** Such a line, and two header lines below it: a message may speak of forwarding. */
const FORWARD = new RegExp(
  `^[> \\t]{0,20}${TITLE}[^\\n]{0,20}\\n(?:[> \\t]{0,20}\\n){0,2}${FIELD}[^\\n]*\\n${FIELD}`,
  "imu",
);

/**
 * What was found in a mail, and that it carries the patch in another one, if it does and is not good.
 *
 * @param mail the mail's bytes
 */
export function withCarrier(checked: Checked, mail: Buffer): Checked {
  const { kind, signature, signedMessage, findings } = checked;
  // but for trailers that were added it is what was signed
  if (signedMessage !== null) return checked;
  if (signature === "good" && findings.every(({ severity }) => severity !== "fail")) return checked;
  const said = carrierFinding(checked, mail);
  if (said === null) return checked;
  // what is there cannot be asked for again
  const others = kind === "other" ? findings : findings.map(withoutAsking);
  return { ...checked, findings: [said, ...others] };
}

function carrierFinding(checked: Checked, mail: Buffer): Finding | null {
  const { kind, view, subject, signature } = checked;
  if (kind === "other") {
    // people attach all kinds of mails; what is refused and shows no patch is none
    if (view === null || view.attached === null) return null;
    const { block, diff } = tracesIn(mail);
    return block || diff ? wrapped() : null;
  }
  if (view === null ? tracesIn(mail).wraps : isAround(view, signature)) return wrapped();
  if (!isForwardSubject(view?.headers.subject ?? subject) && !hasForward(checked)) return null;
  return finding("forwarded", "this mail was forwarded, and git reads it as it is");
}

const wrapped = (): Finding =>
  finding("wrapped", "another mail is attached, and the patch seems to be in it");

/** Whether the patch may be in the attached mail: not if it is not signed and begins before that. */
function isAround({ attached, breakPoint }: MailView, signature: Checked["signature"]): boolean {
  if (attached === null) return false;
  return signature !== "none" || breakPoint.kind === "none" || attached <= breakPoint.bodyStart;
}

/** Whether a forward begins in the message, or between it and the diff. */
function hasForward({ view, diff }: Checked): boolean {
  if (view === null) return false;
  const end = diff === null || diff.files.length === 0 ? view.patch.length : diff.start;
  const texts = [view.message, view.patch.subarray(0, end)];
  return texts.some((text) => FORWARD.test(text.toString("utf8")));
}

function withoutAsking(found: Finding): Finding {
  return found.severity === "fail" && found.hint.startsWith("ask for ")
    ? { ...found, hint: "" }
    : found;
}

/** Whether this says that the patch is in a mail that is attached. */
export function isWrapped({ code }: Finding): boolean {
  return code === "wrapped";
}
