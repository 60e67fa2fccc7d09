import { crsBefore } from "../mail/line-ends.ts";
import type { Diff } from "../types.ts";
import { refuseAt } from "../refused.ts";
import { CR, LF, lineEnd } from "../primitives/bytes.ts";

/** Where a file patch stands in the patch text. */
export interface FilePatchRange {
  readonly start: number;
  readonly end: number;
  /** Empty hunk lines: context lines that lost their one blank in transport. */
  readonly emptyLines: number;
}

/**
 * The signed bytes of the file patches, concatenated. This undoes three changes by transports that make
 * no difference, or almost none, to git:
 *
 * - an empty line in a hunk is one blank;
 * - if *all* lines end in a raw CR LF, the CRs are dropped; if only some do, they are kept: `rawCr`;
 * - if none does, but *all* lines end in an encoded CR, one CR is removed from each. The result is that
 *   of the LF twin, which git would apply to another file: `allCr` says so.
 *
 * @param pieces in order, without overlap
 * @param crs line feeds of `text` before which a CR was dropped
 */
export function canonicalOf(
  text: Buffer,
  pieces: readonly FilePatchRange[],
  crs: ArrayLike<number>,
): Pick<Diff, "canonical" | "allCr" | "rawCr"> {
  const rawCr = rawCrOf(text, pieces, crs);
  if (rawCr !== "some") {
    const { canonical, allCr } = readAsLf(text, pieces);
    return { canonical, allCr, rawCr };
  }
  const kept = Buffer.concat(pieces.map((piece) => withCrs(text, piece, crs)));
  return { canonical: withoutNul(kept, pieces), allCr: false, rawCr };
}

function rawCrOf(
  text: Buffer,
  pieces: readonly FilePatchRange[],
  crs: ArrayLike<number>,
): Diff["rawCr"] {
  if (crs.length === 0) return "none";
  let dropped = 0;
  let lines = 0;
  for (const { start, end } of pieces) {
    dropped += crsBefore(crs, end) - crsBefore(crs, start);
    for (let at = start; at < end; at++) if (text[at] === LF) lines++;
  }
  return dropped === 0 ? "none" : dropped === lines ? "all" : "some";
}

/** The file patch with its own CRs, and with a blank in each of its empty lines. */
function withCrs(
  text: Buffer,
  { start, end, emptyLines }: FilePatchRange,
  crs: ArrayLike<number>,
): Buffer {
  const first = crsBefore(crs, start);
  const dropped = crsBefore(crs, end) - first;
  const out = Buffer.allocUnsafe(end - start + dropped + emptyLines);
  let to = 0;
  let next = first;
  for (let at = start; at < end; at++) {
    const isEnd = text[at] === LF;
    if (isEnd && emptyLines > 0 && text[at - 1] === LF) out[to++] = 0x20;
    if (isEnd && crs[next] === at) {
      out[to++] = CR;
      next++;
    }
    out[to++] = text[at]!;
  }
  return out.subarray(0, to);
}

function readAsLf(
  text: Buffer,
  pieces: readonly FilePatchRange[],
): Pick<Diff, "canonical" | "allCr"> {
  const slices: Buffer[] = [];
  let last: FilePatchRange | undefined;
  let start = 0;
  for (const piece of pieces) {
    // file patches are mostly adjacent: pass on one range for all of them
    if (last?.end !== piece.start || last.emptyLines > 0 || piece.emptyLines > 0) {
      if (last !== undefined) slices.push(sliceOf(text, start, last));
      start = piece.start;
    }
    last = piece;
  }
  if (last !== undefined) slices.push(sliceOf(text, start, last));

  const allCr = slices.length > 0 && slices.every(allLinesEndInCr);
  const verbatim = slices.length === 1 ? slices[0]! : Buffer.concat(slices);
  return { canonical: withoutNul(allCr ? withoutCrs(verbatim) : verbatim, pieces), allCr };
}

function withoutNul(diff: Buffer, pieces: readonly FilePatchRange[]): Buffer {
  if (diff.includes(0)) refuseAt("nul-in-diff", pieces[0]!.start, "a NUL byte in a diff");
  return diff;
}

function sliceOf(text: Buffer, start: number, { end, emptyLines }: FilePatchRange): Buffer {
  const slice = text.subarray(start, end);
  return emptyLines === 0 ? slice : withBlanks(slice, emptyLines);
}

// Plain loops: an indexOf for each line would take minutes on a mail made of empty lines.

/** `slice`, a text diff, with a blank in each of its empty lines. */
function withBlanks(slice: Buffer, emptyLines: number): Buffer {
  const out = Buffer.allocUnsafe(slice.length + emptyLines);
  let to = 0;
  let before = 0;
  for (let at = 0; at < slice.length; at++) {
    const byte = slice[at]!;
    if (byte === LF && before === LF) out[to++] = 0x20;
    out[to++] = byte;
    before = byte;
  }
  return out;
}

function allLinesEndInCr(slice: Buffer): boolean {
  for (let at = 0; at < slice.length;) {
    const end = lineEnd(slice, at);
    if (end === slice.length || slice[end - 1] !== CR) return false;
    at = end + 1;
  }
  return true;
}

function withoutCrs(slice: Buffer): Buffer {
  const out = Buffer.allocUnsafe(slice.length);
  let to = 0;
  for (let at = 0; at < slice.length; at++) {
    const byte = slice[at]!;
    if (byte === LF) to--;
    out[to++] = byte;
  }
  return out.subarray(0, to);
}
