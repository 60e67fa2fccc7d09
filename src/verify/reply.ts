/** What a mail says of other patches, and by what replies know it. */

import type { ReadableMail } from "../mail/readable.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { attestMail } from "../patch/attestation.ts";
import { canonicalMessage } from "../patch/message.ts";
import { reviewDigests } from "../review/text.ts";
import { trailersOf } from "../trailers/append.ts";
import { replyOf } from "../trailers/reply.ts";
import { trailerKey } from "../trailers/trailer.ts";
import type { Checked } from "./result.ts";

/** Of one patch; nobody has more. */
const MAX_TRAILERS = 256;

/**
 * A mail without a patch with the trailers in it that are about other patches; a patch with what such
 * trailers are compared with.
 *
 * @param names as `trailerNames` makes them
 */
export function withReply(
  mail: ReadableMail,
  checked: Checked,
  names: ReadonlyMap<string, string>,
  verifier: Verifier,
): Checked {
  const { kind, view, isAnswer } = checked;
  if (view === null || kind === "cover") return checked;
  if (kind === "patch" && !isAnswer) return withReviewable(checked, names);
  const { text } = mail;
  const reply = text === null ? null : replyOf(checked, view, text, names, verifier, isAnswer);
  return reply === null ? checked : { ...checked, reply };
}

function withReviewable(checked: Checked, names: ReadonlyMap<string, string>): Checked {
  const { view, diff, signedMessage } = checked;
  if (view === null || diff === null) return checked;
  const message = signedMessage ?? view.message;
  const attestation = checked.attestation ?? attested(checked);
  if (attestation === null) return checked;
  const all = trailersOf(canonicalMessage(message), names).slice(0, MAX_TRAILERS);
  const digests = reviewDigests(attestation.text);
  return { ...checked, reviewable: { digests, trailers: all.map(trailerKey) } };
}

function attested({ view, diff }: Checked): { readonly text: Buffer } | null {
  const made = view === null || diff === null ? null : attestMail(view, diff);
  return made?.ok === true ? made.value : null;
}
