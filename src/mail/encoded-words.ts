/** Text in a header field that we write: RFC 2047's encoded words where it needs them, folded. Pure. */

/** RFC 2047, section 2: no encoded word is longer, nor a line that has one. */
const MAX_WORD = 75;
const MAX_LINE = 76;
const START = "=?UTF-8?q?";
const END = "?=";

/**
 * The value of an unstructured field, such as Subject, in ASCII, folded into lines of at most 76
 * characters where it has blanks. What has to be encoded is encoded as a whole: git decodes words one by
 * one, and keeps blanks only inside of them.
 *
 * @param text one line
 * @param column where the value begins in its first line: 9 after "Subject: "
 */
export function encodeText(text: string, column: number): string {
  return /[^\x20-\x7e]|=\?|^ | {2}| $/.test(text) ? words(text, column) : folded(text, column);
}

/** A display name before an address (RFC 5322, "display-name"): as it stands, quoted, or encoded. */
export function encodeName(name: string, column: number): string {
  if (/[^\x20-\x7e]|=\?/.test(name)) return words(name, column);
  if (/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*$/.test(name)) return name;
  return `"${name.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}

/** At blanks, which stay at the start of the next line. */
function folded(text: string, column: number): string {
  let line = column;
  let value = "";
  for (const [i, word] of text.split(" ").entries()) {
    const fold = i > 0 && line + 1 + word.length > MAX_LINE;
    value += `${i === 0 ? "" : fold ? "\n " : " "}${word}`;
    line = (fold ? 0 : line) + (i === 0 ? 0 : 1) + word.length;
  }
  return value;
}

/** Encoded words, a line each; no character is cut in two (RFC 2047, section 5). */
function words(text: string, column: number): string {
  const lines: string[] = [];
  let word = "";
  let room = MAX_LINE - column;
  for (const character of text) {
    const encoded = encodedCharacter(character);
    const longest = Math.min(MAX_WORD, room) - START.length - END.length;
    if (word !== "" && word.length + encoded.length > longest) {
      lines.push(word);
      word = "";
      room = MAX_LINE - 1;
    }
    word += encoded;
  }
  return [...lines, word].map((one) => START + one + END).join("\n ");
}

/** Of the "Q" encoding, what is safe in every place (RFC 2047, section 5, rule 3). */
function encodedCharacter(character: string): string {
  if (/^[A-Za-z0-9!*+/-]$/.test(character)) return character;
  if (character === " ") return "_";
  return [...Buffer.from(character)]
    .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
