import { BLANK, CR, copyLine, LF, hasAt, nextLine } from "../primitives/bytes.ts";
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
      const from = pos;
      pos = Math.min(next, pieceEnd);
      const unfinished = pieceEnds !== null && text[pos - 1] !== LF;
      if (!joined && !unfinished) {
        const { start, end, soft } = measure(text, from, pos, flow);
        paragraph.append(text, start, soft ? end : pos);
        if (soft) continue;
        if (isSignature(text, from, pos) && paragraph.length > pos - from) {
          refuse("flowed-ambiguous", "a soft line break before the signature");
        }
      } else {
        paragraph.append(text, from, pos);
        if (unfinished) continue;
        if (paragraph.isSoft(flow)) continue;
      }
      length = paragraph.moveTo(out, length);
    }
  }
  length = paragraph.moveTo(out, length);
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

  append(text: Buffer, from: number, to: number): void {
    if (this.#end + to - from > this.#memory.length) {
      const larger = Buffer.allocUnsafe(2 * (this.length + to - from));
      this.#end = this.#memory.copy(larger, 0, this.#start, this.#end);
      this.#start = 0;
      this.#memory = larger;
    }
    this.#end = copyLine(text, from, to, this.#memory, this.#end);
  }

  /** Cuts what is not text, as of a line; whether the next line continues it. */
  isSoft(flow: Flow): boolean {
    const { start, end, soft } = measure(this.#memory, this.#start, this.#end, flow);
    this.#start = start;
    if (soft) this.#end = end;
    return soft;
  }

  /** Writes it at `at`, and begins a new one. @returns where it ends */
  moveTo(out: Buffer, at: number): number {
    const end = copyLine(this.#memory, this.#start, this.#end, out, at);
    this.#start = 0;
    this.#end = 0;
    return end;
  }
}

function isSignature(text: Buffer, from: number, to: number): boolean {
  return hasAt(text, from, "-- ") && textEnd(text, from, to) === from + 3;
}

/** Where the line end of [from, to) begins. */
function textEnd(text: Buffer, from: number, to: number): number {
  if (to === from || text[to - 1] !== LF) return to;
  return to - from > 1 && text[to - 2] === CR ? to - 2 : to - 1;
}

/** Start and end of the text of the line [from, to), and whether the next line continues it. */
function measure(
  text: Buffer,
  from: number,
  to: number,
  flow: Flow,
): { start: number; end: number; soft: boolean } {
  const end = textEnd(text, from, to);
  if (isSignature(text, from, to)) return { start: from, end, soft: false };
  const start = end > from && text[from] === BLANK ? from + 1 : from;
  const soft = end > start && text[end - 1] === BLANK;
  return { start, end: soft && flow.delsp ? end - 1 : end, soft };
}
