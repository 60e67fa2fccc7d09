/** Patches that git send-email would change so that their signature does not hold, or is refused. */

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { EXIT, PatchsigError } from "../../errors.ts";
import { sendEmailKey } from "../../git/hooks.ts";
import { parseAuthor } from "../../mail/author.ts";
import { shellWord } from "../../primitives/shell.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { Checked } from "../../verify/result.ts";
import { gitConfig } from "../settings.ts";
import { fromOption, identityOption, sendEmailWords } from "./command-line.ts";

/**
 * The From line that git send-email will write: git 2.41 and later hand it over; before, the command
 * line or the settings may say it. Null if nothing does, or if it is no address but an alias.
 *
 * @param header the file that git 2.41 and later name, with the mail's header
 * @param askGit git may be started to read the settings
 * @param usual whom git sends from if nothing says it
 */
export async function fromToBe(
  header: string | undefined,
  askGit: boolean,
  usual: () => Promise<string>,
): Promise<string | null> {
  if (header !== undefined && existsSync(header)) {
    const [, from = null] = /^From:((?:.*\n[ \t])*.*)$/m.exec(readFileSync(header, "utf8")) ?? [];
    return from;
  }
  const words = sendEmailWords();
  if (words === null) return null;
  const said = fromOption(words) ?? (askGit ? (settingOfFrom(words) ?? (await usual())) : null);
  return said?.includes("@") === true ? said : null;
}

function settingOfFrom(words: readonly string[]): string | null {
  const config = gitConfig();
  const identity = identityOption(words) ?? config.string("sendemail.identity");
  return config.string(sendEmailKey(config, "from", identity));
}

/** A mail that git send-email is about to send. */
interface MailToSend {
  readonly mailFile: { readonly name: string };
  readonly bytes: Buffer;
  readonly checked: Checked;
}

const ATTACHED = /^content-type:\s*multipart\//im;

/**
 * Refuses what will not be good as received.
 *
 * - A mail of several parts: git send-email handles it as one text. Where it encodes a long line or a
 *   CR, it encodes the parts' headers too, and it writes an author who is not the sender above all
 *   parts, where git am does not read it.
 * - A patch whose From header is not the sender's, with an author of its own in the body: git
 *   send-email writes that From above it, and git am takes the first.
 * - A signer who is neither author nor sender.
 *
 * @param by the signer's address
 * @param sender as `fromToBe` says
 */
export function refuseSpoiled(mail: MailToSend, by: string, sender: string | null): void {
  const text = mail.bytes.toString("latin1");
  const end = text.search(/^\r?\n/m);
  const refuse = (why: string, hint: string): never => {
    const message = `${basename(mail.mailFile.name)}: ${why}`;
    throw new PatchsigError("refused", message, { hint, exit: EXIT.unmet });
  };
  const { view, author } = mail.checked;
  if (ATTACHED.test(text.slice(0, end)))
    refuse(
      "git send-email can spoil an attached patch (format.attach)",
      "git send-email --no-attach",
    );
  if (view === null || sender === null) return;
  const [from, to] = [parseAuthor(view.headers.from), parseAuthor(sender)];
  const isOther = !from.author.equals(to.author) || !from.email.equals(to.email);
  if (isOther && /^\r?\n(?:>?)From: /.test(text.slice(end)))
    refuse(
      "git send-email would write another author above its own",
      `git send-email ${shellWord(`--from=${view.headers.from}`)}`,
    );
  const [sends, wrote] = [to.email.toString(), author?.email ?? ""].map(normaliseIdentity);
  if (sends !== null && sends !== by && wrote !== by)
    refuse(`signed by ${by}, but neither sent nor written by`, `git send-email --from=${by}`);
}
