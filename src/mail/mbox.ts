import { EMPTY, LF, hasAt, isSpace, latin1, nextLine } from "../primitives/bytes.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { dropCr } from "./line-ends.ts";

/** One message of an mbox. */
export interface MboxMessage {
  /** Offset of `bytes` in the input: below the From line, unless that is kept. */
  readonly offset: number;
  /** Its length there. */
  readonly size: number;
  /** Offset of the next message's From line, or of the end of input. */
  readonly end: number;
  /** The message as `git mailsplit` writes it; null if it is over the cap. */
  readonly bytes: Buffer | null;
}

export interface MboxOptions {
  /** Larger messages are skipped. */
  readonly maxMessageBytes?: number;
  /** Keep the CR of CRLF, as `git mailsplit --keep-cr` does. */
  readonly keepCr?: boolean;
  /** The input's offset in a file: an earlier `end`. Offsets are then in the file. */
  readonly startsAt?: number;
}

const FROM = "From ";
/** No cut at longer From lines: `isCutByGit` then checks the whole mail. */
const MAX_FROM_LINE = 1024;
/** Bytes held for a partial From line. */
const HELD_BACK = MAX_FROM_LINE + 8;

/**
 * Cuts an mbox, or a single mail without a From line, into messages: an incremental parser, without
 * I/O. It never throws, and holds one message at a time.
 *
 * It cuts where `git mailsplit` does, and nowhere else: if `git am` saw two mails where we see one,
 * or the other way round, we would judge something that nobody applies. So it reads every mbox that
 * git reads. A From line needs no empty line above it; if there is one, it is the end of the mail.
 * A file that does not begin with a From line is one mail, whatever it holds. `>From ` is left
 * alone.
 *
 * The From line is dropped, unless a reader must see it: above what is no header, since it was then
 * a line of the text before; where others read it as a header (`From :`); and in a mail that may
 * hold a From line too long to check.
 *
 * Do not change the chunks after `push`: messages may be slices of them.
 */
export class MboxSplitter {
  readonly #cap: number;
  readonly #keepCr: boolean;
  /** Input not cut yet: it may end in an incomplete From line. */
  #text: Buffer = EMPTY;
  /** Offset of `#text` in the input. */
  #base: number;
  /** Offset of the current message in the input; -1 before the first. */
  #start = -1;
  /** Without a From line on top, git takes the whole input for one mail. */
  #isMbox = false;
  /** The From line above the current message. */
  #fromLine: Buffer = EMPTY;
  /** True if the current message has a line like a From line that was not checked. */
  #unsure = false;
  /** True until the first message of the input is done. */
  #isFirst = true;
  /** The current message's bytes before `#text`. */
  #pieces: Buffer[] = [];

  constructor(options: MboxOptions = {}) {
    this.#cap = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#keepCr = options.keepCr ?? false;
    this.#base = options.startsAt ?? 0;
  }

  /** Takes the next bytes of the input; returns the messages that end in them. */
  push(chunk: Buffer): MboxMessage[] {
    this.#text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk]);
    return this.#split(false);
  }

