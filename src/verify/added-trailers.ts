/** Finds the trailers that archives, maintainers and b4 added or moved above the break. */

import { createHash, type Hash } from "node:crypto";

const TRAILER = /^[A-Za-z][A-Za-z0-9-]*: \S/;
/** Runs of added lines are looked for in this many last lines: 528 at most. */
const MAX_LINES = 32;
/** Up to here, with one moved line too: 120 arrangements. */
const MAX_MOVED = 16;
/** Up to here, any lines may be added ones: 254 arrangements. */
const MAX_ANY = 8;
/** This many last lines may have been sorted, with added ones among them: 326 arrangements. */
const MAX_SORTED = 5;
/** Bytes; a trailer is never longer. */
const MAX_LINE = 500;
/** Bytes; a longer message than any real one is not searched. */
const MAX_MESSAGE = 256 * 1024;

export interface SignedMessage {
  readonly message: Buffer;
  /** Lines that were not signed. */
  readonly added: readonly string[];
  /** Lines that were signed in another place. */
  readonly moved: readonly string[];
}

/** The trailers as they may have been signed. */
interface Arrangement {
  readonly kept: readonly Buffer[];
  readonly moved: readonly Buffer[];
}

/**
 * Looks for the signed message: without added lines among the trailers of the last paragraph, with
 * the last one where it may have been, the last few in any order, without the empty line above them.
 * (b4 puts a Signed-off-by of its user last, and an empty line between text and trailers; by
 * b4.trailer-order it sorts what stands below another Signed-off-by.)
 *
 * @param message canonical message
 * @param isSigned whether this SHA-256 (hex) is the signed message's; asked at most 903 times
 * @returns the signed message and what was done to it, or null
 */
export function withoutTrailers(
  message: Buffer,
  isSigned: (digest: string) => boolean,
): SignedMessage | null {
  if (message.length > MAX_MESSAGE) return null;
  const [above, tail] = lastTrailers(message);
  const apart = hashed(above);
  const joined = hashed(withoutBlank(above));
  for (const { kept, moved } of arrangements(tail)) {
    for (const { text, hash } of textsAbove(kept, moved)) {
      const whole = hash.copy();
      for (const line of kept) whole.update(line);
      if (!isSigned(whole.digest("hex"))) continue;
      const added = tail.filter((line) => !kept.includes(line)).map(textOf);
      const message = Buffer.concat([text, ...kept]);
      return { message, added, moved: moved.map(textOf) };
    }
  }
  return null;

  function textsAbove(kept: readonly Buffer[], moved: readonly Buffer[]): (typeof apart)[] {
    // a paragraph of nothing but trailers leaves its empty line behind
    if (kept.length === 0) return [joined];
    const isApart = joined.text.length < apart.text.length && tail.length <= MAX_MOVED;
    return isApart && moved.length === 0 ? [apart, joined] : [apart];
  }
}

function hashed(text: Buffer): { readonly text: Buffer; readonly hash: Hash } {
  return { text, hash: createHash("sha256").update(text) };
}

/** The likely ones first. */
function* arrangements(tail: readonly Buffer[]): Generator<Arrangement> {
  const { length } = tail;
  if (length === 0) return;
  yield { kept: tail, moved: [] };
  for (let from = 0; from < length; from++)
    for (let to = length; to > from; to--)
      yield { kept: [...tail.slice(0, from), ...tail.slice(to)], moved: [] };
  if (length <= MAX_MOVED) yield* movedBack(tail);
  yield* unsorted(tail);
  if (length <= MAX_ANY)
    for (let chosen = 1; chosen < (1 << length) - 1; chosen++)
      yield { kept: tail.filter((_, i) => (chosen & (1 << i)) !== 0), moved: [] };
}

/** The last line in each other place, with and without lines that were added above it. */
function* movedBack(tail: readonly Buffer[]): Generator<Arrangement> {
  const moved = tail.at(-1)!;
  for (let end = tail.length - 1; end > 0; end--)
    for (let place = end - 1; place >= 0; place--)
      yield { kept: [...tail.slice(0, place), moved, ...tail.slice(place, end)], moved: [moved] };
}

/** The last lines in every order, all of them or some. */
function* unsorted(tail: readonly Buffer[]): Generator<Arrangement> {
  const above = tail.slice(0, -MAX_SORTED);
  for (const chosen of selections(tail.slice(-MAX_SORTED))) {
    const shown = tail.filter((line) => chosen.includes(line));
    const moved = shown.filter((line, i) => line !== chosen[i]);
    if (moved.length > 0) yield { kept: [...above, ...chosen], moved };
  }
}

/** Every selection of these lines, in every order. */
function* selections(lines: readonly Buffer[]): Generator<readonly Buffer[]> {
  yield [];
  for (const first of lines)
    for (const others of selections(lines.filter((line) => line !== first)))
      yield [first, ...others];
}

function textOf(line: Buffer): string {
  return line.toString("utf8").replace(/\n$/, "");
}

/** The message without its final trailers, and the trailers as lines with LF. */
function lastTrailers(message: Buffer): [Buffer, Buffer[]] {
  const lines: Buffer[] = [];
  let end = message.length;
  while (end > 0 && lines.length < MAX_LINES) {
    const start = message.lastIndexOf("\n", end - 2) + 1;
    const line = message.subarray(start, end);
    if (line.length > MAX_LINE || !TRAILER.test(line.toString("latin1"))) break;
    lines.unshift(line);
    end = start;
  }
  return [message.subarray(0, end), lines];
}

function withoutBlank(text: Buffer): Buffer {
  return text.at(-2) === 0x0a ? text.subarray(0, -1) : text;
}
