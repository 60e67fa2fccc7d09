/** Header fields as the bot needs them: to see that a mail was written by a program. */

import { readFields } from "../mail/fields.ts";

/** Values of a field are cut after so many characters, and of one name so many are kept. */
const MAX_VALUE = 2000;
const MAX_SAME = 20;

/** The values of a field, unfolded, as they stand; [] if there is none. Names in lower case. */
export type Fields = (name: string) => readonly string[];

/** What the header at the top of a mail says. */
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
