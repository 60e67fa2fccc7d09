/** CR LF and LF: what a transport made of line ends, and what of them belongs to a file. */

import { CR, LF } from "../primitives/bytes.ts";

/** A mail as `git mailsplit` hands it on, and what was dropped for that. */
export interface PlainMail {
  readonly mail: Buffer;
  /** Offsets in `mail` of the line feeds that had a CR before them, ascending. */
  readonly crs: CrPlaces;
}

export type CrPlaces = ArrayLike<number>;

export const NO_CRS: CrPlaces = [];

/** Drops one CR before each LF, as `git mailsplit` does with every mail unless told to keep it. */
export function dropCr(mail: Buffer): Buffer {
  return withoutCrs(mail).mail;
}

/** The same, and where it was. Without a CR in the mail, the mail itself. */
export function withoutCrs(raw: Buffer): PlainMail {
  const first = raw.indexOf(CRLF, 0, "latin1");
  if (first < 0) return { mail: raw, crs: NO_CRS };
  const mail = Buffer.allocUnsafe(raw.length);
  const crs = new PlaceList();
  let length = raw.copy(mail, 0, 0, first);
  for (let at = first; at < raw.length; at++) {
    const byte = raw[at]!;
    if (byte === CR && raw[at + 1] === LF) crs.push(length);
    else mail[length++] = byte;
  }
  return { mail: mail.subarray(0, length), crs: crs.all };
}

/** Ascending offsets, in four bytes each: a mail may be nothing but line ends. */
export class PlaceList {
  #memory = new Uint32Array(64);
  #length = 0;

  get all(): CrPlaces {
    return this.#memory.subarray(0, this.#length);
  }

  get last(): number | undefined {
    return this.#memory[this.#length - 1];
  }

  push(place: number): void {
    if (this.#length === this.#memory.length) {
      const larger = new Uint32Array(2 * this.#length);
      larger.set(this.#memory);
      this.#memory = larger;
    }
    this.#memory[this.#length++] = place;
  }
}

const CRLF = "\r\n";

/** How many of the places are below `offset`. */
export function crsBefore(crs: CrPlaces, offset: number): number {
  let low = 0;
  for (let high = crs.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (crs[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Carries a change from a mail without its CRs over to the mail itself: what stands before and
 * after the changed lines keeps every byte, and new lines end as the line above them does.
 *
 * @param change what is to become of the mail as `git mailsplit` hands it on
 */
export function changeRaw(raw: Buffer, change: (mail: Buffer) => Buffer): Buffer {
  const { mail, crs } = withoutCrs(raw);
  const changed = change(mail);
  if (crs.length === 0) return changed;
  const start = commonStart(mail, changed);
  const tail = commonEnd(mail, changed, start);
  const rawStart = start + crsBefore(crs, start);
  const end = mail.length - tail;
  const rawEnd = end + crsBefore(crs, end);
  const isCrlf = raw[rawStart - 2] === CR;
  const lines = changed.toString("latin1", start, changed.length - tail);
  const written = isCrlf ? lines.replaceAll("\n", CRLF) : lines;
  return Buffer.concat([
    raw.subarray(0, rawStart),
    Buffer.from(written, "latin1"),
    raw.subarray(rawEnd),
  ]);
}

/** Where the first line begins in which the two differ. */
function commonStart(a: Buffer, b: Buffer): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a[at] === b[at]) at++;
  return at === 0 ? 0 : a.lastIndexOf(LF, at - 1) + 1;
}

/** How many bytes are the same at the end, below `start`. */
function commonEnd(a: Buffer, b: Buffer, start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length++;
  return length;
}
