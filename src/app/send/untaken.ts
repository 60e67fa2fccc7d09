/** Settings of git that `send` does not follow, since a signed series needs otherwise; named before anything is sent. */

import { PatchsigError } from "../../errors.ts";
import type { Config } from "../../git/config.ts";
import { type Lookup, settingsOf } from "../../send/settings.ts";

/** Settings, and what is done instead. docs/sending.md says why. */
const UNTAKEN = [
  { key: "format.attach", against: true, done: "patches are sent as text" },
  { key: "format.encodeEmailHeaders", against: false, done: "header fields are in ASCII" },
  { key: "format.noprefix", against: true, done: "diffs have prefixes" },
  { key: "format.numbered", against: false, done: "the mails of a series are numbered" },
  { key: "sendemail.xmailer", against: true, done: "there is no X-Mailer" },
] as const;

const OFF = /^(?:false|no|off|0)$/i;

/**
 * @param identity the same settings, of the identity
 * @returns a line for each setting that does not count
 * @throws PatchsigError "usage" for settings of `sendmail.*`, as git send-email refuses them
 */
export function untakenNotes(config: Config, identity: Lookup): string[] {
  refuseMisspelled(config);
  const ofSend = settingsOf(identity);
  return UNTAKEN.flatMap(({ key, against, done }) => {
    const [, name] = /^sendemail\.(.*)$/.exec(key) ?? [];
    const value = (name === undefined ? config.string(key) : ofSend.string(name)) ?? "";
    return value !== "" && OFF.test(value) !== against ? [`${key} does not count: ${done}`] : [];
  });
}

function refuseMisspelled({ settings, bool }: Config): void {
  const wrong = settings.find(({ key }) => key.startsWith("sendmail."));
  if (wrong === undefined || bool("sendemail.forbidSendmailVariables") === false) return;
  throw new PatchsigError("usage", `${wrong.key} is set, which nobody reads: sendemail has an e`, {
    hint: "rename it; or: git config sendemail.forbidSendmailVariables false",
  });
}
