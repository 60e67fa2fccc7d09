/** Bytes that cannot be printed by accident, and can be wiped. */

import { inspect } from "node:util";

/**
 * Holds a copy of `bytes` outside of Node's shared buffer pool. JSON.stringify, util.inspect,
 * template strings and structuredClone do not get at it; `expose` is the only way in.
 */
export class SecretBytes {
  readonly #bytes: Buffer;
  #wiped = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.alloc(bytes.length);
    this.#bytes.set(bytes);
  }

  /** The bytes themselves, not a copy: `wipe` zeroes them. Throws once wiped. */
  expose(): Buffer {
    if (this.#wiped) throw new Error("secret was wiped");
    return this.#bytes;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect.custom](): string {
    return "[redacted]";
  }
}
