import { refuseAt } from "../refused.ts";
import { lineWithoutCr } from "./text.ts";

/*
 * Path names in diff headers. A name is a string with one character for each byte (latin1), so that it can
 * be cut and compared whatever its encoding.
 */

/** A name as written after `---`, with the directory that -p1 strips. */
export interface PrefixedName {
  /** `a` of `a/src/x.c`. */
  readonly prefix: string;
  /** `src/x.c` of `a/src/x.c`. */
  readonly name: string;
}

/** A name, or a name within quotes, and the offset in its line at which it ends. */
interface NameToken {
  readonly name: string;
  readonly end: number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** Reads the C-style quoted name at `from`, as git writes names with unusual bytes. */
function unquote(line: string, from: number, offset: number): NameToken {
  const bad = (): never => refuseAt("bad-name", offset, "a malformed quoted name");
  let name = "";
  let at = from + 1;
  for (;;) {
    const char = line[at++] ?? bad();
    if (char === '"') break;
    if (char !== "\\") {
      name += char;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(line.slice(at, at + 3))?.[0];
    name += octal === undefined ? (ESCAPES[line[at] ?? ""] ?? bad()) : octet(octal);
    at += octal === undefined ? 1 : 3;
  }
  if (name.includes("\0")) bad();
  return { name, end: at };
}

function octet(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8));
}

/** All of `text`, without a final CR, as one name (`rename from …`). */
export function wholeName(text: string, offset: number): string {
  const rest = lineWithoutCr(text);
  if (!rest.startsWith('"')) return checkedName(rest, offset);
  const { name, end } = unquote(rest, 0, offset);
  if (end !== rest.length) refuseAt("bad-name", offset, "text after a quoted name");
  return checkedName(name, offset, true);
}

/** Strips the first directory from a name, as `-p1` does. */
function splitPrefix(name: string, offset: number): PrefixedName {
  const slash = name.indexOf("/");
  // from a name without a slash, git would guess -p0, for the rest of the mail
  if (slash < 0) refuseAt("bad-name", offset, "a name without a leading directory to take away");
  if (slash === 0) refuseAt("bad-path", offset, "an absolute path");
  return { prefix: name.slice(0, slash), name: name.slice(slash + 1) };
}

function checkedName(name: string, offset: number, quoted = false): string {
  // git ends an unquoted name at a CR and at some tabs: none may be part of a name
  if (!quoted && /[\t\r]/.test(name)) refuseAt("bad-name", offset, "a tab or CR in a file name");
  if (name === "") refuseAt("bad-name", offset, "an empty file name");
  return name;
}

// GNU diff's, git's and hg's dates; git cuts the first kind off even where a blank stands for the tab
const ISO_DATE = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [-+]\d{4})?$/;
const DATE_LENGTH = 40;
const CTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}(?: [-+]\d{4})?$/;
// git knows more date formats than these
const MAYBE_DATE = / \S*\d\S* *$/;
const REMARK = /^\([^\t]*\)$/;

/** What a `---` or `+++` line says. */
export interface FileLine {
  /** Null for /dev/null. */
  readonly file: PrefixedName | null;
  /** The date after the name, or "". */
  readonly date: string;
}

/**
 * Reads what follows `--- ` or `+++ `. The name may be quoted, and may be followed by a tab and a date or
 * a remark in parentheses. `dated` is true for diffs without a `diff --git` line: there, blanks may stand for the tab.
 */
export function readFileLine(rest: string, offset: number, dated: boolean): FileLine {
  const { name, tail } = rest.startsWith('"')
    ? quotedAndTail(rest, offset)
    : plainAndTail(rest, offset, dated);
  const date = withoutBlanks(lineWithoutCr(tail));
  const known = date === "" || REMARK.test(date) || CTIME.test(date) || isIsoDate(date);
  if (!known) refuseAt("bad-name", offset, "text after a file name");
  if (
    dated &&
    !isIsoDate(date) &&
    !rest.startsWith('"') &&
    MAYBE_DATE.test(name.slice(-DATE_LENGTH))
  ) {
    refuseAt("bad-name", offset, "a file name that may end in a date");
  }
  return { file: name === "/dev/null" ? null : splitPrefix(name, offset), date };
}

