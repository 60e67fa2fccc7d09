import { CR, EMPTY, LF, hasAt, isSpace, latin1, lineEnd } from "./bytes.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { dropCr } from "./line-ends.ts";

/** One message of an mbox. */
export interface MboxMessage {
  /** Where the message begins in the input, below its From line. */
  readonly offset: number;
  /** Its length there. */
  readonly size: number;
  /** Where the From line of the next message begins, or the input ends. */
  readonly end: number;
  /** The message as `git mailsplit` hands it on; null if it is larger than the cap. */
  readonly bytes: Buffer | null;
}

export interface MboxOptions {
  /** Larger messages are skipped. */
  readonly maxMessageBytes?: number;
  /** Keep the CR of CRLF, as `git mailsplit --keep-cr` does. */
  readonly keepCr?: boolean;
  /** Where in a file the input begins: at an `end` that was told before. Offsets are in the file. */
  readonly startsAt?: number;
}

const FROM_LINE = "\nFrom ";
/** Longer lines are no From lines. */
const MAX_FROM_LINE = 1024;
/** A From line that is not whole yet, and the empty line before it. */
const HELD_BACK = MAX_FROM_LINE + 8;

/**
 * Who and when: an address, an object name, `MAILER-DAEMON` or `-`, and an asctime date, which some
 * programs write without seconds or with a zone. Unescaped `From ` lines are common in real mboxes;
 * a laxer rule than this cuts mails in two.
 */
const STRICT =
  /^From (?:\S+@\S+|[0-9a-f]{40}|[0-9a-f]{64}|MAILER-DAEMON|-) +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?: \d|\d\d|\d) \d\d:\d\d(?::\d\d)?(?: (?:[A-Z]{3,4}|[+-]\d{4}))? \d{4}(?: (?:[A-Z]{3,4}|[+-]\d{4}))?\r?$/;

/**
 * Cuts an mbox, or a single mail without a From line, into messages: an incremental parser, without
 * I/O. It never throws, and holds one message at a time.
 *
 * A message begins at a strict From line below an empty line. The From line and the empty line
 * before it are dropped; `>From ` is left as it is, and so is the end of the last message.
 *
 * It never cuts where git does not: then the rest would be a mail of its own here, perhaps one
 * without a patch, and to `git am` a part of the mail before, with all that git finds in it.
 * (Where git alone would cut, `looseFromLines` says so.)
 *
 * The chunks given to `push` must not be changed afterwards: messages may be slices of them.
 */
export class MboxSplitter {
  readonly #cap: number;
  readonly #keepCr: boolean;
  /** Input that is not cut yet: its end may belong to a From line that is not whole. */
  #text: Buffer = EMPTY;
  /** Offset of `#text` in the input. */
  #base: number;
  /** Offset of the current message in the input; -1 before the first. */
  #start = -1;
  /** Without a From line on top, git takes the whole input for one mail. */
  #isMbox = false;
  /** What the current message has before `#text`. */
  #pieces: Buffer[] = [];

  constructor(options: MboxOptions = {}) {
    this.#cap = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#keepCr = options.keepCr ?? false;
    this.#base = options.startsAt ?? 0;
  }

  /** Takes the next bytes of the input; gives the messages that end in them. */
  push(chunk: Buffer): MboxMessage[] {
    this.#text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk]);
    return this.#split(false);
  }

