/** `tag=value; tag=value` lists (RFC 6376, 3.2), of DKIM's headers and key records alike. */

export type Tags = ReadonlyMap<string, string>;

/** More than any list that is in use: thirteen are defined. */
const MAX_TAGS = 64;
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Folding white space. */
const BLANKS = /[ \t\r\n]+/g;

/** The tags in their order, values trimmed; null if the text is no such list, or has a tag twice. */
export function readTags(text: string): Tags | null {
  const chunks = text.split(";", MAX_TAGS + 2);
  if (chunks.at(-1)!.trim() === "") chunks.pop();
  if (chunks.length > MAX_TAGS) return null;
  const tags = new Map<string, string>();
  for (const chunk of chunks) {
    const equals = chunk.indexOf("=");
    const name = chunk.slice(0, Math.max(0, equals)).trim();
    if (!NAME.test(name) || tags.has(name)) return null;
    tags.set(name, chunk.slice(equals + 1).trim());
  }
  return tags;
}

/** Without any white space: it may be folded anywhere in base64. */
function unfolded(value: string): string {
  return value.replace(BLANKS, "");
}

/** The words between colons: `from : to` are `from` and `to`. */
export function colonList(value: string): string[] {
  return value.split(":").map((word) => word.trim());
}

/** Bytes of plain base64, white space within it ignored; null for anything else. */
export function readBase64(value: string): Buffer | null {
  const text = unfolded(value);
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 0 && bytes.toString("base64") === text ? bytes : null;
}
