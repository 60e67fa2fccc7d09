/** One mail on its way to a mailbox: its verdict goes into its header. */

import { PatchsigError } from "../../errors.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { messages } from "../../mail/mbox.ts";
import { withStatus } from "../../mail/status-header.ts";
import { headerStatusOf, headerStatusOfFailure } from "../../report/status.ts";
import type { SourceItems } from "../../source/item.ts";
import { looksLikeMail, notAMail } from "../../source/file.ts";
import { readStdin } from "../../source/reading.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { RunOptions } from "./run.ts";
import type { Reporter } from "../reporter.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { newTally, verifyMails } from "./verification.ts";

/** What of a run's options concerns one mail. */
type FilterOptions = Pick<RunOptions, "devKeyrings" | "dkim" | "plainAm" | "policies" | "dryRun">;

/** All of standard input, a mail. PatchsigError "too-large", "not-a-mail", "unreadable". */
export function readIncoming(mail: Buffer | null = readStdin(MAX_MESSAGE_BYTES)): Buffer {
  if (mail === null) throw new PatchsigError("too-large", "the mail is too large");
  if (mail.length === 0 || !looksLikeMail(mail)) throw notAMail("-", mail);
  return mail;
}

/**
 * The mail with its status in the header, and without any that came with it. A mail without a patch
 * gets none. What is judged is the mail as it will lie in the mailbox.
 *
 * Mail servers do not mark a line of text that begins like a From line, so a second one on standard
 * input belongs to the same mail. git am would cut it there, and therefore it is refused.
 */
export async function filteredMail(
  mail: Buffer,
  options: FilterOptions,
  store: TrustStore,
  { say }: Pick<Reporter, "say">,
): Promise<Buffer> {
  const clean = withStatus(mail, null);
  const [first, second] = messages(clean, { keepCr: true });
  const bytes = first !== undefined && second === undefined ? first.bytes : clean;
  const pins = await readKeyrings(store, say);
  const pass = { ...options, pins, signedOnly: false, jobs: 1, keep: null };
  let status: string | null = null;
  for await (const seen of verifyMails(only(bytes), pass, store, newTally())) {
    if (seen.kind === "patch") status = headerStatusOf(seen.mail.result);
    if (seen.kind === "unread") status = headerStatusOfFailure(seen.unread.error.message);
  }
  return withStatus(clean, status);
}

async function* only(bytes: Buffer | null): SourceItems {
  yield [{ source: "-", bytes, size: bytes?.length ?? 0 }];
}
