/** Header fields for the bot, to tell whether a program wrote a mail. */

import { readFields } from "../mail/fields.ts";

/** Characters kept of a value, and values kept of one name. */
const MAX_VALUE = 2000;
const MAX_SAME = 20;

/** The values of a field, unfolded, undecoded; [] if there is none. Names in lower case. */
export type Fields = (name: string) => readonly string[];

/** The fields of a mail's top header. */
export function headerFieldsOf(mail: Buffer): Fields {
  const fields = new Map<string, string[]>();
  for (const { name, value } of readFields(mail)) {
    const values = fields.get(name) ?? [];
    if (values.length < MAX_SAME) values.push(unfold(value));
    fields.set(name, values);
  }
  return (wanted) => fields.get(wanted) ?? [];
}

function unfold(value: string): string {
  const [first = "", ...folds] = value.split("\n").map((line) => line.slice(0, MAX_VALUE));
  let text = first.replace(/\r$/, "");
  for (const fold of folds) if (text.length < MAX_VALUE) text += ` ${fold.trim()}`;
  return text.trim();
}
