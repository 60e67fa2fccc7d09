/** minisign's two signatures over a block, one at a time (spec, "Verifier's duties"). */

import type { Verifier } from "../minisign/ed25519.ts";
import { globalMessage, prehash } from "../minisign/signature.ts";
import type { UnverifiedBlock } from "../patch/block.ts";

/**
 * Did the holder of the block's key write its trusted comment, for this very signature? minisign
 * asks this last. Here it comes first: only an authentic comment can say what changed since.
 */
export function verifyTrustedComment(verifier: Verifier, block: UnverifiedBlock): boolean {
  const { key, signature } = block;
  const claimed = signature.algorithm === "prehashed" && signature.keyNumber.equals(key.keyNumber);
  const message = globalMessage(signature.signature, signature.trustedComment);
  return claimed && verifier.verifyStrict(key.point, message, signature.globalSignature);
}

/** Did the holder of the block's key sign this text? */
export function verifyData(verifier: Verifier, block: UnverifiedBlock, data: Buffer): boolean {
  return verifier.verifyStrict(block.key.point, prehash(data), block.signature.signature);
}
