import { isAscii } from "node:buffer";
import { type Finding, finding } from "../findings.ts";
import type { BreakPoint } from "../types.ts";
import { EMPTY, LF, NEWLINE, hasAt, isSpace, nextLine, latin1 } from "../primitives/bytes.ts";
import { messageToUtf8, toUtf8 } from "./charset.ts";
import { unflow } from "./flowed.ts";
import { type InBody, finishHeader, newInBody, readInBodyLine } from "./inbody.ts";
import { type CrPlaces, crsBefore, PlaceList } from "./line-ends.ts";
import type { BodyPart } from "./parts.ts";
import { refuse } from "../refused.ts";
import { decodeBody, decodeQuotedPrintable, decodedLineEnds, hasFooter } from "./transfer.ts";

/** A body, cut into the commit message and what goes to git apply. */
export interface Body {
  readonly message: Buffer;
  readonly patch: Buffer;
  /** Line feeds of `patch` that had a CR, in parts that are not encoded. */
  readonly crs: CrPlaces;
  readonly inBody: InBody["fields"];
  readonly breakPoint: BreakPoint;
  /** True if bytes of the message or a word of an in-body header were in another charset. */
  readonly recoded: boolean;
  /** True if either has bytes above 0x7f without a charset. */
  readonly unlabelled: boolean;
  readonly findings: readonly Finding[];
}

type BreakKind = "dashes" | "diff";

const DASH = 0x2d;
const LETTER_D = 0x64;
const LETTER_I = 0x49;

/**
 * Whether the line at `pos` ends the message. git's rule: it begins with `diff -` or `Index: `, or
 * is `---` followed by white space only, or is `--- ` and a name.
 */
function breakKind(text: Buffer, pos: number, end: number): BreakKind | null {
  const first = text[pos];
  if (first === LETTER_D) return hasAt(text, pos, "diff -") ? "diff" : null;
  if (first === LETTER_I) return hasAt(text, pos, "Index: ") ? "diff" : null;
  if (first !== DASH || end - pos < 4 || !hasAt(text, pos, "---")) return null;
  return dashesKind(text, pos + 3, end);
}

function dashesKind(text: Buffer, pos: number, end: number): BreakKind | null {
  if (text[pos] === 0x20 && (pos + 1 === end || !isSpace(text[pos + 1]))) return "diff";
  while (pos < end && text[pos] !== LF) {
    if (!isSpace(text[pos++])) return null;
  }
  return pos < end ? "dashes" : null;
}

/** The first line at or after `pos` that ends the message. */
export function findBreak(
  text: Buffer,
  pos: number,
): { kind: BreakKind; start: number; end: number } | null {
  while (pos < text.length) {
    const end = nextLine(text, pos);
    const kind = breakKind(text, pos, end);
    if (kind !== null) return { kind, start: pos, end };
    pos = end;
  }
  return null;
}

const PATCH_LINE = /(?:^|\n)(?:diff -|Index: |--- |\+\+\+ |@@ -)/;

/**
 * A NUL in a text part hides the rest from some readers. A compressed attachment, or the signature of an
 * S/MIME mail, has NULs but no patch.
 */
function checkNul(text: Buffer, part: BodyPart): Finding | null {
  if (!text.includes(0)) return null;
  const attachment = part.encoding === "base64" && !part.type.startsWith("text/");
  if (!attachment || PATCH_LINE.test(latin1(text))) refuseNul();
  return finding("binary-part", `an attachment of type ${part.type} is ignored`);
}

const refuseNul = (): never => refuse("nul-byte", "a NUL in the body");

