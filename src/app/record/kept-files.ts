/** A cache of files, by the names of their blobs: one ring of memory, in which new files overwrite the oldest. */

import type { LineMarks } from "../../record/line-marks.ts";

/** Bytes of the ring. The system provides them only as they are used. */
const MAX_KEPT = 32 << 20;
/** Bytes of one file; a longer one is not kept. */
const MAX_FILE = 1 << 20;

export interface MarkedFile {
  readonly bytes: Buffer;
  readonly marks: LineMarks;
}

interface KeptFile extends MarkedFile {
  /** `#written` when the file had been written. */
  readonly end: number;
}

/** `join` writes into the ring; `keep` makes what it wrote a file of the cache. */
export class KeptFiles {
  readonly #memory = Buffer.allocUnsafeSlow(MAX_KEPT);
  /** By blob, the oldest first. */
  readonly #files = new Map<string, KeptFile>();
  /**
   * Bytes ever written, and skipped at the ring's end where a file did not fit. Modulo MAX_KEPT: the place in the
   * ring.
   */
  #written = 0;

  has(blob: string): boolean {
    return this.#files.has(blob);
  }

  /** Null if the file is not kept. The next `join` leaves its bytes alone; the one after that may overwrite them. */
  get(blob: string): MarkedFile | null {
    return this.#files.get(blob) ?? null;
  }

  /** Joins pieces in the ring; in memory of its own if they are too long to be kept. */
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

  /** Keeps a file, whose bytes are what `join` returned, or a part of it; anything else is not kept */
  keep(blob: string, { bytes, marks }: MarkedFile): void {
    if (bytes.buffer !== this.#memory.buffer || this.#files.has(blob)) return;
    this.#files.set(blob, { end: this.#written, bytes, marks });
  }

  /** Drops the files that the next `join` could overwrite, even one that skips the ring's end. */
  #forget(): void {
    const oldest = this.#written - MAX_KEPT + 3 * MAX_FILE;
    for (const [blob, { end }] of this.#files) {
      if (end > oldest) break;
      this.#files.delete(blob);
    }
  }
}
