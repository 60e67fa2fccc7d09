/** Fields that a program adds to each mail: `sendemail.headerCmd`. */

import { PatchsigError } from "../../errors.ts";
import { encodeText } from "../../mail/encoded-words.ts";
import { readFields } from "../../mail/fields.ts";
import { readAddressees } from "../../outgoing/addressee.ts";
import type { NewField } from "../../outgoing/header.ts";
import type { MailToAddress } from "../../outgoing/recipients.ts";
import { askOfMail } from "./ask.ts";

/** What a program says of a mail. */
export interface SaidHeader {
  readonly fields: readonly NewField[];
  readonly people: MailToAddress["header"];
}

export const NOTHING_SAID: SaidHeader = { fields: [], people: [] };

/** Fields that `send` sets itself, or that change how a mail is read. */
const OURS =
  /^(?:from|sender|subject|date|message-id|in-reply-to|references|mime-version|content-.*)$/;

/**
 * As git does it since 2.41: the program is run for each mail, with its file, and says a field a line.
 *
 * @param why what names the program: `sendemail.headerCmd`
 * @throws PatchsigError "refused" if it fails, or says what cannot be a field of this mail
 */
export function saidHeader(
  mail: Buffer,
  { command, why, cwd }: { readonly command: string; readonly why: string; readonly cwd: string },
): SaidHeader {
  const [said = ""] = askOfMail(mail, [{ command, cwd }]);
  const people: MailToAddress["header"][number][] = [];
  const fields: NewField[] = [];
  for (const { name, label, value } of readFields(Buffer.from(fieldLines(said)))) {
    const text = oneLine(value);
    if (!/^[!-9;-~]+$/.test(name) || OURS.test(name))
      throw refused(why, `${label} ${text}`.trim(), name);
    const field = (["to", "cc", "bcc"] as const).find((one) => one === name);
    if (field === undefined) fields.push([label.slice(0, -1), encodeText(text, label.length + 1)]);
    else people.push(...readAddressees(text).map((one) => ({ ...one, field, why })));
  }
  return { fields, people };
}

/** Its lines without the empty ones, which would end the header. */
function fieldLines(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => `${line}\n`).join("");
}

/** @param value raw, one character per byte */
function oneLine(value: string): string {
  const text = Buffer.from(value, "latin1").toString();
  return text.replaceAll(/\r?\n[ \t]+/g, " ").trim();
}

function refused(why: string, line: string, name: string): PatchsigError {
  const what = OURS.test(name) ? "which send writes itself" : "which is no field of a header";
  return new PatchsigError("refused", `${why} says "${line}", ${what}: nothing was sent`);
}
