import { createVerifier } from "../../src/minisign/ed25519.ts";
import {
  type ReviewReading,
  reviewsIn,
  signReview,
  type SignedReview,
} from "../../src/review/review.ts";
import type { ReviewedPatch } from "../../src/review/text.ts";
import { sha256 } from "../../src/patch/attestation.ts";
import { BOB, keyOf, TIME } from "../trust/support.ts";

const verifier = createVerifier();
export const KEY_OF_BOB = keyOf(2);

type Said = Parameters<typeof signReview>[1];

export const patch = (index: number, total = 3, salt = ""): ReviewedPatch => ({
  index,
  total,
  message: sha256(`message ${index}`),
  diff: sha256(`diff ${index}${salt}`),
});

export const SAID: Said = {
  time: TIME,
  by: BOB,
  series: "2af43b7f53e40d1727ef86934a745fba",
  version: 2,
  trailers: [{ name: "Reviewed-by", person: "Bob Builder", address: BOB }],
  patches: [patch(1), patch(3)],
};

export function reviewed(changes: Partial<Said> = {}, key = KEY_OF_BOB): SignedReview {
  return signReview(key.signer, { ...SAID, ...changes });
}

export function findReviews(text: string | Buffer): ReviewReading[] {
  return reviewsIn(Buffer.from(text), verifier);
}
