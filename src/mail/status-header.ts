/** The header line in which a mail filter keeps what verification found. */

import { BLANK, CR, hasAt, hasAtNoCase, isSpace, LF, nextLine, TAB } from "../primitives/bytes.ts";

/** Filters and mail readers look for it, so nobody but the filter may write it. */
const STATUS_HEADER = "X-Patchsig-Status";
const NAME = STATUS_HEADER.toLowerCase();
const COLON = 0x3a;

/**
 * Takes every such line out of a mail's header, and puts one on top of it, below an mbox From line.
 * All other bytes stay, and git reads what it read before.
 *
 * Readers disagree about where a line ends that has a CR in it, and so about where the header ends.
 * Up to the first line that is empty to all of them, whatever one of them would take for this line
 * is taken out, even if git would take it for text.
 *
 * @param value printable ASCII, one line; null to put none there
 */
export function withStatus(mail: Buffer, value: string | null): Buffer {
  const start = headerStart(mail);
  const end = headerEnd(mail, start);
  const line = value === null ? "" : `${STATUS_HEADER}: ${value}${lineEnding(mail)}`;
  return Buffer.concat([
    mail.subarray(0, start),
    Buffer.from(line, "latin1"),
    ...withoutStatus(mail.subarray(start, end)),
    mail.subarray(end),
  ]);
}

/** Below blank lines and From lines: git skips both. */
function headerStart(mail: Buffer): number {
  for (let pos = 0; ; pos = nextLine(mail, pos)) {
    while (pos < mail.length && isSpace(mail[pos])) pos++;
    if (!hasAt(mail, pos, "From ")) return pos;
  }
}

/** The end of the last line above an empty one, or of the mail. */
function headerEnd(mail: Buffer, start: number): number {
  const ends = ["\n\n", "\n\r\n"].map((empty) => mail.indexOf(empty, start, "latin1"));
  const found = ends.filter((end) => end >= 0);
  return found.length === 0 ? mail.length : Math.min(...found) + 1;
}

function lineEnding(mail: Buffer): string {
  return mail[mail.indexOf(LF) - 1] === CR ? "\r\n" : "\n";
}

/**
 * The pieces of a header between its status fields. Some readers, such as Python's, end a line at a
 * CR alone. So the line end that goes with a field is the one above it: the one below may be LF, and
 * half of the empty line that ends the header.
 */
function withoutStatus(header: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  let above = 0;
  let drops = false;
  for (let pos = 0, next = 0; pos < header.length; pos = next) {
    const end = textEnd(header, pos);
    next = endsTwice(header, end) ? end + 2 : end + 1;
    const did = drops;
    if (pos === 0 || !isFold(header, pos)) drops = isStatus(header, pos);
    if (drops && !did) pieces.push(header.subarray(from, above));
    if (drops) from = above === 0 ? next : end;
    else above = end;
  }
  return [...pieces, header.subarray(from)];
}

function textEnd(text: Buffer, pos: number): number {
  while (pos < text.length && text[pos] !== LF && text[pos] !== CR) pos++;
  return pos;
}

function endsTwice(text: Buffer, end: number): boolean {
  return text[end] === CR && text[end + 1] === LF;
}

function isFold(text: Buffer, pos: number): boolean {
  return text[pos] === BLANK || text[pos] === TAB;
}

/** Some readers allow blanks before the colon, or join folded lines before they look for it. */
function isStatus(text: Buffer, pos: number): boolean {
  if (!hasAtNoCase(text, pos, NAME)) return false;
  let at = pos + NAME.length;
  for (;;) {
    while (isFold(text, at)) at++;
    if (text[at] === COLON) return true;
    const next = endsTwice(text, at) ? at + 2 : at + 1;
    if (at >= text.length || (text[at] !== LF && text[at] !== CR) || !isFold(text, next))
      return false;
    at = next;
  }
}
