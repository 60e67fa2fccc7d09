/** Fills in the cover letter that git format-patch began. Pure. */

import { encodeText } from "../mail/encoded-words.ts";
import type { CoverText } from "./reroll.ts";

/** git's placeholders (git-format-patch(1), "--cover-letter"). */
const TITLE = "*** SUBJECT HERE ***";
const BLURB = "*** BLURB HERE ***";
const MIME = [
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=UTF-8",
  "Content-Transfer-Encoding: 8bit",
].join("\n");

/** Does it still have git's placeholders? */
export function isTemplate(mail: Buffer): boolean {
  return mail.includes(TITLE) || mail.includes(`\n${BLURB}\n`);
}

/**
 * @param mail as git format-patch --cover-letter wrote it, without its mbox line
 * @returns the mail with title and text; what git put below stays
 */
export function fillCover(mail: Buffer, { title, body }: CoverText): Buffer {
  const end = mail.indexOf("\n\n");
  const header = mail.toString("utf8", 0, end);
  const rest = mail.subarray(end);
  const subject = header.replace(/^Subject:.*\*\*\* SUBJECT HERE \*\*\*$/ms, (line) => {
    const prefix = line.slice(0, -TITLE.length);
    const column = prefix.length - prefix.lastIndexOf("\n") - 1;
    return prefix + encodeText(title, column);
  });
  const at = rest.indexOf(BLURB);
  const text = Buffer.concat([
    rest.subarray(0, at),
    Buffer.from(body),
    rest.subarray(at + BLURB.length),
  ]);
  const isAscii = !text.some((byte) => byte > 0x7e);
  const mime = isAscii || /^Content-Type:/im.test(subject) ? "" : `\n${MIME}`;
  return Buffer.concat([Buffer.from(subject + mime), text]);
}
