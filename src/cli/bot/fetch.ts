/** Brings a clone of a public-inbox up to date, as `git fetch` does. */

import { LIST_SCOPES, parseScopes, REPOSITORY_SCOPES } from "../../git/config.ts";
import { inboxAt } from "../inbox-source.ts";
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
    const repository = inboxAt(source)?.at(-1)?.repository;
    if (repository === undefined) continue;
    const remotes = await gitLines(["remote"], { cwd: repository, elsewhere: true });
    if (remotes.length === 0) continue;
    try {
      await fetchFrom(repository);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      failed.push(error);
    }
  }
  return failed;
}

/**
 * Settings of a clone by which git fetch starts what they name. Whoever made the folder wrote them;
 * a program of the user's own stands in the user's settings.
 */
const STARTS =
  /^(?:core\.(?:sshcommand|gitproxy|askpass|alternaterefscommand)|credential\.(?:.*\.)?helper|remote\..*\.(?:uploadpack|vcs))$/s;

async function fetchFrom(repository: string): Promise<void> {
  const place = { cwd: repository, elsewhere: true } as const;
  const listed = await git(LIST_SCOPES, { ...place, purpose: "settings" });
  const odd = parseScopes(listed.toString()).find(
    ({ key, scope }) => REPOSITORY_SCOPES.has(scope) && STARTS.test(key),
  );
  if (odd !== undefined)
    throw new CliError("refused", `${repository} is not fetched: its ${odd.key} starts a program`, {
      hint: "set it for yourself: git config --global",
    });
  await git(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"], {
    ...place,
    purpose: "fetch",
    env: { GIT_TERMINAL_PROMPT: "0" },
  });
}