  /** The input has ended: gives what is left. */
  end(): MboxMessage[] {
    const found = this.#split(true);
    if (this.#start >= 0) this.#finish(this.#text.length, this.#text.length, found);
    this.#base += this.#text.length;
    this.#text = EMPTY;
    this.#start = -1;
    return found;
  }

  #split(ended: boolean): MboxMessage[] {
    const found: MboxMessage[] = [];
    if (this.#start < 0 && !this.#begin(ended)) return found;
    const text = this.#text;
    let at = this.#isMbox ? text.indexOf(FROM_LINE, this.#startInText(), "latin1") : -1;
    while (at >= 0) {
      const next = lineEnd(text, at + 1);
      const tooLong = next - at > MAX_FROM_LINE;
      if (text[next - 1] !== LF && !ended && !tooLong) break;
      const end = emptyLineBefore(text, at);
      if (end >= 0 && !tooLong && isStrictFromLine(text, at + 1, next)) {
        this.#finish(end, at + 1, found);
        this.#start = this.#base + next;
      }
      at = text.indexOf(FROM_LINE, at + 1, "latin1");
    }
    this.#release();
    return found;
  }

  /** Finds the start of the first message; false if more input is needed for that. */
  #begin(ended: boolean): boolean {
    let skip = 0;
    while (skip < this.#text.length && isSpace(this.#text[skip])) skip++;
    this.#text = this.#text.subarray(skip);
    this.#base += skip;
    const text = this.#text;
    const next = lineEnd(text, 0);
    const whole = ended || next > MAX_FROM_LINE || text[next - 1] === LF;
    if (text.length === 0 || !whole) return false;
    const hasFromLine = next <= MAX_FROM_LINE && isAnyFromLine(text);
    this.#isMbox = hasFromLine && isLooseFromLine(latin1(text, 0, next));
    this.#start = this.#base + (hasFromLine ? next : 0);
    return true;
  }

  #startInText(): number {
    return Math.max(0, this.#start - this.#base);
  }

  /** Adds the current message, which ends at `end` in `#text`; the next begins at `next`. */
  #finish(end: number, next: number, found: MboxMessage[]): void {
    const size = this.#base + end - this.#start;
    const pieces = this.#pieces;
    this.#pieces = [];
    if (size <= 0) return;
    const place = { offset: this.#start, size, end: this.#base + next };
    if (size > this.#cap) {
      found.push({ ...place, bytes: null });
      return;
    }
    const last = this.#text.subarray(this.#startInText(), end);
    const bytes = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    found.push({ ...place, bytes: this.#keepCr ? bytes : dropCr(bytes) });
  }

  /** Moves all but the end of `#text` away; of a message that is too large, nothing is kept. */
  #release(): void {
    const start = this.#startInText();
    const cut = Math.max(start, this.#text.length - HELD_BACK);
    if (cut > start) this.#pieces.push(this.#text.subarray(start, cut));
    this.#text = this.#text.subarray(cut);
    this.#base += cut;
    if (this.#base - this.#start > this.#cap) this.#pieces = [];
  }
}

/** All messages of an mbox that is in memory. */
export function messages(mbox: Buffer, options: MboxOptions = {}): MboxMessage[] {
  const splitter = new MboxSplitter(options);
  return [...splitter.push(mbox), ...splitter.end()];
}

/** Where the empty line begins that the LF at `at` ends, or -1 if that line is not empty. */
function emptyLineBefore(text: Buffer, at: number): number {
  if (text[at - 1] === LF) return at;
  return text[at - 1] === CR && text[at - 2] === LF ? at - 1 : -1;
}

function isStrictFromLine(text: Buffer, start: number, end: number): boolean {
  const line = latin1(text, start, end);
  return STRICT.test(line.endsWith("\n") ? line.slice(0, -1) : line) && isLooseFromLine(line);
}

/** On top of a file, any `From ` line will do; git mailinfo passes over it. */
function isAnyFromLine(text: Buffer): boolean {
  return hasAt(text, 0, "From ") && text[5] !== 0x3a;
}

/** Shorter lines are no From lines to git. It counts the LF, and a CR that is gone here. */
const LOOSE_MIN = 19;

/** git's rule: a time `d?dd:dd`, whatever `?` is, and then a year above 90. */
function isLooseFromLine(line: string): boolean {
  if (line.length < LOOSE_MIN) return false;
  const colon = line.lastIndexOf(":", line.length - 3);
  if (colon < 5) return false;
  const isDigit = (at: number) => /\d/.test(line[at] ?? "");
  if (![-4, -2, -1, 1, 2].every((step) => isDigit(colon + step))) return false;
  const year = /^[ \t-\r]*\+?(\d+)/.exec(line.slice(colon + 3));
  return year !== null && Number(year[1]) > 90;
}

/**
 * Counts the lines below the first at which `git mailsplit` (and so `git am`) would cut the mail in
 * two if it stood in an mbox: git asks for a time and a year after `From `, but for no empty line
 * before it. A file that does not begin with a From line is never cut.
 */
export function looseFromLines(mail: Buffer): number {
  let count = 0;
  let at = mail.indexOf(FROM_LINE, 0, "latin1");
  while (at >= 0) {
    const next = lineEnd(mail, at + 1);
    if (mail[next - 1] === LF && isLooseFromLine(latin1(mail, at + 1, next))) count++;
    at = next < mail.length ? mail.indexOf(FROM_LINE, next - 1, "latin1") : -1;
  }
  return count;
}
