/** Brings a clone of a public-inbox up to date, as `git fetch` does. */

import { epochsOf } from "../../git/public-inbox.ts";
import { git, gitLines } from "../../git/run.ts";
import { CliError } from "../../errors.ts";
import { isDirectory } from "../../source/reading.ts";

/**
 * @param sources as the bot's file names them; what is no clone is left alone
 * @returns what could not be fetched: what is there is read all the same
 */
export async function fetchInboxes(sources: readonly string[]): Promise<CliError[]> {
  const failed: CliError[] = [];
  for (const source of sources.filter(isDirectory)) {
    // mails come to the newest epoch only; a new one is public-inbox-fetch's to make
    const repository = epochsOf(source)?.at(-1)?.repository;
    if (repository === undefined) continue;
    const remotes = await gitLines(["remote"], { cwd: repository });
    if (remotes.length === 0) continue;
    try {
      await git(["fetch", "--quiet", "--no-tags"], {
        cwd: repository,
        env: { GIT_TERMINAL_PROMPT: "0" },
      });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      failed.push(error);
    }
  }
  return failed;
}