function concat(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  if (first === undefined) return EMPTY;
  let end = first.byteOffset;
  for (const piece of pieces) {
    if (piece.buffer !== first.buffer || piece.byteOffset !== end) return Buffer.concat(pieces);
    end += piece.length;
  }
  // adjacent in one mail, as usual: no copy
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

/** The offset in the raw mail of byte `decodedOffset` of the part's decoded body. */
function rawOffset(mail: Buffer, part: BodyPart, decodedOffset: number): number | null {
  if (part.encoding === "base64") return null;
  if (part.encoding === "identity") return part.start + decodedOffset;
  const body = mail.subarray(part.start, part.end);
  return part.start + decodeQuotedPrintable(body, decodedOffset).end;
}

function breakAt(
  mail: Buffer,
  part: BodyPart,
  kind: BreakPoint["kind"],
  offset: number,
): BreakPoint {
  return {
    kind,
    encoding: part.encoding,
    bodyStart: part.start,
    bodyEnd: part.end,
    decodedOffset: offset,
    rawOffset: rawOffset(mail, part, offset),
    flowed: part.flow.flowed,
  };
}

interface Decoded {
  /** Without soft line breaks. */
  readonly text: Buffer;
  /** Where the line that ends at an offset of `text` ends in the decoded body. */
  readonly sourceOf: (end: number) => number;
  /** Bytes of the decoded body. */
  readonly length: number;
}

/** A part without its transfer encoding, and without soft line breaks. */
function decodePart(mail: Buffer, { start, end, encoding, flow }: BodyPart): Decoded {
  const body = mail.subarray(start, end);
  const decoded = decodeBody(body, encoding);
  const { length } = decoded;
  if (flow.flowed && hasFooter(body, encoding))
    refuse("base64-ambiguous", "text below base64 that is format=flowed");
  if (!flow.flowed) return { text: decoded, sourceOf: (at) => at, length };
  const join = (until?: number) =>
    unflow(decoded, flow, encoding === "identity" ? null : decodedLineEnds(body, encoding), until);
  return { text: join().text, sourceOf: (at) => join(at).source, length };
}

/** Where a block goes into a mail without a patch break: after its first text. */
function endOfText(mail: Buffer, parts: readonly BodyPart[]): BreakPoint | null {
  const part = parts.find((part) => part.type === "text/plain") ?? parts[0];
  if (part === undefined) return null;
  return breakAt(mail, part, "none", decodePart(mail, part).length);
}

/**
 * Reads the parts as git does: in-body headers, then the message up to the patch break, then
 * everything else as patch, whatever its type. Only the message and the line of the break are
 * converted to UTF-8; in-body headers and the patch keep their bytes.
 */
export function readBody(mail: Buffer, parts: readonly BodyPart[], crs: CrPlaces): Body {
  const reader = new BodyReader(mail, crs);
  for (const part of parts) reader.add(part);
  return reader.end(parts);
}

/** What is read of a body so far: a line means what the lines before it make of it. */
class BodyReader {
  readonly #mail: Buffer;
  readonly #inBody = newInBody();
  readonly #message: Buffer[] = [];
  readonly #patch: PatchText;
  readonly #findings: Finding[] = [];
  #stage: "headers" | "message" | "patch" = "headers";
  #breakPoint: BreakPoint | null = null;
  #recoded = false;
  #unlabelled = false;
  /** An attachment with NULs stands above any patch: to git it is part of the message. */
  #binary = false;

  constructor(mail: Buffer, crs: CrPlaces) {
    this.#mail = mail;
    this.#patch = new PatchText(mail, crs);
  }

  add(part: BodyPart): void {
    const decoded = decodePart(this.#mail, part);
    const { text } = decoded;
    const nul = checkNul(text, part);
    if (nul !== null) this.#findings.push(nul);
    if (nul !== null && this.#stage !== "patch") {
      this.#binary = true;
      return;
    }
    let pos = 0;
    if (this.#stage === "headers") {
      const ended = readInBodyHeaders(this.#inBody, text);
      if (ended !== null) this.#stage = "message";
      pos = ended ?? text.length;
    }
    if (this.#stage === "message") pos = this.#addMessage(part, decoded, pos);
    if (this.#stage === "patch") this.#patch.add(text.subarray(pos), part, pos, text.length);
    else if (hasFooter(this.#mail.subarray(part.start, part.end), part.encoding))
      refuse("base64-ambiguous", "text below base64 in a message: git would decode it");
    if (part.closed) this.#close(part);
  }

  end(parts: readonly BodyPart[]): Body {
    // git could not commit that message; without a patch nobody wants it to
    if (this.#binary && this.#stage === "patch") refuseNul();
    const inBody = this.#inBody;
    finishHeader(inBody);
    return {
      message: concat(this.#message),
      patch: concat(this.#patch.pieces),
      crs: this.#patch.crs.all,
      inBody: inBody.fields,
      breakPoint: this.#breakPoint ?? endOfText(this.#mail, parts) ?? NOWHERE,
      recoded: this.#recoded || inBody.foreign,
      unlabelled: this.#unlabelled || inBody.raw,
      findings: this.#findings,
    };
  }

  /** The text from `pos` to the patch break; where the patch begins, if there is one. */
  #addMessage(part: BodyPart, { text, sourceOf }: Decoded, pos: number): number {
    const found = findBreak(text, pos);
    this.#message.push(this.#convert(text.subarray(pos, found?.start ?? text.length), part));
    if (found === null) return text.length;
    const { kind, start, end } = found;
    this.#stage = "patch";
    this.#patch.add(this.#convert(text.subarray(start, end), part, toUtf8), part, start, end);
    const at = kind === "dashes" ? end : start;
    this.#breakPoint = breakAt(this.#mail, part, kind, sourceOf(at));
    return end;
  }

  /** The empty line that git puts where a boundary closes a part. */
  #close(part: BodyPart): void {
    if (this.#stage === "patch") this.#patch.close();
    else if (this.#stage === "message") this.#message.push(this.#convert(NEWLINE, part));
    else if (!readInBodyLine(this.#inBody, NEWLINE)) this.#stage = "message";
  }

  #convert(text: Buffer, part: BodyPart, by = messageToUtf8): Buffer {
    const converted = text.length === 0 ? text : by(text, part.charset);
    this.#recoded ||= converted !== text;
    this.#unlabelled ||= part.charset === "" && !isAscii(text);
    return converted;
  }
}

/** Where the message begins below the in-body headers; null if all of the text may be headers. */
function readInBodyHeaders(inBody: InBody, text: Buffer): number | null {
  for (let pos = 0, next = 0; pos < text.length; pos = next) {
    next = nextLine(text, pos);
    // a fast path for mails full of empty lines
    if (text[pos] === LF && inBody.current === null) continue;
    if (readInBodyLine(inBody, text.subarray(pos, next))) continue;
    // the empty line below the headers is not part of the message
    return text[pos] === LF ? next : pos;
  }
  return null;
}

/** The joined text for git apply, and where CRs were dropped in it. */
class PatchText {
  readonly pieces: Buffer[] = [];
  readonly crs = new PlaceList();
  readonly #mail: Buffer;
  readonly #mailCrs: CrPlaces;
  #length = 0;

  constructor(mail: Buffer, crs: CrPlaces) {
    this.#mail = mail;
    this.#mailCrs = crs;
  }

  /** [from, to) of the part's text without soft line breaks; only a single line is ever converted. */
  add(text: Buffer, part: BodyPart, from: number, to: number): void {
    this.pieces.push(text);
    if (part.encoding === "identity" && this.#mailCrs.length > 0) {
      if (part.flow.flowed) this.#addFlowed(text, part);
      else this.#addPlain(text.length, part.start + from, part.start + to);
    }
    this.#length += text.length;
  }

  /** The empty line that git adds at the end of a part; its line end is that of the line before. */
  close(): void {
    this.pieces.push(NEWLINE);
    if (this.crs.last === this.#length - 1) this.crs.push(this.#length);
    this.#length++;
  }

  #addPlain(length: number, from: number, to: number): void {
    const shift = this.#length + length - to;
    const crs = this.#mailCrs;
    for (let i = crsBefore(crs, from); i < crs.length && crs[i]! < to; i++)
      this.crs.push(crs[i]! + shift);
  }

  /** Joined lines lose their own line ends, so all must have the same one. */
  #addFlowed(text: Buffer, { start, end }: BodyPart): void {
    const crs = this.#mailCrs;
    const dropped = crsBefore(crs, end) - crsBefore(crs, start);
    if (dropped === 0) return;
    if (dropped < countLines(this.#mail.subarray(start, end)))
      refuse("flowed-ambiguous", "format=flowed with LF and CR LF");
    for (let at = text.indexOf(LF); at >= 0; at = text.indexOf(LF, at + 1))
      this.crs.push(this.#length + at);
  }
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (const byte of text) if (byte === LF) lines++;
  return lines;
}

const NOWHERE: BreakPoint = {
  kind: "none",
  encoding: "identity",
  bodyStart: 0,
  bodyEnd: 0,
  decodedOffset: 0,
  rawOffset: 0,
  flowed: false,
};
