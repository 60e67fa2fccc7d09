/** What a person wrote in a reply: the first text/plain part, as mail programs show it. */

import { hasAt, nextLine } from "../primitives/bytes.ts";
import { attempt } from "../refused.ts";
import type { Result } from "../types.ts";
import { messageToUtf8 } from "./charset.ts";
import { type Content, readContent } from "./content.ts";
import { dropCr } from "./line-ends.ts";
import { readHeader } from "./header.ts";
import { MAX_NESTING } from "./limits.ts";
import type { BodyPart } from "./parts.ts";
import { type MailStructure, structureOf } from "./structure.ts";
import { decodeBody } from "./transfer.ts";

/**
 * The text, UTF-8; null if there is none, or the mail cannot be read for sure. HTML is not read: what is a
 * quote there depends on how it is drawn. Attachments are not read either.
 *
 * @param mail one message without CRs before LF
 */
export function replyText(mail: Buffer): Buffer | null {
  return replyTextIn(mail, structureOf(mail));
}

/** The same. @param structure of the mail */
export function replyTextIn(mail: Buffer, structure: Result<MailStructure>): Buffer | null {
  if (!structure.ok) return null;
  const { parts } = structure.value.parts;
  const read = attempt(() => {
    for (const part of parts) {
      const leaf = innerPart(mail, part);
      if (leaf?.type === "text/plain") return textOf(mail, leaf);
    }
    return null;
  });
  return read.ok ? read.value : null;
}

/**
 * The part that this one is, or begins with if it is a multipart: to git, the first part of a multipart
 * within another is text of the outer one, header and all. Null if there is none.
 */
export function innerPart(mail: Buffer, part: BodyPart): BodyPart | null {
  let leaf: BodyPart = part;
  for (let depth = 0; leaf.type.startsWith("multipart/"); depth++) {
    if (depth >= MAX_NESTING || !hasAt(mail, leaf.start, "--")) return null;
    const header = readHeader(mail, nextLine(mail, leaf.start), false);
    const content: Content = readContent(header);
    const { type, encoding, charset } = content;
    leaf = { ...leaf, start: header.end, type, encoding, charset, flow: content.flow ?? leaf.flow };
  }
  return leaf;
}

/** What is not valid in its charset, or in one that is not known, stays as it is: one bad byte in a quote hides no text. */
function textOf(mail: Buffer, { start, end, encoding, charset, flow }: BodyPart): Buffer {
  const decoded = dropCr(decodeBody(mail.subarray(start, end), encoding));
  const text = flow.flowed ? unflowed(decoded, flow.delsp) : decoded;
  const read = attempt(() => messageToUtf8(text, charset));
  const shown = read.ok ? read.value : text;
  return hasAt(shown, 0, BYTE_ORDER_MARK) ? shown.subarray(BYTE_ORDER_MARK.length) : shown;
}

/** In UTF-8; some programs begin texts with it. */
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

/**
 * Joins the soft-broken lines of RFC 3676 as mail programs do, where git would join a quote with the answer
 * below it: a paragraph has one depth of quotes (section 4.5). Quoted lines stay as they are.
 */
function unflowed(text: Buffer, delsp: boolean): Buffer {
  const lines = text.toString("latin1").split("\n");
  const out: string[] = [];
  let isSoft = false;
  for (const line of lines) {
    const isWhole = line.startsWith(">") || line === "-- ";
    const own = isWhole ? line : line.replace(/^ /, "");
    const continues = isSoft && !isWhole;
    isSoft = !isWhole && own.endsWith(" ");
    const shown = isSoft && delsp ? own.slice(0, -1) : own;
    if (continues) out.push(out.pop()! + shown);
    else out.push(shown);
  }
  return Buffer.from(out.join("\n"), "latin1");
}
