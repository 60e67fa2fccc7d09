import { hasAt, isSpace, nextLine } from "../primitives/bytes.ts";
import { type Content, type Flow, readContent } from "./content.ts";
import { type Header, field, readHeader } from "./header.ts";
import { MAX_NESTING, MAX_PARTS } from "./limits.ts";
import { refuse } from "../refused.ts";
import { decodeWords } from "./rfc2047.ts";
import type { Encoding } from "./transfer.ts";

/** A run of body lines that git reads with one set of rules. */
export interface BodyPart {
  /** Byte range in the mail, still encoded. */
  readonly start: number;
  readonly end: number;
  readonly encoding: Encoding;
  readonly charset: string;
  readonly flow: Flow;
  readonly type: string;
  /** True if a closing boundary follows: git puts an empty line there, one however many follow. */
  readonly closed: boolean;
}

export interface Parts {
  readonly parts: readonly BodyPart[];
  readonly nested: boolean;
  /** Offset of the first attached mail or digest; null if there is none. */
  readonly attached: number | null;
  /** True if the mail ends without a closing boundary. */
  readonly unclosed: boolean;
}

const NO_FLOW: Flow = { flowed: false, delsp: false };

/** The next line at or after `pos` (a line start) that begins with `boundary`, or -1. */
function findBoundary(mail: Buffer, boundary: string, pos: number): number {
  let at = mail.indexOf(boundary, pos, "latin1");
  while (at > pos && mail[at - 1] !== 0x0a) at = mail.indexOf(boundary, at + 1, "latin1");
  return at;
}

/** The kind of the line at `pos`, which begins with `boundary`; only git is lax about it. */
function boundaryKind(mail: Buffer, pos: number, boundary: string): "open" | "close" | "neither" {
  const after = pos + boundary.length;
  const closing = hasAt(mail, after, "--");
  const end = nextLine(mail, pos);
  for (let i = closing ? after + 2 : after; i < end; i++) {
    if (!isSpace(mail[i])) return "neither";
  }
  return closing ? "close" : "open";
}

/** Refuses an enclosing multipart's boundary, which ends the inner one for all but git. */
function assertNoOuter(mail: Buffer, from: number, to: number, outer: readonly string[]): void {
  const body = mail.subarray(from, to);
  for (const boundary of outer) {
    let at = findBoundary(body, boundary, 0);
    while (at >= 0) {
      if (boundaryKind(body, at, boundary) !== "neither") {
        refuse("boundary-ambiguous", "a multipart that ends within another");
      }
      const next = nextLine(body, at);
      at = next < body.length ? findBoundary(body, boundary, next) : -1;
    }
  }
}

/** git fills in From, Subject and Date from a part; no reader shows them. */
function assertNoTopHeaders(part: Header, top: Header): void {
  for (const name of ["from", "subject", "date"] as const) {
    if (part.fields.has(name) && !top.fields.has(name)) {
      refuse("header-in-part", `${name} is in a MIME part only`);
    }
  }
}

/**
 * Cuts the body of a mail into the parts that git reads, in order, whatever their type.
 *
 * git's rules: it searches the undecoded lines for boundaries; the first line of a part's body is
 * never a boundary, so that a nested multipart shows its first boundary line and that part's
 * headers as text; a part without a Content-Type keeps the format=flowed of the part before; text
 * before the first boundary and after a closing one is ignored.
 */
export function readParts(mail: Buffer, top: Header, content: Content): Parts {
  const flow = content.flow ?? NO_FLOW;
  if (content.boundary === "") {
    const { encoding, charset, type } = content;
    const whole = {
      start: top.end,
      end: mail.length,
      encoding,
      charset,
      flow,
      type,
      closed: false,
    };
    return {
      parts: [whole],
      nested: false,
      attached: isMail(type) ? top.end : null,
      unclosed: false,
    };
  }
  return readMultipart(mail, top, content, flow);
}

/** RFC 2046, 5.2.1 and 5.1.5, and RFC 6532; a part of a digest need not say what it is. */
const MAILS: ReadonlySet<string> = new Set([
  "message/rfc822",
  "message/global",
  "multipart/digest",
]);

function isMail(type: string): boolean {
  return MAILS.has(type);
}

function readMultipart(mail: Buffer, top: Header, whole: Content, flow: Flow): Parts {
  const open: string[] = [`--${whole.boundary}`];
  const parts: (BodyPart & { closed: boolean })[] = [];
  let nested = false;
  let attached = isMail(whole.type) ? top.end : null;
  let line = findBoundary(mail, open[0]!, top.end);
  while (line >= 0) {
    const current = open.at(-1)!;
    const kind = boundaryKind(mail, line, current);
    if (kind === "neither") refuse("boundary-ambiguous", "a line that begins like a boundary");
    if (kind === "close") {
      open.pop();
      const last = parts.at(-1);
      if (last !== undefined) last.closed = true;
      const outer = open.at(-1);
      if (outer === undefined) return { parts, nested, attached, unclosed: false };
      const from = nextLine(mail, line);
      line = findBoundary(mail, outer, from);
      assertNoOuter(mail, from, line < 0 ? mail.length : line, open.slice(0, -1));
      continue;
    }
    if (parts.length >= MAX_PARTS) refuse("too-big", "too many parts");
    const header = readHeader(mail, nextLine(mail, line), false);
    assertNoTopHeaders(header, top);
    decodeWords(field(header, "message-id"));
    const content = readContent(header);
    flow = content.flow ?? flow;
    if (isMail(content.type)) attached ??= header.end;
    if (content.boundary !== "") {
      if (open.length >= MAX_NESTING) refuse("nesting-too-deep", "multiparts nested too deep");
      nested = true;
      open.push(`--${content.boundary}`);
    }
    const inner = open.at(-1)!;
    const start = header.end;
    line = boundaryBelow(mail, inner, start, content.boundary === "");
    const end = line < 0 ? mail.length : line;
    assertNoOuter(mail, start, end, open.slice(0, -1));
    const { encoding, charset, type } = content;
    parts.push({ start, end, encoding, charset, flow, type, closed: false });
  }
  return { parts, nested, attached, unclosed: true };
}

/** The boundary that ends the body at `start`, never its first line; -1 if none does. */
function boundaryBelow(mail: Buffer, boundary: string, start: number, isLeaf: boolean): number {
  if (isLeaf && hasAt(mail, start, boundary)) {
    refuse("boundary-ambiguous", "a part without a body");
  }
  const second = nextLine(mail, start);
  if (second < mail.length) return findBoundary(mail, boundary, second);
  if (second === mail.length && second > start && mail[second - 1] !== 0x0a) {
    refuse("boundary-ambiguous", "a part that is cut off in its first line");
  }
  return -1;
}
