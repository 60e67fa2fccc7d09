import { BLANK, CR, LF, hasAt, lineEnd } from "./bytes.ts";
import type { Flow } from "./content.ts";
import { refuse } from "./refused.ts";

export interface Unflowed {
  readonly text: Buffer;
  /** Where each line of `text` ends, and where that is in the flowed text. */
  readonly lines: readonly { readonly end: number; readonly source: number }[];
}

/**
 * Joins the soft-broken lines of RFC 3676 as git does. A line that ends in a blank goes on in the
 * next; one leading blank is stuffing; `-- ` stands alone.
 *
 * In an encoded body (`encoded`) git joins *before* it looks at a line: of a paragraph, only the
 * first line is unstuffed, and once more for every line that is joined.
 */
export function unflow(text: Buffer, flow: Flow, encoded: boolean): Unflowed {
  const out: Buffer[] = [];
  const lines: { end: number; source: number }[] = [];
  let pending: Buffer[] = [];
  let length = 0;
  const emit = (pieces: readonly Buffer[]) => {
    for (const piece of pieces) length += piece.length;
    out.push(...pieces);
  };
  for (let pos = 0, next = 0; pos < text.length; pos = next) {
    next = lineEnd(text, pos);
    let line = text.subarray(pos, next);
    const whole = text[next - 1] === LF;
    if (encoded) {
      line = pending.length === 0 ? line : Buffer.concat([...pending, line]);
      pending = [];
      if (!whole) {
        emit([line]);
        break;
      }
    }
    let end = line.length;
    if (whole) end -= line[end - 2] === CR ? 2 : 1;
    if (end === 3 && hasAt(line, 0, "-- ")) {
      if (pending.length > 0) refuse("flowed-ambiguous", "a soft line break before the signature");
    } else {
      const start = end > 0 && line[0] === BLANK ? 1 : 0;
      if (end > start && line[end - 1] === BLANK) {
        pending.push(line.subarray(start, flow.delsp ? end - 1 : end));
        continue;
      }
      line = line.subarray(start);
    }
    emit([...pending, line]);
    pending = [];
    lines.push({ end: length, source: next });
  }
  emit(pending);
  return { text: Buffer.concat(out), lines };
}
