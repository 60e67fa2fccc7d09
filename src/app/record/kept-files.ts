/** The files that were read or made last: in one piece of memory, of which the oldest are overwritten. */

/** Bytes. The memory is taken from the system only as far as it is used. */
const MAX_KEPT = 32 << 20;
/** Bytes of one file; a longer one is not kept. */
const MAX_FILE = 1 << 20;

interface KeptFile {
  /** Of `#written`. */
  readonly end: number;
  readonly bytes: Buffer;
}

export class KeptFiles {
  readonly #memory = Buffer.allocUnsafeSlow(MAX_KEPT);
  /** By the names of their blobs; the oldest first. */
  readonly #files = new Map<string, KeptFile>();
  /** Bytes that were written, and left out at the end of the memory. */
  #written = 0;

  has(blob: string): boolean {
    return this.#files.has(blob);
  }

  /** Null if it is not here. The next `join` does not overwrite it, the one after that may. */
  get(blob: string): Buffer | null {
    return this.#files.get(blob)?.bytes ?? null;
  }

  /** Makes one piece of several, which lasts as long as a file does. */
  join(pieces: readonly Buffer[]): Buffer {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length > MAX_FILE) return Buffer.concat(pieces, length);
    const left = MAX_KEPT - (this.#written % MAX_KEPT);
    if (left < length) this.#written += left;
    const start = this.#written % MAX_KEPT;
    let at = start;
    for (const piece of pieces) at += piece.copy(this.#memory, at);
    this.#written += length;
    this.#forget();
    return this.#memory.subarray(start, at);
  }

  /** @param bytes what `join` made */
  keep(blob: string, bytes: Buffer): void {
    if (bytes.buffer !== this.#memory.buffer || this.#files.has(blob)) return;
    this.#files.set(blob, { end: this.#written, bytes });
  }

  /** Drops what begins where the next piece could be, after a piece left out at the end. */
  #forget(): void {
    const oldest = this.#written - MAX_KEPT + 3 * MAX_FILE;
    for (const [blob, { end }] of this.#files) {
      if (end > oldest) break;
      this.#files.delete(blob);
    }
  }
}
