/** Adds trailers to a commit message, where git interpret-trailers would. */

import { LF } from "../primitives/bytes.ts";
import { readTrailer } from "./trailer.ts";

/** Lines that git itself writes: if a paragraph has one, only a quarter of its lines have to be trailers. */
const GITS_OWN = /^(?:Signed-off-by: |\(cherry picked from commit )/;
const TRAILER = /^(?:[A-Za-z0-9-]+[ \t]*:|\(cherry picked from commit )/;
const FOLDED = /^[ \t]/;
/** The end of a paragraph; lines may end with CRLF. */
const EMPTY_LINES = /\n(?:[ \t\r\f\v]*\n)+/;

/**
 * Adds lines below the message's trailers. If its last paragraph is not a block of trailers, they begin a new one
 * (git-interpret-trailers(1)).
 *
 * @param message without the subject, in canonical form: it ends in LF, or is empty
 */
export function appendTrailers(message: Buffer, lines: readonly string[]): Buffer {
  if (lines.length === 0) return message;
  const gap = message.length === 0 || endsInTrailers(message) ? "" : "\n";
  return Buffer.concat([message, Buffer.from(`${gap}${lines.join("\n")}\n`)]);
}

function endsInTrailers(message: Buffer): boolean {
  const text = message.toString("utf8").trimEnd();
  const lines = (text.split(EMPTY_LINES).at(-1) ?? "").split("\n");
  let trailers = 0;
  let others = 0;
  let isOwn = false;
  let isOfTrailer = false;
  for (const line of lines) {
    // a folded line belongs to the one above it
    const isFolded = FOLDED.test(line);
    if (!isFolded) isOfTrailer = TRAILER.test(line);
    if (isOfTrailer) trailers += isFolded ? 0 : 1;
    else others++;
    isOwn ||= GITS_OWN.test(line);
  }
  return others === 0 ? trailers > 0 : isOwn && trailers * 3 >= others;
}

/**
 * Adds lines to a commit's whole message. If the last sign-off is the user's own, it moves below the new lines; all
 * other lines stay where they are.
 *
 * @param message as in the commit: the title, and perhaps an empty line and more
 * @param isOwn whether an address is the user's
 */
export function withTrailers(
  message: Buffer,
  lines: readonly string[],
  isOwn: (address: string) => boolean,
): Buffer {
  const text = message.toString("latin1").replace(/^\n+/, "").replace(/\n*$/, "\n");
  const gap = EMPTY_LINES.exec(text);
  const title = gap === null ? text.trimEnd() : text.slice(0, gap.index);
  const body = gap === null ? "" : text.slice(gap.index + gap[0].length);
  const bodyLines = body.split(/(?<=\n)/);
  const last = bodyLines.findLastIndex((line) => SIGN_OFF.test(line));
  const [, address = ""] = SIGN_OFF.exec(bodyLines[last] ?? "") ?? [];
  const own = last >= 0 && isOwn(Buffer.from(address, "latin1").toString("utf8"));
  const kept = own ? bodyLines.filter((_, i) => i !== last) : bodyLines;
  const moved = own ? [Buffer.from(bodyLines[last]!.trimEnd(), "latin1").toString("utf8")] : [];
  // the sign-off may have been alone in its paragraph
  while (kept.at(-1)?.trim() === "") kept.pop();
  const whole = appendTrailers(Buffer.from(kept.join(""), "latin1"), [...lines, ...moved]);
  return Buffer.concat([Buffer.from(`${title}${gap?.[0] ?? "\n\n"}`, "latin1"), whole]);
}

const SIGN_OFF = /^Signed-off-by:.*<([^<>]*)>[ \t\r]*\n?$/;

/** Bytes of a message; in a longer one, no trailers are read. */
const MAX_MESSAGE = 256 * 1024;

/** All trailers in a message, in whatever paragraph. */
export function trailersOf(
  message: Buffer,
  names: ReadonlyMap<string, string>,
): NonNullable<ReturnType<typeof readTrailer>>[] {
  if (message.indexOf(LF) < 0 || message.length > MAX_MESSAGE) return [];
  const lines = message.toString("utf8").split("\n");
  return lines.flatMap((line) => readTrailer(line, names) ?? []);
}
