/** Taking over a branch of b4 prep: what its cover commit and its tags know (docs/sending.md, "Coming from b4"). */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { gitLines, gitText } from "../../git/run.ts";
import { readState, writeState } from "../../git/series-ref.ts";
import { isB4Cover, readB4Cover } from "../../outgoing/b4.ts";
import type { SentVersion } from "../../outgoing/state.ts";
import { branchToSend } from "./branch.ts";

export interface ImportedB4 {
  readonly branch: string;
  /** Versions that were sent. */
  readonly versions: readonly number[];
  /** b4's cover commit, which is not to be sent; full name. */
  readonly coverCommit: string;
}

/**
 * Remembers what b4 knows of a branch. Changes nothing in the branch.
 *
 * @throws PatchsigError "not-found" if b4 keeps no cover letter there; "exists" if something is remembered
 */
export async function importB4(
  repository: Repository,
  words: readonly string[],
): Promise<ImportedB4> {
  const { branch, range } = await branchToSend(repository, words);
  const found = await coverCommit(repository, range);
  const read = found === null ? null : readB4Cover(found.message);
  if (found === null || read === null)
    throw new PatchsigError("not-found", `no commit of ${branch} holds b4's cover letter`, {
      hint: "git patchsig series cover --edit begins a new one",
    });
  if ((await readState(repository, branch)) !== null)
    throw new PatchsigError("exists", `the series of ${branch} is known already`, {
      hint: `git patchsig series drop ${branch} forgets it`,
    });
  const sent: SentVersion[] = [];
  for (const { version, messageId } of read.sent) {
    const tagged = await taggedVersion(repository, `${branch.replace(/^b4\//, "")}-v${version}`);
    const mails = [{ index: 0, messageId, patch: null }];
    if (tagged !== null) sent.push({ version, ...tagged, mails });
  }
  const state = { ...read.state, sent };
  const event = { message: "import from b4", tip: sent.at(-1)?.tip ?? null };
  await writeState(repository, branch, { before: null, state, event });
  return { branch, versions: sent.map(({ version }) => version), coverCommit: found.name };
}

async function coverCommit(
  { cwd }: Repository,
  range: readonly string[],
): Promise<{ readonly name: string; readonly message: string } | null> {
  const names = await gitLines(["rev-list", "--reverse", "--max-count=1000", ...range], { cwd });
  for (const name of names) {
    const message = await gitText(["log", "-1", "--format=%B", name], { cwd });
    if (isB4Cover(message)) return { name, message };
  }
  return null;
}

/** What b4's tag of a version says; null if there is none. */
async function taggedVersion(
  { cwd }: Repository,
  name: string,
): Promise<Pick<SentVersion, "time" | "tip" | "base"> | null> {
  const fields = "%(objectname) %(*objectname) %(creatordate:unix)";
  const list = ["for-each-ref", `--format=${fields}`, `refs/tags/sent/${name}`];
  const [line] = await gitLines(list, { cwd });
  const [, own, peeled, time] = /^(\S+) (\S*) (\d+)$/.exec(line ?? "") ?? [];
  if (own === undefined) return null;
  const text = await gitText(["cat-file", "-p", own], { cwd });
  const base = /^base-commit: ([0-9a-f]{40,64})$/m.exec(text)?.[1] ?? null;
  return { time: Number(time), tip: peeled === "" ? own : peeled!, base };
}
