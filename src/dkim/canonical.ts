/**
 * DKIM's canonical forms (RFC 6376, 3.4), with LF for CR LF: what is hashed has CR LF at every line's
 * end. A character is a byte.
 */

import type { HeaderField } from "../mail/fields.ts";
import type { Form } from "./signature.ts";

/** A header field with its line end: as it stands, or in lower case, unfolded, blanks reduced. */
export function canonicalField({ name, label, value }: HeaderField, form: Form): string {
  if (form === "simple") return `${label}${value.endsWith("\n") ? value : `${value}\n`}`;
  const text = value.replaceAll("\n", "").replace(/[ \t]+/g, " ");
  return `${name}:${text.replace(/^ | $/g, "")}\n`;
}

/** A body without the empty lines at its end; relaxed, also with every run of white space reduced. */
export function canonicalBody(body: string, form: Form): string {
  const text = form === "simple" ? body : body.replace(/[ \t]+/g, " ").replaceAll(" \n", "\n");
  let end = text.length;
  if (form === "relaxed" && text.endsWith(" ")) end--;
  while (end > 0 && text[end - 1] === "\n") end--;
  // simple: a body that is empty is one empty line
  return end === 0 && form === "relaxed" ? "" : `${text.slice(0, end)}\n`;
}

/** The bytes that are hashed. */
export function wireBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll("\n", "\r\n"), "latin1");
}

/**
 * The fields that `h=` names, in its order: of several of one name the last comes first, and a name
 * for which none is left adds nothing (RFC 6376, 5.4.2).
 */
export function signedFields(
  fields: readonly HeaderField[],
  names: readonly string[],
): HeaderField[] {
  const left = new Map<string, HeaderField[]>();
  for (const field of fields) {
    const known = left.get(field.name);
    if (known === undefined) left.set(field.name, [field]);
    else known.push(field);
  }
  return names.flatMap((name) => left.get(name)?.pop() ?? []);
}

/** The value of `b=`, with the white space around it. Only that of `b`, not of `bh`. */
const B_VALUE = /((?:^|;)[ \t\n]*b[ \t\n]*=)[^;]*/;

/** A DKIM-Signature as it signs itself: without the value of `b=`, and without a line end. */
export function unsignedSelf(field: HeaderField, form: Form): string {
  const value = field.value.replace(B_VALUE, "$1");
  return canonicalField({ ...field, value }, form).replace(/\n$/, "");
}
