/**
 * Text that others wrote, made fit for a terminal: what would move the cursor, change a colour,
 * turn the reading direction or hide itself is shown as an escape, like \x1b or \u202e. One line
 * stays one line. A backslash is left alone, since subjects are full of them: a mail can write the
 * letters "\x1b", and they do nothing.
 */

declare const safe: unique symbol;
/**
 * Text that may reach a terminal or a page. Only this file makes it: it escapes what others wrote,
 * and takes our own words by the tag `ours`. Cutting, padding and wrapping keep it safe.
 */
export type SafeText = string & { readonly [safe]: true };

// Most texts are plain, and V8 takes half a millisecond for such an expression: so only where one is used
/**
 * Controls (C0, DEL, C1), formats (bidi, zero-width, tags), halves of pairs, private use, lines, and what is no
 * character: a feed with U+FFFF in it would be no XML.
 */
const harmful = (): RegExp =>
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;
/** Marks that would combine with what precedes the text, or pile up over the line above. */
const looseMarks = (): RegExp => /^\p{M}+|(?<=\p{M}{4})\p{M}+/gu;
const isEmoji = (text: string): boolean => /^\p{Emoji_Presentation}/u.test(text);
const isMark = (text: string): boolean => /^\p{M}/u.test(text);

const PLAIN = /^[\x20-\x7e]*$/;

/**
 * @param text a string, or bytes that should be UTF-8; a byte that is not is shown as \xNN
 * @returns one line without any character that acts on a terminal
 */
export function escapeText(text: string | Uint8Array): SafeText {
  if (typeof text !== "string") return escapeBytes(text);
  if (PLAIN.test(text)) return text as SafeText;
  return text
    .replace(harmful(), escapeCharacter)
    .replace(looseMarks(), (marks) => Array.from(marks, escapeCharacter).join("")) as SafeText;
}

/**
 * Our own words verbatim, around escaped words of others: ours`key of ${who}`. Does not escape
 * SafeText again.
 */
export function ours(
  words: TemplateStringsArray,
  ...values: readonly (string | number)[]
): SafeText {
  const parts = values.map((value, i) => escapeText(String(value)) + words[i + 1]!);
  return (words[0]! + parts.join("")) as SafeText;
}

/** Joins safe texts; keeps their colours and line ends. */
export function joinSafe(parts: readonly SafeText[], between: SafeText = ours``): SafeText {
  return parts.join(between) as SafeText;
}

/** Escapes a text of many lines: keeps line feeds and tabs. */
export function escapeLines(text: string | Uint8Array): SafeText {
  const whole = typeof text === "string" ? text : Buffer.from(text).toString("latin1");
  const escape = (part: string): string =>
    escapeText(typeof text === "string" ? part : Buffer.from(part, "latin1"));
  return whole.replace(/[^\n\t]+/g, escape) as SafeText;
}

/** Any value as JSON, on one line: what acts on a terminal becomes JSON's own escapes. */
export function escapeJson(value: unknown): SafeText {
  const text = JSON.stringify(value);
  if (PLAIN.test(text)) return text as SafeText;
  return text.replace(harmful(), (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`,
    ).join(""),
  ) as SafeText;
}

/**
 * Text for a header line: printable ASCII, nothing that a mail reader decodes as an encoded word.
 *
 * @param most characters; a longer text ends in "..."
 */
export function escapeAscii(text: string, most: number): SafeText {
  const ascii = escapeText(text)
    .replace(/[^ -~]/gu, escapeCharacter)
    .replaceAll("=?", "=\\x3f");
  return (ascii.length <= most ? ascii : `${ascii.slice(0, most - 3)}...`) as SafeText;
}

function escapeBytes(bytes: Uint8Array): SafeText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  if (!text.includes("\ufffd")) return escapeText(text);
  let escaped = "";
  for (let at = 0; at < buffer.length;) {
    const length = sequenceLength(buffer, at);
    escaped +=
      length === 0 ? `\\x${hex(buffer[at] ?? 0, 2)}` : buffer.toString("utf8", at, at + length);
    at += Math.max(1, length);
  }
  return escapeText(escaped);
}

/** Bytes of the UTF-8 character at `at`; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const part = bytes.subarray(at, at + length);
    if (Buffer.from(part.toString("utf8")).equals(part)) return length;
  }
  return 0;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** Ranges that take two columns: East Asian wide and full-width forms, most emoji. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1_7000, 0x1_8cff],
  [0x1_b000, 0x1_b2ff],
  [0x2_0000, 0x3_fffd],
];

/** Columns that escaped text takes on a terminal. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (isMark(character)) return 0;
  const wide = WIDE.some(([first, last]) => code >= first && code <= last);
  return wide || isEmoji(character) ? 2 : 1;
}

/** Cuts escaped text to `columns`; cut text ends in "…". */
export function truncateTo(text: SafeText, columns: number): SafeText {
  if (displayWidth(text) <= columns) return text;
  if (columns < 1) return ours``;
  return `${text.slice(0, fittingEnd(text, 0, columns - 1)).trimEnd()}…` as SafeText;
}

/** Pads escaped text with blanks to `columns`. */
export function padTo(text: SafeText, columns: number): SafeText {
  return (text + " ".repeat(Math.max(0, columns - displayWidth(text)))) as SafeText;
}

/** Wraps escaped text to `columns`, at blanks where there are any. */
export function wrapTo(text: SafeText, columns: number): SafeText[] {
  const lines: SafeText[] = [];
  for (let start = 0; ;) {
    const fits = fittingEnd(text, start, Math.max(2, columns));
    if (fits === text.length) {
      if (start < fits || lines.length === 0) lines.push(text.slice(start) as SafeText);
      return lines;
    }
    // the blank may be the first character that does not fit
    const blank = text[fits] === " " ? fits : start + text.slice(start, fits).lastIndexOf(" ");
    const end = blank > start ? blank : fits;
    lines.push(text.slice(start, end).trimEnd() as SafeText);
    start = end;
    while (start < text.length && text[start]!.trim() === "") start++;
  }
}

/** The end of the longest part of the text that fits into `columns`. */
function fittingEnd(text: string, start: number, columns: number): number {
  let width = 0;
  for (let at = start; at < text.length;) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    width += characterWidth(character);
    if (width > columns) return at;
    at += character.length;
  }
  return text.length;
}
