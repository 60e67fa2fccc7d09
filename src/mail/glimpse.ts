/** A field of an unread mail, for people: found without the rules, so it proves nothing. */

const MAX_HEADER = 65_536;
const MAX_VALUE = 998;

/** The first line of the first field of this name; "" if there is none. */
export function glimpse(mail: Buffer, name: string): string {
  const header = mail.toString("latin1", 0, MAX_HEADER).split(/\r?\n\r?\n/, 1)[0]!;
  const line = new RegExp(`^${name}:[ \t]*(.{0,${MAX_VALUE}})`, "im").exec(header);
  return line?.[1]?.trim() ?? "";
}
