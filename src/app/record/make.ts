/** Makes the record of a patch that was applied. */

import { formatSignature } from "../../minisign/signature.ts";
import { findMarkers, readBlock } from "../../patch/block.ts";
import { type CommitRecord, formatNote, MAX_RECORDED_REVIEWS } from "../../record/record.ts";
import type { AddedTrailer } from "../../trailers/added.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";

/** Who applies, and when. */
export interface Applier {
  /** `Name <address>`. */
  readonly name: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

/** The text of the note on `commit`. */
export function recordOf(
  { payload, result }: JudgedMember<Checked>,
  commit: string,
  trailers: readonly AddedTrailer[],
  applier: Applier,
): Buffer {
  const { verdict, trust, key, vouched, messageId, findings } = result;
  return formatNote({
    commit,
    verdict,
    trust: trust === "unknown" ? null : trust,
    key,
    vouched: vouched?.domain ?? null,
    messageId,
    appliedBy: applier.name,
    appliedAt: applier.at,
    findings,
    trailers,
    signed: recordedSignature(payload, reviewsOf(trailers)),
    // `noteAll` adds them: before git has committed, the tree is not known
    results: null,
  });
}

/** @returns null if the patch has no good signature */
export function recordedSignature(
  { view, diff, attestation, signature }: Checked,
  reviews: Buffer | null = null,
): CommitRecord["signed"] {
  const [start] = view === null ? [] : findMarkers(view.patch);
  if (signature !== "good" || view === null || diff === null || attestation === null) return null;
  const block = start === undefined ? null : readBlock(view.patch, start);
  if (block === null || !block.ok) return null;
  const minisig = Buffer.from(formatSignature(block.value.signature));
  const signer = block.value.comment.by;
  return { signer, text: attestation.text, minisig, diff: diff.canonical, reviews };
}

/** The signed reviews that trailers came from, each once; null if there are none. */
function reviewsOf(trailers: readonly AddedTrailer[]): Buffer | null {
  const texts = [...new Set(trailers.flatMap(({ review }) => review ?? []))];
  return texts.length === 0 ? null : Buffer.from(texts.slice(0, MAX_RECORDED_REVIEWS).join("\n"));
}
