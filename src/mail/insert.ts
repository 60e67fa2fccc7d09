import type { BreakPoint, MailView } from "../types.ts";
import { LF, NEWLINE } from "../primitives/bytes.ts";
import {
  base64End,
  decodeBody,
  decodeQuotedPrintable,
  encodeBase64,
  encodeQuotedPrintable,
} from "./transfer.ts";

type InsertionPoint = Pick<BreakPoint, "encoding" | "bodyStart" | "bodyEnd" | "flowed">;

/** The decoded body of the part that has the patch break. */
export function decodedBody(mail: Buffer, place: InsertionPoint): Buffer {
  return decodeBody(mail.subarray(place.bodyStart, place.bodyEnd), place.encoding);
}

/** Lines as format=flowed text: no trailing blank, leading blanks stuffed. */
function flowedLines(lines: Buffer): Buffer {
  const stuffed = lines
    .toString("latin1")
    .replace(/^(?!-- $)(.*?) +$/gm, "$1")
    .replace(/^(?= |>|From )/gm, " ");
  return Buffer.from(stuffed, "latin1");
}

/**
 * Replaces the bytes [start, end) of the decoded body by `insert`, in the part's own transfer
 * encoding. The rest of the mail keeps its bytes, except that base64 is rewritten.
 *
 * @param insert LF-terminated lines, or nothing
 */
export function spliceBody(
  mail: Buffer,
  place: InsertionPoint,
  start: number,
  end: number,
  insert: Buffer,
): Buffer {
  const { bodyStart, bodyEnd, encoding } = place;
  const lines = place.flowed ? flowedLines(insert) : insert;
  const body = mail.subarray(bodyStart, bodyEnd);
  const around = (from: number, to: number, middle: Buffer) =>
    Buffer.concat([mail.subarray(0, from), middle, mail.subarray(to)]);
  if (encoding === "identity") return around(bodyStart + start, bodyStart + end, lines);
  if (encoding === "quoted-printable") {
    const raw = (decoded: number) => bodyStart + decodeQuotedPrintable(body, decoded).end;
    return around(raw(start), raw(end), encodeQuotedPrintable(lines));
  }
  const dataEnd = base64End(body);
  const data = decodeBody(body.subarray(0, dataEnd), encoding);
  const whole = Buffer.concat([data.subarray(0, start), lines, data.subarray(end)]);
  return around(bodyStart, bodyStart + dataEnd, encodeBase64(whole));
}

/**
 * Inserts lines at the patch break: below the `---` line, before the diff, or at the end of a mail
 * without a patch. Below a `---` line, git sees only these lines added to the patch.
 *
 * @param lines LF-terminated
 */
export function insertAtBreak(mail: Buffer, view: MailView, lines: Buffer): Buffer {
  const at = view.breakPoint;
  const offset = at.decodedOffset;
  const cutOff = offset > 0 && decodedBody(mail, at)[offset - 1] !== LF;
  return spliceBody(mail, at, offset, offset, cutOff ? Buffer.concat([NEWLINE, lines]) : lines);
}
