/**
 * Traces of a patch in a refused mail. Its lines are read in every way in which git could read them:
 * nothing that git am would apply may count as a mail without a patch.
 */

import { findMarkers } from "../patch/block.ts";

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
const WRAPS = /^content-type:[ \t]*(?:message\/(?:rfc822|global)|multipart\/digest)(?![\w-])/im;
const FLOWED = /flowed|^content-[^\n]*(?:\n[ \t][^\n]*)*=\?/im;
const QUOTED = /^ ?>.*$/gm;

/** Looks in the lines of a mail for what git might apply, whatever their declared encoding. */
export function tracesIn(mail: Buffer): Traces {
  const raw = mail.toString("latin1").replaceAll("\r\n", "\n");
  const views = [raw, ...quotedPrintable(raw), base64(raw)];
  const mayFlow = FLOWED.test(raw);
  return {
    wraps: WRAPS.test(raw),
    block: views.some((view) => findMarkers(Buffer.from(view, "latin1")).length > 0),
    diff: views.some((view) => DIFF.test(view) || (mayFlow && SQUEEZED.test(squeezed(view)))),
  };
}

function squeezed(view: string): string {
  return view.replace(QUOTED, "").replace(/\s+/g, "");
}

/** With soft line breaks; and without, since a CR before one hides it from git. */
function quotedPrintable(raw: string): string[] {
  const decoded = (text: string): string =>
    text.replace(/=([0-9a-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  return [decoded(raw), decoded(raw.replaceAll("=\n", ""))];
}

/**
 * Each line as git decodes it, ignoring other characters than base64's. Header lines decode to noise,
 * which can hide only the first line of a part, and no diff has only one line.
 */
function base64(raw: string): string {
  const lines = raw.split("\n");
  return lines
    .map((line) => Buffer.from(line.replace(/[^A-Za-z0-9+/]/g, ""), "base64").toString("latin1"))
    .join("");
}