  /** Ends the input: returns what is left. */
  end(): MboxMessage[] {
    const found = this.#split(true);
    if (this.#start >= 0) this.#finish(this.#text.length, found);
    this.#base += this.#text.length;
    this.#text = EMPTY;
    this.#start = -1;
    return found;
  }

  #split(ended: boolean): MboxMessage[] {
    const found: MboxMessage[] = [];
    if (this.#start < 0 && !this.#begin(ended)) return found;
    const text = this.#text;
    let at = this.#isMbox ? this.#firstFrom() : -1;
    while (at >= 0) {
      const next = nextLine(text, at);
      const tooLong = next - at > MAX_FROM_LINE;
      if (text[next - 1] !== LF && !ended && !tooLong) break;
      if (tooLong) this.#unsure = true;
      else if (isGitFromLine(latin1(text, at, next))) {
        this.#finish(at, found);
        this.#start = this.#base + next;
        this.#fromLine = Buffer.from(text.subarray(at, next));
      }
      at = fromBelow(text, next - 1);
    }
    this.#release();
    return found;
  }

  /** Finds the start of the first message; false if it needs more input. */
  #begin(ended: boolean): boolean {
    let skip = 0;
    while (skip < this.#text.length && isSpace(this.#text[skip])) skip++;
    this.#text = this.#text.subarray(skip);
    this.#base += skip;
    const text = this.#text;
    const next = nextLine(text, 0);
    const tooLong = next > MAX_FROM_LINE;
    const whole = ended || tooLong || text[next - 1] === LF;
    if (text.length === 0 || !whole) return false;
    const hasFromLine = !tooLong && hasAt(text, 0, FROM);
    this.#isMbox = hasFromLine && isGitFromLine(latin1(text, 0, next));
    this.#start = this.#base + (hasFromLine ? next : 0);
    this.#fromLine = hasFromLine ? Buffer.from(text.subarray(0, next)) : EMPTY;
    return true;
  }

  /** The first line of `#text` that begins like a From line, or -1; one may stand below another. */
  #firstFrom(): number {
    const start = this.#startInText();
    const onTop = this.#start >= this.#base && hasAt(this.#text, start, FROM);
    return onTop ? start : fromBelow(this.#text, start);
  }

  #startInText(): number {
    return Math.max(0, this.#start - this.#base);
  }

  /** Adds the current message, which ends at `end` in `#text`. */
  #finish(end: number, found: MboxMessage[]): void {
    const size = this.#base + end - this.#start;
    const pieces = this.#pieces;
    const [unsure, isFirst] = [this.#unsure, this.#isFirst];
    this.#pieces = [];
    this.#unsure = false;
    if (size <= 0) return;
    this.#isFirst = false;
    if (size > this.#cap) {
      found.push({ offset: this.#start, size, end: this.#base + end, bytes: null });
      return;
    }
    const last = this.#text.subarray(this.#startInText(), end);
    const bytes = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    const shown =
      unsure ||
      FROM_HEADER.test(latin1(this.#fromLine, 0, LOOKED_AT)) ||
      (!isFirst && !HEADER.test(latin1(bytes, 0, LOOKED_AT)));
    const above = shown ? this.#fromLine.length : 0;
    const raw = shown ? Buffer.concat([this.#fromLine, bytes]) : bytes;
    found.push({
      offset: this.#start - above,
      size: size + above,
      end: this.#base + end,
      bytes: this.#keepCr ? raw : dropCr(raw),
    });
  }

  /** Moves all but the end of `#text` away; keeps nothing of a message over the cap. */
  #release(): void {
    const start = this.#startInText();
    const cut = Math.max(start, this.#text.length - HELD_BACK);
    if (cut > start) this.#pieces.push(this.#text.subarray(start, cut));
    this.#text = this.#text.subarray(cut);
    this.#base += cut;
    if (this.#base - this.#start > this.#cap) this.#pieces = [];
  }
}

/** The start of a mail, after empty lines; the field name may be cut off. */
const LOOKED_AT = 200;
const FROM_HEADER = /^From[ \t]+:/;
const HEADER = /^\s*(?:$|>?From |[!-9;-~]+(?:$|[ \t]*:))/;

/** All messages of an mbox that is in memory. */
export function messages(mbox: Buffer, options: MboxOptions = {}): MboxMessage[] {
  const splitter = new MboxSplitter(options);
  return [...splitter.push(mbox), ...splitter.end()];
}

/** The next line below the one at `pos` that begins like a From line, or -1. */
function fromBelow(text: Buffer, pos: number): number {
  const before = text.indexOf(`\n${FROM}`, pos, "latin1");
  return before < 0 ? -1 : before + 1;
}

/** To git, shorter lines, line end included, are no From lines. */
const FROM_LINE_MIN = 20;

/**
 * git's rule for a line that begins with `From `: a time `d?dd:dd`, `?` being anything, around the
 * last colon, and two bytes after it a number above 90, the year.
 *
 * @param line with its line end, a character a byte
 */
function isGitFromLine(line: string): boolean {
  if (line.length < FROM_LINE_MIN) return false;
  const colon = line.lastIndexOf(":", line.length - 3);
  if (colon < 5) return false;
  const isDigit = (at: number) => /\d/.test(line[at] ?? "");
  if (![-4, -2, -1, 1, 2].every((step) => isDigit(colon + step))) return false;
  const year = /^[ \t-\r]*\+?(\d+)/.exec(line.slice(colon + 3));
  return year !== null && Number(year[1]) > 90;
}

/**
 * True if `git mailsplit` would cut this uncut mail in two: it begins with a From line, as a mail
 * in a file of its own may, and holds another one.
 */
export function isCutByGit(mail: Buffer): boolean {
  if (!hasAt(mail, 0, FROM) || !mayCut(mail, 0)) return false;
  let at = fromBelow(mail, 0);
  while (at >= 0 && !mayCut(mail, at)) at = fromBelow(mail, at);
  return at >= 0;
}

/** git checks a line with its CR, which may have been dropped here. */
function mayCut(mail: Buffer, at: number): boolean {
  const line = latin1(mail, at, nextLine(mail, at));
  return isGitFromLine(line) || isGitFromLine(line.replace(/\n$/, "\r\n"));
}
