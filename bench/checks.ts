/**
 * The signatures of a corpus, extracted from its mails, for programs that only check signatures.
 */

import { readMail } from "../src/mail/mailinfo.ts";
import { globalMessage, prehash } from "../src/minisign/signature.ts";
import { attestMail } from "../src/patch/attestation.ts";
import { findMarkers, readBlock, type UnverifiedBlock } from "../src/patch/block.ts";
import { readDiff } from "../src/diff/diff.ts";

export interface Check {
  readonly point: Buffer;
  readonly message: Buffer;
  readonly signature: Buffer;
}

const POINT = 32;
const SIGNATURE = 64;

/** The attestation of a signed mail, and its block. */
export function takeApart(mail: Buffer): { text: Buffer; block: UnverifiedBlock } {
  const view = readMail(mail);
  if (!view.ok) throw new Error(view.refusal.detail);
  const diff = readDiff(view.value.patch);
  const block = readBlock(view.value.patch, findMarkers(view.value.patch)[0]!);
  const attestation = diff.ok ? attestMail(view.value, diff.value) : diff;
  if (!attestation.ok || !block.ok) throw new Error("not a signed mail");
  return { text: attestation.value.text, block: block.value };
}

/** minisign's two checks on a mail, packed: lengths, point, signature, message. */
export function packChecks(mail: Buffer): Buffer {
  const { text, block } = takeApart(mail);
  const { signature, globalSignature, trustedComment } = block.signature;
  const pairs = [
    [prehash(text), signature],
    [globalMessage(signature, trustedComment), globalSignature],
  ] as const;
  return Buffer.concat(
    pairs.flatMap(([message, made]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16LE(message.length);
      return [length, block.key.point, made, message];
    }),
  );
}

export function* unpackChecks(packed: Buffer): Generator<Check> {
  for (let at = 0; at < packed.length;) {
    const length = packed.readUInt16LE(at);
    const point = at + 2;
    const signature = point + POINT;
    const message = signature + SIGNATURE;
    at = message + length;
    yield {
      point: packed.subarray(point, signature),
      signature: packed.subarray(signature, message),
      message: packed.subarray(message, at),
    };
  }
}
