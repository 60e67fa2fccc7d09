/** Whether to ask before mails are sent: `sendemail.confirm`. */

import { PatchsigError } from "../../errors.ts";
import type { MailRecipients, Recipient } from "../../outgoing/recipients.ts";
import { type Lookup, settingsOf } from "../../send/settings.ts";

/** What the question is about: git asks for each mail, `send` once for all. */
interface ToConfirm {
  readonly recipients: readonly MailRecipients[];
  readonly hasCover: boolean;
}

const MODES: Readonly<Record<string, (mails: ToConfirm) => boolean>> = {
  always: () => true,
  never: () => false,
  cc: ({ recipients }) => someone(recipients, ({ field, by }) => field === "cc" && by === "patch"),
  compose: ({ hasCover }) => hasCover,
  auto: (mails) => MODES["cc"]!(mails) || MODES["compose"]!(mails),
};

/**
 * Reads the setting; the answer depends on the recipients. Unset, the user is asked. Recipients that
 * the project names are always shown and asked about.
 *
 * @throws PatchsigError "usage" for a word that git does not know either
 */
export function confirming(config: Lookup): (mails: ToConfirm) => boolean {
  const word = settingsOf(config).string("confirm") ?? "always";
  const mode = Object.hasOwn(MODES, word) ? MODES[word] : undefined;
  if (mode === undefined)
    throw new PatchsigError(
      "usage",
      `sendemail.confirm is "${word}": none of ${Object.keys(MODES).join(", ")}`,
    );
  return (mails) => mode(mails) || someone(mails.recipients, ({ by }) => by === "project");
}

function someone(all: readonly MailRecipients[], is: (one: Recipient) => boolean): boolean {
  return all.some(({ recipients }) => recipients.some(is));
}
