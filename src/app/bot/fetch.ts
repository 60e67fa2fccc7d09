/** Updates a clone of a public-inbox with `git fetch`, and follows it into new epochs. */

import { renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LIST_SCOPES, parseScopes, REPOSITORY_SCOPES } from "../../git/config.ts";
import { inboxAt } from "../sources/inbox-source.ts";
import { git, gitLines, gitSucceeds, gitText } from "../../git/run.ts";
import { PatchsigError } from "../../errors.ts";
import { isDirectory } from "../../source/reading.ts";

/** The user asked for the fetch, but cannot answer prompts. */
const FETCHING = { purpose: "fetch", env: { GIT_TERMINAL_PROMPT: "0" } } as const;

/**
 * @param sources as the bot's file names them; skips those that are not clones
 * @returns what could not be fetched: mails that are here are read anyway
 */
export async function fetchInboxes(sources: readonly string[]): Promise<PatchsigError[]> {
  const failed: PatchsigError[] = [];
  for (const source of sources.filter(isDirectory)) {
    // mails come to the newest epoch only
    const newest = inboxAt(source)?.at(-1)?.repository;
    if (newest === undefined) continue;
    const [remote] = await gitLines(["remote"], { cwd: newest, elsewhere: true });
    if (remote === undefined) continue;
    try {
      await fetchFrom(newest);
      await followFrom(newest, remote);
    } catch (error) {
      if (!(error instanceof PatchsigError)) throw error;
      failed.push(error);
    }
  }
  return failed;
}

/**
 * Settings of a clone that make git fetch start a program. Whoever made the folder wrote them; the user's
 * own programs are in the user's settings.
 */
const STARTS =
  /^(?:core\.(?:sshcommand|gitproxy|askpass|alternaterefscommand)|gc\.recentobjectshook|credential\.(?:.*\.)?helper|remote\..*\.(?:uploadpack|vcs))$/s;

async function fetchFrom(repository: string): Promise<void> {
  const place = { cwd: repository, elsewhere: true } as const;
  const listed = await git(LIST_SCOPES, { ...place, purpose: "settings" });
  const odd = parseScopes(listed.toString()).find(
    ({ key, scope }) => REPOSITORY_SCOPES.has(scope) && STARTS.test(key),
  );
  if (odd !== undefined)
    throw new PatchsigError(
      "refused",
      `${repository} is not fetched: its ${odd.key} starts a program`,
      {
        hint: "set it for yourself: git config --global",
      },
    );
  await git(["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"], {
    ...place,
    ...FETCHING,
  });
}

/** Clones newer epochs beside this one. */
async function followFrom(newest: string, remote: string): Promise<void> {
  const place = { cwd: newest, elsewhere: true } as const;
  let at = {
    repository: newest,
    url: await gitText(["remote", "get-url", remote], { ...place, purpose: "settings" }),
  };
  for (;;) {
    const next = epochAfter(at);
    if (next === null || !(await cloneIfThere(next))) return;
    at = next;
  }
}

interface Clone {
  readonly repository: string;
  readonly url: string;
}

/** `…/git/3.git` of `https://…/3` is followed by `…/git/4.git` of `https://…/4`. */
function epochAfter({ repository, url }: Clone): Clone | null {
  const [, number] = /^(\d{1,6})\.git$/.exec(basename(repository)) ?? [];
  const [, before, same, after] = /^(.*\/)(\d{1,6})((?:\.git)?\/?)$/s.exec(url) ?? [];
  const isInInbox = basename(dirname(repository)) === "git";
  if (number === undefined || number !== same || !isInInbox) return null;
  const next = Number(number) + 1;
  return { url: `${before}${next}${after}`, repository: join(dirname(repository), `${next}.git`) };
}

/** All or nothing. If the server does not have it, there is no new epoch. */
async function cloneIfThere({ url, repository }: Clone): Promise<boolean> {
  const folder = dirname(repository);
  const options = { cwd: folder, elsewhere: true, ...FETCHING } as const;
  if (!(await gitSucceeds(["ls-remote", "--exit-code", "--", url, "HEAD"], options))) return false;
  const unfinished = join(folder, `.${basename(repository)}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  await git(["clone", "--quiet", "--mirror", "--template=", "--", url, unfinished], options);
  renameSync(unfinished, repository);
  return true;
}
