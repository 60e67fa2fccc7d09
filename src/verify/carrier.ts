/**
 * Mails that carry the patch in another mail: attached, in a digest, or forwarded in their text. git
 * reads carrier and content as one mail, which nobody signed; if such a mail is not good, this
 * finding comes first. It never changes the verdict.
 */

import { isForwardSubject } from "../patch/subject.ts";
import type { MailView } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import type { Checked } from "./result.ts";
import { tracesIn } from "./traces.ts";

/** How mail programs begin a mail that they forward in the text, in the most common languages. */
const WORDS =
  "forward|original|weitergeleitet|ursprünglich|transféré|origine|reenviad|encaminhad|inoltrat|doorgestuurd|oorspronkelijk|vidarebefordra|пересыл|转发|轉寄|原始|転送";
const TITLE = `(?:-{2,20}[^\\n-]{0,80}(?:${WORDS})[^\\n-]{0,80}-{2}|begin forwarded message:)`;
const FIELD = "[> \\t]*\\*?\\p{L}[\\p{L} -]{0,20}[:：]";
/** Such a line with two header lines below it: a message may merely mention forwarding. */
const FORWARD = `^[> \\t]{0,20}${TITLE}[^\\n]{0,20}\\n(?:[> \\t]{0,20}\\n){0,2}${FIELD}[^\\n]*\\n${FIELD}`;

/**
 * Adds a finding if the mail is not good and carries the patch in another mail.
 *
 * @param mail the mail's bytes
 */
export function withCarrier(checked: Checked, mail: Buffer): Checked {
  const { kind, signature, signedMessage, findings } = checked;
  // it is what was signed, except for added trailers
  if (signedMessage !== null) return checked;
  if (signature === "good" && findings.every(({ severity }) => severity !== "fail")) return checked;
  const said = carrierFinding(checked, mail);
  if (said === null) return checked;
  // no need to ask the sender for a signature that is there
  const others = kind === "other" ? findings : findings.map(withoutAsking);
  return { ...checked, findings: [said, ...others] };
}

function carrierFinding(checked: Checked, mail: Buffer): Finding | null {
  const { kind, view, subject, signature } = checked;
  if (kind === "other") {
    // people attach all kinds of mails; a refused one without signs of a patch has none
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
  const texts = [view.message, view.patch.subarray(0, diff?.start)];
  const forward = new RegExp(FORWARD, "imu");
  return texts.some((text) => forward.test(text.toString("utf8")));
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
