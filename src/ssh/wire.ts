/** The data types of the SSH protocols (RFC 4251, section 5): for agents, and for SSHSIG. */

import { FormatError } from "../errors.ts";

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A length and the bytes; bytes are not copied, so that a secret is wiped where it is. */
export function string(value: Uint8Array | string): Buffer[] {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return [uint32(bytes.length), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)];
}

/** Reads bytes from the front. Throws a FormatError if there are too few, or too many. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new FormatError("cut short");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString("latin1");
  }

  /** A positive `mpint` in its shortest form, without its sign byte. */
  positive(): Buffer {
    const bytes = this.string();
    const padded = bytes[0] === 0;
    const minimal = bytes.length > 0 && (padded ? (bytes[1] ?? 0) >= 0x80 : bytes[0]! < 0x80);
    if (!minimal) throw new FormatError("not a positive number");
    return padded ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new FormatError("followed by something else");
  }
}
