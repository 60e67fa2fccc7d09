/** A mailbox on a server as a source: git's credential helpers have the password. */

import { PatchsigError } from "../../errors.ts";
import type { Credential } from "../../git/credential.ts";
import { credentialFor } from "../secrets.ts";
import { runGit } from "../../git/run.ts";
import { NO_REPOSITORY } from "../../git/scope.ts";
import { imapLoginOf, parseMailbox, readMailbox } from "../../source/imap.ts";
import type { OnRead, SourceItems } from "../../source/item.ts";
import type { SourceOptions } from "./sources.ts";

/** What cannot be read is an item of its own. Throws a PatchsigError "usage" for what is no mailbox. */
export async function* openMailbox(
  url: string,
  { since, cursorOf }: SourceOptions,
  onRead: OnRead,
): SourceItems {
  const mailbox = parseMailbox(url);
  const from = since === undefined ? undefined : await timeOf(since);
  let credential: Credential;
  try {
    credential = await credentialFor(imapLoginOf(mailbox));
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    return yield [{ source: url, error }];
  }
  yield* readMailbox(mailbox, { since: from, cursorOf, ...credential }, onRead);
}

/** git's words for a time, in seconds since the epoch. */
async function timeOf(words: string): Promise<number> {
  // a way to ask that needs no repository
  const args = ["config", "--type=expiry-date", "--default", words, "--get", "patchsig.none"];
  const { status, stdout } = await runGit(args, {
    cwd: process.cwd(),
    purpose: "settings",
    env: NO_REPOSITORY,
  });
  if (status !== 0) throw new PatchsigError("usage", `--since: "${words}" is not a time`);
  return Number(stdout.toString());
}
