/** Lists of people in To, Cc and From (RFC 5322, 3.4): read for display and for what a mail went to. */

/** One person of a list, undecoded. */
export interface ListedPerson {
  /** Without quotes; the comment behind an address without a name. */
  readonly name: string;
  /** As written; "" if there is none with an `@`. */
  readonly address: string;
}

const TOKEN = /"((?:[^"\\]|\\.)*)"|\(((?:[^()\\]|\\.)*)\)|<([^<>]*)>|([,;:])|[^",;:()<>]+|[^]/g;
const MAX_LIST = 65_536;
/** Nobody has a longer address. */
const MAX_ADDRESS = 1000;

/**
 * The people of a list. What stands in quotes or comments is a name, never an address. A group's name is
 * dropped.
 *
 * @param value unfolded and undecoded
 */
export function mailboxes(value: string): ListedPerson[] {
  const found: ListedPerson[] = [];
  let words: string[] = [];
  let comment = "";
  let angle: string | null = null;
  const end = (): void => {
    const text = words.join("").trim();
    const name = angle === null ? comment : text;
    const address = (angle ?? text).trim();
    if (text !== "" || angle !== null)
      found.push({
        name: (name === "" ? comment : name).trim(),
        address: isAddress(address) ? address : "",
      });
    [words, comment, angle] = [[], "", null];
  };
  for (const [token, quoted, remark, bracketed, mark] of value.slice(0, MAX_LIST).matchAll(TOKEN)) {
    if (quoted !== undefined) words.push(quoted.replace(/\\(.)/g, "$1"));
    else if (remark !== undefined) comment = remark.replace(/\\(.)/g, "$1");
    else if (bracketed !== undefined) angle ??= bracketed;
    else if (mark === ":") words = [];
    else if (mark !== undefined) end();
    else words.push(token);
  }
  end();
  return found;
}

function isAddress(text: string): boolean {
  return text.length <= MAX_ADDRESS && /^[^\s<>"(),:;]+@[^\s<>"(),:;]+$/.test(text);
}
