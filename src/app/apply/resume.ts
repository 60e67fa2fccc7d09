/** Goes on with an am that git stopped, by git am itself, and then records what was applied. */

import { PatchsigError } from "../../errors.ts";
import { amProgress, type Repository, resumeGitAm, treeNamed } from "../../git/repository.ts";
import { renderTests } from "../../report/tests.ts";
import { readPending } from "../record/pending.ts";
import { settlePending } from "../record/settle.ts";
import { withKnownTests } from "../result/known.ts";
import type { Reporter } from "../reporter.ts";

/** Options after which git makes commits, so that it needs the options that it has forgotten. */
const GOES_ON = new Set(["--continue", "--skip", "--allow-empty", "--retry"]);

/**
 * @param word git am's option, such as `--continue`
 * @throws PatchsigError "refused" if no am is in progress, "git-failed" if git stops again
 */
export async function resumeAm(
  repository: Repository,
  word: string,
  say: Reporter["say"],
): Promise<void> {
  const pending = await readPending(repository);
  if (amProgress(repository) === null) {
    await settlePending(repository, say);
    throw new PatchsigError("refused", "no am is in progress here");
  }
  const forgotten = GOES_ON.has(word) ? (pending?.forgotten ?? []) : [];
  const said: string[] = [];
  const status = await resumeGitAm(repository, [word, ...forgotten], (line) => said.push(line));
  for (const line of said) say(line.replaceAll("\t", " "));
  await settlePending(repository, say);
  if (status !== 0) throw new PatchsigError("git-failed", `git am ${word} stopped`);
  if (GOES_ON.has(word)) await sayTests(repository, say);
}

/** Shows what is known of tests on the tree that is checked out now. */
async function sayTests(repository: Repository, say: Reporter["say"]): Promise<void> {
  await withKnownTests(say, async (known) => {
    const tests = known?.about(await treeNamed(repository, "HEAD"), null) ?? null;
    if (tests !== null) renderTests(tests, { columns: 80, color: false }).forEach(say);
  });
}
