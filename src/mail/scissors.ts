import { nextLine, trim, latin1 } from "../primitives/bytes.ts";

const MARKS = [">8", "8<", ">%", "%<"] as const;
const MARK_OR_DASH = />8|8<|>%|%<|-+/g;

/**
 * True for a line at which `git am --scissors` would drop everything above. git's rule: a line of
 * eight or more characters with a scissors mark, mostly dashes and marks, few blanks and words
 * between. This test is a little wider: it only leads to a warning.
 */
function isScissors(line: string): boolean {
  const cuts = line.replace(MARK_OR_DASH, "").length;
  return line.length >= 8 && line.includes("-") && (line.length - cuts) * 3 > line.length;
}

/** True if the message has a scissors line. */
export function hasScissors(message: Buffer): boolean {
  for (const mark of MARKS) {
    let at = message.indexOf(mark, 0, "latin1");
    while (at >= 0) {
      const start = at === 0 ? 0 : message.lastIndexOf(0x0a, at) + 1;
      const end = nextLine(message, at);
      if (isScissors(latin1(trim(message.subarray(start, end))))) return true;
      at = message.indexOf(mark, end, "latin1");
    }
  }
  return false;
}
