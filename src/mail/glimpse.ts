/** A field of a mail that is not read, for people: found without any of the rules, and proving nothing. */

const MAX_HEADER = 65_536;
const MAX_VALUE = 998;

/** The first line of the first field of this name; "" if there is none. */
export function glimpse(mail: Buffer, name: string): string {
  const header = mail.toString("latin1", 0, MAX_HEADER).split(/\r?\n\r?\n/, 1)[0]!;
  const line = new RegExp(`^${name}:[ \t]*(.{0,${MAX_VALUE}})`, "im").exec(header);
  return line?.[1]?.trim() ?? "";
}
