import { BLANK, CR, LF, hasAt, nextLine } from "../primitives/bytes.ts";
import type { Flow } from "./content.ts";
import { refuse } from "../refused.ts";

export interface Unflowed {
  readonly text: Buffer;
  /** How much of the flowed text was read: all of it, unless `until` came first. */
  readonly source: number;
}

/**
 * Joins the soft-broken lines of RFC 3676 as git does. A line that ends in a blank continues in the
 * next; one leading blank is stuffing; `-- ` stands alone.
 *
 * git decodes an encoded body line by line, and puts what is left over, even an unfinished
 * paragraph, in front of the next piece *before* it looks for the blanks: so it does not unstuff
 * the first line of a piece, but unstuffs the paragraph again.
 *
 * @param pieceEnds offsets in `text` where the lines of the encoded body end, or null if the body
 *   is not encoded
 * @param until stop at the end of the line where this many bytes are joined
 */
// oxlint-disable-next-line complexity -- what git does with a line of the body, in git's order
export function unflow(
  text: Buffer,
  flow: Flow,
  pieceEnds: Iterable<number> | null,
  until = Infinity,
): Unflowed {
  const out = Buffer.allocUnsafe(text.length);
  const paragraph = new Paragraph();
  let length = 0;
  let pos = 0;
  // the end of the line at `pos`: do not search a line again for each of its pieces
  let next = 0;
  for (const pieceEnd of pieceEnds ?? [text.length]) {
    // what is left over precedes the first line of a piece
    let joined = pieceEnds !== null;
    for (; pos < pieceEnd; joined = false) {
      if (length >= until) return { text: out.subarray(0, length), source: pos };
      if (text[pos] === LF && paragraph.length === 0) {
        out[length++] = text[pos++]!; // a fast path for mails full of empty lines
        continue;
      }
      if (next <= pos) next = nextLine(text, pos);
      const line = text.subarray(pos, Math.min(next, pieceEnd));
      pos += line.length;
      const unfinished = pieceEnds !== null && line.at(-1) !== LF;
      if (!joined && !unfinished) {
        const { start, end, soft } = measure(line, flow);
        paragraph.append(line.subarray(start, soft ? end : line.length));
        if (soft) continue;
        if (isSignature(line) && paragraph.length > line.length) {
          refuse("flowed-ambiguous", "a soft line break before the signature");
        }
      } else {
        paragraph.append(line);
        if (unfinished) continue;
        const { start, end, soft } = measure(paragraph.text, flow);
        paragraph.cut(start, soft ? end : paragraph.length);
        if (soft) continue;
      }
      length += paragraph.text.copy(out, length);
      paragraph.clear();
    }
  }
  length += paragraph.text.copy(out, length);
  return { text: out.subarray(0, length), source: pos };
}

/** Text that grows at its end and shrinks at its front, without being copied each time. */
class Paragraph {
  #memory: Buffer = Buffer.allocUnsafe(1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }
  get text(): Buffer {
    return this.#memory.subarray(this.#start, this.#end);
  }

  append(piece: Buffer): void {
    if (this.#end + piece.length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(2 * (this.length + piece.length));
      this.#end = this.text.copy(larger);
      this.#start = 0;
      this.#memory = larger;
    }
    this.#end += piece.copy(this.#memory, this.#end);
  }

  /** Keeps only [start, end). */
  cut(start: number, end: number): void {
    this.#end = this.#start + end;
    this.#start += start;
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }
}

function isSignature(line: Buffer): boolean {
  return hasAt(line, 0, "-- ") && textEnd(line) === 3;
}

/** Offset of the line end. */
function textEnd(line: Buffer): number {
  const { length } = line;
  if (line[length - 1] !== LF) return length;
  return line[length - 2] === CR ? length - 2 : length - 1;
}

/** Start and end of a line's text, and whether the next line continues it. */
function measure(line: Buffer, flow: Flow): { start: number; end: number; soft: boolean } {
  const end = textEnd(line);
  if (isSignature(line)) return { start: 0, end, soft: false };
  const start = end > 0 && line[0] === BLANK ? 1 : 0;
  const soft = end > start && line[end - 1] === BLANK;
  return { start, end: soft && flow.delsp ? end - 1 : end, soft };
}
