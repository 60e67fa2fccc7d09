/**
 * Traces of a patch in a refused mail. Its lines are read in every way in which git could read them:
 * nothing that git am would apply may count as a mail without a patch.
 */

import { dropCr } from "../mail/line-ends.ts";
import { decodeLines, EQUALS, escapedByte } from "../mail/transfer.ts";
import { findMarkers } from "../patch/block.ts";
import { BLANK, isSpace, latin1, LF, nextLine } from "../primitives/bytes.ts";

export interface Traces {
  /** A signature block begins. */
  readonly block: boolean;
  /** A line without which git applies nothing. */
  readonly diff: boolean;
  /** A line names a mail, or a digest of mails, as a part. */
  readonly wraps: boolean;
}

/** git finds these only at the start of a line, never after a `>`. */
const DIFF =
  /^(?:diff --git |@@ -|GIT binary patch|(?:old|new|new file|deleted file) mode |(?:rename|copy) (?:from|to|old|new) |Index: |--- .*\r?\n\+\+\+ )/m;

/** The same for format=flowed, where blanks and line ends may appear or vanish anywhere in a line. */
const SQUEEZED =
  /diff--git|@@-|GITbinarypatch|(?:old|new|newfile|deletedfile)mode|(?:rename|copy)(?:from|to|old|new)/;
const QUOTE = 0x3e;
const WRAPS = /^content-type:[ \t]*(?:message\/(?:rfc822|global)|multipart\/digest)(?![\w-])/im;
/** From the beginning of a line, or each CR would be the beginning of another search. */
const FLOWED = /flowed|(?<![^\n])content-[^\n]*(?:\n[ \t][^\n]*)*=\?/i;

/** Looks in the lines of a mail for what git might apply, whatever their declared encoding. */
export function tracesIn(mail: Buffer): Traces {
  const raw = dropCr(mail);
  const text = latin1(raw);
  const mayFlow = FLOWED.test(text);
  const traces = { wraps: WRAPS.test(text), block: false, diff: false };
  for (const view of viewsOf(raw)) {
    traces.block ||= findMarkers(view).length > 0;
    traces.diff ||= DIFF.test(latin1(view)) || (mayFlow && SQUEEZED.test(squeezed(view)));
  }
  return traces;
}

/** The mail in each encoding; one at a time, since each may be as large as the mail. */
function* viewsOf(raw: Buffer): Generator<Buffer> {
  yield raw;
  // with soft line breaks; and without, since a CR before one hides it from git
  yield withoutEscapes(raw);
  yield withoutEscapes(withoutSoftBreaks(raw));
  // header lines decode to noise, which can hide only the first line of a part, and no diff has only one line
  yield decodeLines(raw);
}

function withoutEscapes(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const escaped = text[at] === EQUALS ? escapedByte(text, at) : -1;
    out[length++] = escaped < 0 ? text[at]! : escaped;
    if (escaped >= 0) at += 2;
  }
  return out.subarray(0, length);
}

function withoutSoftBreaks(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === EQUALS && text[at + 1] === LF) at++;
    else out[length++] = text[at]!;
  }
  return out.subarray(0, length);
}

/** Without white space and quoted lines. */
function squeezed(view: Buffer): string {
  const out = Buffer.allocUnsafe(view.length);
  let length = 0;
  for (let at = 0, next = 0; at < view.length; at = next) {
    next = nextLine(view, at);
    if (view[at] === QUOTE || (view[at] === BLANK && view[at + 1] === QUOTE)) continue;
    for (; at < next; at++) if (!isSpace(view[at])) out[length++] = view[at]!;
  }
  return latin1(out, 0, length);
}
