import { collapseSpace, hasAtNoCase, trim } from "../primitives/bytes.ts";

const OPEN = 0x5b;
const CLOSE = 0x5d;

/**
 * The commit's title from a decoded subject, as git cleans it: it repeatedly strips blanks, colons,
 * `Re:` and bracketed text from the front.
 */
export function cleanTitle(subject: Buffer): Buffer {
  let pos = 0;
  for (;;) {
    const byte = subject[pos];
    if (byte === 0x20 || byte === 0x09 || byte === 0x3a) {
      pos++;
    } else if (hasAtNoCase(subject, pos, "re:") && subject.length > pos + 3) {
      pos += 3;
    } else if (byte === OPEN) {
      const close = subject.indexOf(CLOSE, pos);
      if (close < 0) break;
      pos = close + 1;
    } else {
      break;
    }
  }
  return collapseSpace(trim(subject.subarray(pos)));
}
