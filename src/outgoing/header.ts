/** Writes those fields of a mail's header that the sender decides. Pure. */

import { isSpace, nextLine } from "../primitives/bytes.ts";
import { readFields } from "../mail/fields.ts";

/** The usual order of fields; others come last, in their own order. */
const ORDER = [
  "from",
  "to",
  "cc",
  "reply-to",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
];

/** A field: its name, and its value, folded and in ASCII; "" removes the field. */
export type NewField = readonly [name: string, value: string];

/**
 * The mail with these fields in place of those of the same names, each in its usual place.
 *
 * @param mail lines that end in LF, without an mbox line
 */
export function withFields(mail: Buffer, added: readonly NewField[]): Buffer {
  const replaced = new Set(added.map(([name]) => name.toLowerCase()));
  const kept = readFields(mail).filter(({ name }) => !replaced.has(name));
  const fields = [
    ...kept.map(({ name, label, value }) => ({ name, line: `${label}${value}` })),
    ...added
      .filter(([, value]) => value !== "")
      .map(([name, value]) => ({ name: name.toLowerCase(), line: `${name}: ${value}\n` })),
  ];
  const placed = fields
    .map((one, i) => ({ ...one, place: placeOf(one.name), i }))
    .sort((a, b) => a.place - b.place || a.i - b.i);
  const header = placed.map(({ line }) => line).join("");
  return Buffer.concat([Buffer.from(header, "latin1"), mail.subarray(endOfHeader(mail))]);
}

/** The mail without the fields whose names, in lower case, match. */
export function withoutFields(mail: Buffer, names: RegExp): Buffer {
  const kept = readFields(mail).filter(({ name }) => !names.test(name));
  const header = kept.map(({ label, value }) => label + value).join("");
  return Buffer.concat([Buffer.from(header, "latin1"), mail.subarray(endOfHeader(mail))]);
}

/** The text below the empty line. */
export function bodyOf(mail: Buffer): Buffer {
  return mail.subarray(nextLine(mail, endOfHeader(mail)));
}

function placeOf(name: string): number {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}

function endOfHeader(mail: Buffer): number {
  let pos = 0;
  while (pos < mail.length && !mail.subarray(pos, nextLine(mail, pos)).every(isSpace))
    pos = nextLine(mail, pos);
  return pos;
}
