/**
 * Reads the tags of an XML file. Test reports need elements and attributes only, no text, and nothing that a document
 * can define: a DTD is refused, and every entity except XML's own five, so that no input can expand.
 */

import { FormatError } from "../../errors.ts";
import { MAX_DEPTH } from "./report.ts";

export interface XmlTag {
  readonly kind: "open" | "close";
  /** Without a namespace's prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const NAME = "[A-Za-z_:][A-Za-z0-9_:.-]*";
const START = new RegExp(`<(${NAME})`, "y");
const ATTRIBUTE = new RegExp(`\\s+(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const START_END = /\s*(\/?)>/y;
const END = new RegExp(`</(${NAME})\\s*>`, "y");
const DECLARATION = /^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']/;
/**
 * Encodings in which tags are what they are in UTF-8. .NET declares UTF-16 for what it then writes as UTF-8; a file that is
 * in UTF-16 has no tags here.
 */
const WITH_ASCII = /^(?:utf-8|utf-16|us-ascii|iso-8859-[0-9]{1,2}|windows-125[0-9])$/i;
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g;
const OTHER_REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/;
const PREDEFINED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};
const MAX_ATTRIBUTES = 1000;
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** Markup that is skipped: how it begins, and how it ends. */
const SKIPPED: readonly (readonly [string, string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];

/**
 * Yields all tags in order; an empty element gives two. Throws a FormatError for what is not well-formed, or
 * refused.
 */
export function* xmlTags(text: string): Generator<XmlTag> {
  checkEncoding(text);
  const open: string[] = [];
  let elements = 0;
  let at = 0;
  for (;;) {
    const next = text.indexOf("<", at);
    checkText(text, at, next < 0 ? text.length : next, open.length);
    if (next < 0) break;
    const behind = behindMarkup(text, next);
    if (behind !== null) at = behind;
    else if (text[next + 1] === "/") {
      const end = matchFrom(END, text, next);
      if (end === null || open.pop() !== end[1]) throw malformed(text, next);
      at = END.lastIndex;
      yield { kind: "close", name: localName(end[1]!), attributes: NO_ATTRIBUTES };
    } else {
      const tag = readStart(text, next);
      if (open.length === 0 && elements++ > 0) throw malformed(text, next);
      open.push(tag.name);
      if (open.length > MAX_DEPTH)
        throw new FormatError(`elements nested deeper than ${MAX_DEPTH}`);
      at = tag.end;
      const name = localName(tag.name);
      yield { kind: "open", name, attributes: tag.attributes };
      if (!tag.isEmpty) continue;
      open.pop();
      yield { kind: "close", name, attributes: NO_ATTRIBUTES };
    }
  }
  if (open.length > 0 || elements === 0) throw cutShort();
}

function checkEncoding(text: string): void {
  const encoding = DECLARATION.exec(text.slice(0, 1000))?.[1] ?? "UTF-8";
  if (!WITH_ASCII.test(encoding))
    throw new FormatError(`in ${encoding.slice(0, 40)}: only UTF-8 is read`);
}

/** The offset after a comment, CDATA section or instruction; null for a tag. */
function behindMarkup(text: string, start: number): number | null {
  const skipped = SKIPPED.find(([lead]) => text.startsWith(lead, start));
  if (skipped === undefined) {
    if (text.startsWith("<!", start))
      throw new FormatError("it has a DTD (DOCTYPE), which is refused");
    return null;
  }
  const end = text.indexOf(skipped[1], start + skipped[0].length);
  if (end < 0) throw malformed(text, start);
  return end + skipped[1].length;
}

function readStart(
  text: string,
  start: number,
): { name: string; attributes: ReadonlyMap<string, string>; isEmpty: boolean; end: number } {
  const head = matchFrom(START, text, start);
  if (head === null) throw malformed(text, start);
  const attributes = new Map<string, string>();
  let at = START.lastIndex;
  for (let m = matchFrom(ATTRIBUTE, text, at); m !== null; m = matchFrom(ATTRIBUTE, text, at)) {
    if (attributes.has(m[1]!)) throw malformed(text, at);
    if (attributes.size === MAX_ATTRIBUTES)
      throw new FormatError(`an element with more than ${MAX_ATTRIBUTES} attributes`);
    attributes.set(m[1]!, resolved(m[2] ?? m[3]!));
    at = ATTRIBUTE.lastIndex;
  }
  const tail = matchFrom(START_END, text, at);
  if (tail === null) throw malformed(text, start);
  return { name: head[1]!, attributes, isEmpty: tail[1] === "/", end: START_END.lastIndex };
}

/** Text is not used, but checked: there must be none outside of the root element, and it may not name an entity. */
function checkText(text: string, start: number, end: number, depth: number): void {
  const part = text.slice(start, end);
  if (depth === 0 && /[^\s\ufeff]/.test(part)) throw malformed(text, start);
  checkReferences(part);
}

/**
 * Characters of an attribute's value; the rest is dropped, so that nobody can make us resolve millions of
 * references.
 */
const MAX_VALUE = 4096;

function resolved(text: string): string {
  if (!text.includes("&")) return text;
  checkReferences(text);
  const cut = text.slice(0, MAX_VALUE);
  // without a reference that was cut in two
  const last = cut.lastIndexOf("&");
  const whole = last > cut.lastIndexOf(";") ? cut.slice(0, last) : cut;
  return whole.replace(REFERENCE, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return PREDEFINED[name]!;
    const code = decimal === undefined ? parseInt(hex!, 16) : parseInt(decimal, 10);
    return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  });
}

function checkReferences(text: string): void {
  if (OTHER_REFERENCE.test(text)) throw new FormatError("it names an entity, which is refused");
}

function matchFrom(grammar: RegExp, text: string, at: number): RegExpExecArray | null {
  grammar.lastIndex = at;
  return grammar.exec(text);
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function cutShort(): FormatError {
  return new FormatError("the XML is cut short");
}

function malformed(text: string, at: number): FormatError {
  // as when a job is killed while it writes
  if (text[at] === "<" && !text.includes(">", at)) return cutShort();
  let line = 1;
  for (let lf = text.indexOf("\n"); lf >= 0 && lf < at; lf = text.indexOf("\n", lf + 1)) line++;
  return new FormatError(`not well-formed XML in line ${line}`);
}
