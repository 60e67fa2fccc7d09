/** The data types of the SSH protocols (RFC 4251, section 5), as far as an agent's messages use them. */

import { FormatError } from "../errors.ts";

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A length and the bytes. Not out of the shared pool, and not copied again by `message`. */
export function string(value: Uint8Array | string): Buffer[] {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return [uint32(bytes.length), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)];
}

/** A message: its length, its type, its parts, in memory of its own that can be wiped. */
export function message(type: number, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  const bytes = Buffer.alloc(4 + length);
  bytes.writeUInt32BE(length);
  bytes[4] = type;
  let at = 5;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}

/** Takes bytes apart from the front. Throws a FormatError where they are too few, or too many. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new FormatError("cut short");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.#take(1)[0]!;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new FormatError("followed by something else");
  }
}
