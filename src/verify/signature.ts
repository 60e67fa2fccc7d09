/** minisign's two signatures over a block, one at a time (spec, "Verifier's duties"). */

import type { Verifier } from "../minisign/ed25519.ts";
import { formatPublicKeyText } from "../minisign/public-key.ts";
import { globalMessage, prehash } from "../minisign/signature.ts";
import type { UnverifiedBlock } from "../patch/block.ts";
import type { TrustedComment } from "../patch/trusted-comment.ts";
import type { PublicKeyText } from "../types.ts";

/** A block whose fields were signed by its key's holder. */
export interface VerifiedBlock {
  readonly publicKey: PublicKeyText;
  readonly comment: TrustedComment;
  /** Whether the holder of the key signed this text. */
  signs(text: Buffer): boolean;
}

/**
 * Null unless the global signature is good: the key's holder wrote the trusted comment for this very
 * signature. minisign checks it last. Here it comes first: only an authentic comment can say what
 * changed.
 */
export function verifyBlock(
  { key, signature, comment }: UnverifiedBlock,
  verifier: Verifier,
): VerifiedBlock | null {
  const claimed = signature.algorithm === "prehashed" && signature.keyNumber.equals(key.keyNumber);
  const message = globalMessage(signature.signature, signature.trustedComment);
  if (!claimed || !verifier.verifyStrict(key.point, message, signature.globalSignature))
    return null;
  return {
    publicKey: formatPublicKeyText(key),
    comment,
    signs: (text) => verifier.verifyStrict(key.point, prehash(text), signature.signature),
  };
}