function quotedAndTail(rest: string, offset: number): { name: string; tail: string } {
  const { name, end } = unquote(rest, 0, offset);
  const tail = rest.slice(end);
  if (!/^(?:\r?$|\t)/.test(tail)) refuseAt("bad-name", offset, "text after a quoted name");
  return { name: checkedName(name, offset, true), tail };
}

function plainAndTail(
  rest: string,
  offset: number,
  dated: boolean,
): { name: string; tail: string } {
  const tab = rest.indexOf("\t");
  if (tab >= 0) return { name: checkedName(rest.slice(0, tab), offset), tail: rest.slice(tab) };
  const whole = lineWithoutCr(rest);
  if (!dated) return { name: checkedName(whole, offset), tail: "" };
  const date = ISO_DATE.exec(rest.slice(-DATE_LENGTH))?.[0] ?? "";
  const name = date === "" ? whole : withoutBlanks(rest.slice(0, -date.length));
  return { name: checkedName(name, offset), tail: date };
}

/** `text` without blanks and tabs at its ends. Not trim(), which would strip bytes of UTF-8 characters. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (" \t".includes(text[start] ?? "x")) start++;
  while (end > start && " \t".includes(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isIsoDate(text: string): boolean {
  return text.length <= DATE_LENGTH && ISO_DATE.exec(text)?.index === 0;
}

/**
 * The name in both halves of `diff --git a/name b/name`, or null if there is none. Only in this form can such
 * a line name a file by itself: git reads no name from `diff --git /name b/name`.
 */
export function commonName(halves: string, offset: number): string | null {
  if (halves.startsWith('"')) {
    const first = unquote(halves, 0, offset);
    if (halves.slice(first.end, first.end + 2) !== ' "') return null;
    const second = unquote(halves, first.end + 1, offset);
    if (second.end !== halves.length) return null;
    const { name } = splitPrefix(first.name, offset);
    return splitPrefix(second.name, offset).name === name ? name : null;
  }
  const start = halves.indexOf("/") + 1;
  // a quote anywhere makes git look for a quoted half
  if (start <= 1 || halves.includes('"')) return null;
  // the halves have the same length, so only one blank can be between them
  let slash = start;
  for (let blank = halves.indexOf(" ", start); blank >= 0; blank = halves.indexOf(" ", blank + 1)) {
    if (slash < blank) slash = halves.indexOf("/", blank);
    if (slash < 0) return null;
    const name = halves.slice(start, blank);
    const secondLength = halves.length - slash - 1;
    if (slash > blank + 1 && secondLength === name.length && halves.endsWith(name)) {
      return checkedName(name, offset);
    }
  }
  return null;
}

/** The directories before the names of `diff --git …`, if it names exactly `first` and `second`; else null. */
export function prefixesOf(
  halves: string,
  first: string,
  second: string,
  offset: number,
): readonly [string, string] | null {
  const one = halfAt(halves, 0, first, offset);
  if (one === null || halves[one.end] !== " ") return null;
  const two = halfAt(halves, one.end + 1, second, offset);
  if (two === null || two.end !== halves.length) return null;
  return [one.prefix, two.prefix];
}

function halfAt(
  halves: string,
  from: number,
  name: string,
  offset: number,
): { prefix: string; end: number } | null {
  if (halves[from] === '"') {
    const token = unquote(halves, from, offset);
    const half = splitPrefix(token.name, offset);
    return half.name === name ? { prefix: half.prefix, end: token.end } : null;
  }
  const slash = halves.indexOf("/", from);
  if (slash <= from || !halves.startsWith(name, slash + 1)) return null;
  return { prefix: halves.slice(from, slash), end: slash + 1 + name.length };
}

// some file systems drop these code points, so that `.g<U+200C>it` is `.git` there (UTF-8, a character a byte)
const DROPPED_BY_HFS = /\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf/g;
const DOT_GIT = /^(?:\.git|git~1)[. ]*(?::.*)?$/is;
/** Matches every bad path, and few others. */
const SUSPECT = /(?:^|\/)(?:[./]|$)|\\|git~|[\xe2\xef]/i;

/** True for names that git refuses to write: absolute, or with an empty, `.`, `..` or `.git` part in any disguise. */
export function isBadPath(name: string): boolean {
  if (!SUSPECT.test(name)) return false;
  const empty = name.split("/").some((part) => part === "" || part === "." || part === "..");
  const parts = name.replaceAll(DROPPED_BY_HFS, "").split(/[/\\]/);
  return empty || parts.some((part) => DOT_GIT.test(part));
}
