/** Message-IDs that a server gives mails in place of their own, as Outlook's do (`sendemail.outlookIdFix`). Pure. */

import { readFields } from "../mail/fields.ts";
import { withFields } from "./header.ts";

/** Only Microsoft's servers answer like this. */
const RENAMED = /^250 2\.0\.0 OK (<[^<>\s@]+@[^<>\s@]+\.outlook\.com>)/i;

/** New Message-IDs of mails that have left, by the old ones. */
export type RenamedIds = ReadonlyMap<string, string>;

/** @param mails with what the server said of each; "" if nothing */
export function renamedIds(
  mails: readonly { readonly messageId: string; readonly state: string; readonly said: string }[],
): RenamedIds {
  return new Map(
    mails.flatMap(({ messageId, state, said }) => {
      const [, name] = RENAMED.exec(state === "sent" ? said : "") ?? [];
      return name === undefined ? [] : [[messageId, name] as const];
    }),
  );
}

/** The mail with new Message-IDs for old ones in what it replies to. */
export function replyingTo(mail: Buffer, renamed: RenamedIds): Buffer {
  if (renamed.size === 0) return mail;
  const fields = readFields(mail)
    .filter(({ name }) => name === "in-reply-to" || name === "references")
    .map(({ label, value }) => {
      const now = value.trim().replaceAll(/<[^<>\s]+>/g, (id) => renamed.get(id) ?? id);
      return [label.slice(0, -1), now] as const;
    });
  return fields.length === 0 ? mail : withFields(mail, fields);
}
