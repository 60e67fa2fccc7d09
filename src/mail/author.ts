import { BLANK, EMPTY, collapseSpace, isSpace, trim } from "../primitives/bytes.ts";
import { attempt, refuse } from "../refused.ts";
import { decodeWords } from "./rfc2047.ts";

const AT = 0x40;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x28;
const CLOSE = 0x29;
const LESS = 0x3c;
const GREATER = 0x3e;

/** Without the quotes of quoted strings, and without the backslashes there and in comments. */
function unquote(text: Buffer): Buffer {
  const out: number[] = [];
  let quoted = false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    let byte = text[i]!;
    if (quoted || depth > 0) {
      if (byte === BACKSLASH) {
        const next = text[++i];
        if (next === undefined) break;
        byte = next;
      } else if (quoted) {
        if (byte === QUOTE) {
          quoted = false;
          continue;
        }
      } else if (byte === OPEN) {
        depth++;
      } else if (byte === CLOSE) {
        depth--;
      }
    } else if (byte === QUOTE) {
      quoted = true;
      continue;
    } else if (byte === OPEN) {
      depth = 1;
    }
    out.push(byte);
  }
  // git 2.39 reads beyond the end of the header here, into arbitrary memory
  if (quoted || depth > 0) refuse("malformed-author", "a quote or comment without end in From");
  return Buffer.from(out);
}

/** The name, or the address where there is no name, or it is too long, or looks like an address. */
function saneName(name: Buffer, email: Buffer): Buffer {
  const sane =
    name.length > 0 &&
    name.length <= 60 &&
    !name.some((byte) => byte === AT || byte === LESS || byte === GREATER);
  return sane ? name : email;
}

/** `John Doe <johndoe>`: an address without `@`. */
function readWithoutAt(text: Buffer): { name: Buffer; email: Buffer } {
  const open = text.indexOf(LESS);
  const close = open < 0 ? -1 : text.indexOf(GREATER, open);
  if (close < 0) return { name: EMPTY, email: EMPTY };
  const email = text.subarray(open + 1, close);
  return { name: saneName(trim(text.subarray(0, open)), email), email };
}

/** True for characters that end an address: only here, git includes form feed and vertical tab. */
function endsAddress(byte: number): boolean {
  return byte === GREATER || isSpace(byte) || byte === 11 || byte === 12;
}

/**
 * Parses a decoded From value as git does: the address is the run of characters around the *first*
 * `@` of the unquoted text, the name is the rest. So `"Alice <alice@a>" <mallory@m>` has the address
 * alice@a, and `a@b (Name)` the name Name.
 */
export function readAuthor(from: Buffer): { name: Buffer; email: Buffer } {
  const collapsed = collapseSpace(from);
  const plain = !collapsed.includes(QUOTE) && !collapsed.includes(OPEN);
  const text = plain ? Buffer.from(collapsed) : unquote(collapsed);
  const at = text.indexOf(AT);
  if (at < 0) return readWithoutAt(collapsed);
  let start = at;
  while (start > 0 && text[start - 1] !== LESS && !isSpace(text[start - 1])) start--;
  let end = start;
  while (end < text.length && !endsAddress(text[end]!)) end++;
  const email = Buffer.from(text.subarray(start, end));
  if (start > 0 && text[start - 1] === LESS) text[start - 1] = BLANK;
  const rest = Buffer.concat([text.subarray(0, start), text.subarray(end + 1)]);
  let name = trim(collapseSpace(rest));
  if (name[0] === OPEN && name.at(-1) === CLOSE) name = name.subarray(1, name.length - 1);
  return { name: saneName(name, email), email };
}

/** The author of a raw From-like header; empty if an encoded word is broken. */
export function parseAuthor(header: string): { author: Buffer; email: Buffer } {
  const read = attempt(() => readAuthor(decodeWords(Buffer.from(header))));
  const { name, email } = read.ok ? read.value : { name: EMPTY, email: EMPTY };
  return { author: name, email };
}
