/** The signed text of a mail, and its signature as stock minisign reads it. */

import { EXIT, PatchsigError } from "../../errors.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { dropCr } from "../../mail/line-ends.ts";
import { replyText } from "../../mail/reply-text.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { formatSignature } from "../../minisign/signature.ts";
import { attestMail } from "../../patch/attestation.ts";
import { findMarkers, readBlock } from "../../patch/block.ts";
import { resultsIn } from "../../result/mail.ts";
import { reviewsIn, type SignedReview } from "../../review/review.ts";
import { isReadFailure } from "../../source/item.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";
import { faultAt } from "../fault.ts";
import { openSource } from "../sources/sources.ts";
import { noPatchFound } from "./verification.ts";

/** A review's or test result's text, and the four lines below it. */
type SignedWords = Pick<SignedReview, "text" | "minisig">;

/**
 * The only patch or cover letter of a source, or the only review or test result. PatchsigError "usage" if there are more,
 * "no-patch".
 */
export async function onlyMail(source: string): Promise<Checked | SignedWords> {
  const verifier = createVerifier();
  let found: Checked | SignedWords | null = null;
  let mails = 0;
  for await (const items of openSource(source, {})) {
    for (const item of items) {
      if (isReadFailure(item)) throw item.error;
      const { bytes } = item;
      mails++;
      if (bytes === null) throw new PatchsigError("too-large", `${source}: the mail is too large`);
      const checked = checkOne(item.source, bytes, verifier);
      const here = checked.kind === "other" ? wordsOf(bytes, verifier) : [checked];
      if (here.length + (found === null ? 0 : 1) > 1)
        throw new PatchsigError(
          "usage",
          `${source} holds more than one patch, review or test result`,
          {
            hint: "give one mail",
          },
        );
      found ??= here[0] ?? null;
    }
  }
  if (found === null) throw noPatchFound([source], mails);
  return found;
}

function wordsOf(mail: Buffer, verifier: Verifier): SignedWords[] {
  const text = replyText(dropCr(mail));
  const reviews = text === null ? [] : reviewsIn(text, verifier);
  return [
    ...reviews.flatMap((one) => (one.ok ? [one.review] : [])),
    ...resultsIn(mail, verifier).flatMap((one) => (one.ok ? [one.signed] : [])),
  ];
}

export function isWords(found: Checked | SignedWords): found is SignedWords {
  return "minisig" in found;
}

function checkOne(source: string, mail: Buffer, verifier: Verifier): Checked {
  try {
    return checkMail(mail, verifier);
  } catch (error) {
    throw faultAt({ source, messageId: glimpse(mail, "message-id") }, error).error;
  }
}

/**
 * The signed text of this mail: with the author that the signature proves, if a list replaced the From line.
 * PatchsigError "refused".
 */
export function signedTextOf(checked: Checked): Buffer {
  if (checked.attestation !== null) return checked.attestation.text;
  if (checked.view === null || checked.diff === null)
    throw new PatchsigError("refused", checked.findings.at(-1)?.message ?? "the mail is refused");
  const made = attestMail(checked.view, checked.diff);
  if (!made.ok) throw new PatchsigError("refused", made.refusal.detail);
  return made.value.text;
}

/** The four lines of its .minisig file. PatchsigError "refused" if it is not signed. */
export function minisigOf({ view }: Checked): Buffer {
  const [start] = view === null ? [] : findMarkers(view.patch);
  if (view === null || start === undefined)
    throw new PatchsigError("refused", "the mail is not signed", { exit: EXIT.unmet });
  const block = readBlock(view.patch, start);
  if (!block.ok) throw new PatchsigError("refused", block.refusal.detail, { exit: EXIT.unmet });
  return Buffer.from(formatSignature(block.value.signature));
}
