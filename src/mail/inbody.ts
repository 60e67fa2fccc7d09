import { BLANK, LF, TAB, hasAt, hasAtNoCase, isSpace, latin1 } from "../primitives/bytes.ts";
import { MAX_INBODY_BYTES } from "./limits.ts";
import { refuse } from "../refused.ts";
import { decodeWords, hasForeignWord, isUnlabelled } from "./rfc2047.ts";

const NAMES = ["from", "subject", "date"] as const;
type InBodyName = (typeof NAMES)[number];

/** The headers at the top of a body, and whether more may come. */
export interface InBody {
  readonly fields: Map<InBodyName, Buffer>;
  /** The header being read, which a folded line may continue. */
  current: { name: InBodyName; lines: Buffer[]; size: number } | null;
  /** True if an encoded word of one is not in UTF-8. */
  foreign: boolean;
  /** True if raw bytes of one are passed on. */
  raw: boolean;
}

export function newInBody(): InBody {
  return { fields: new Map(), current: null, foreign: false, raw: false };
}

/** Decodes and stores the header being read. */
export function finishHeader(state: InBody): void {
  if (state.current === null) return;
  const { name, lines } = state.current;
  state.current = null;
  const text = Buffer.concat(lines);
  let start = name.length + 1;
  while (start < text.length && isSpace(text[start])) start++;
  state.foreign ||= hasForeignWord(text);
  state.raw ||= isUnlabelled(text);
  state.fields.set(name, decodeWords(text.subarray(start)));
}

/** `>From `, 40 hexadecimal digits and the fixed date that git format-patch writes. */
const SEPARATOR = /^>From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n$/;

function withoutNewline(line: Buffer): Buffer {
  return line.at(-1) === LF ? line.subarray(0, -1) : line;
}

/**
 * Reads a line at the top of the body. False: it belongs to the message, and no header can follow.
 *
 * git takes From, Subject and Date in any case, folded, once each, an escaped format-patch `From `
 * line, and a `[PATCH] title` line; empty lines may precede them, and one ends them. git reads a
 * second header of a name as text; it is refused, since a person cannot tell which one counts.
 */
export function readInBodyLine(state: InBody, line: Buffer): boolean {
  if (line.length === 0 || (line.length === 1 && line[0] === LF)) {
    const ends = state.current !== null;
    finishHeader(state);
    return !ends;
  }
  const { current } = state;
  if (current !== null && (line[0] === BLANK || line[0] === TAB)) {
    const last = current.lines.length - 1;
    current.lines[last] = withoutNewline(current.lines[last]!);
    current.lines.push(line);
    current.size += line.length;
    assertSize(current.size);
    return true;
  }
  finishHeader(state);
  if (hasAt(line, 0, ">From") && isSpace(line[5])) {
    return line.length < 100 && SEPARATOR.test(latin1(line));
  }
  if (hasAt(line, 0, "[PATCH]") && isSpace(line[7])) {
    assertFirst(state, "subject");
    assertSize(line.length);
    state.raw ||= isUnlabelled(line);
    state.fields.set("subject", line);
    return true;
  }
  const name = NAMES.find((name) => hasAtNoCase(line, 0, name) && line[name.length] === 0x3a);
  if (name === undefined) return false;
  assertFirst(state, name);
  assertSize(line.length);
  state.current = { name, lines: [line], size: line.length };
  return true;
}

function assertSize(bytes: number): void {
  if (bytes > MAX_INBODY_BYTES) refuse("too-big", "a very long header in the body");
}

function assertFirst(state: InBody, name: InBodyName): void {
  if (state.fields.has(name)) {
    refuse("conflicting-inbody-header", `a second ${name} at the top of the body`);
  }
}
