/** Options of git am that are taken only where they change nothing of what was verified. */

import { PatchsigError } from "../../errors.ts";
import { isAtLeast, type Repository } from "../../git/repository.ts";
import { hasScissors } from "../../mail/scissors.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { whitespaceRules, wouldMend } from "../../verify/whitespace.ts";

/** @throws PatchsigError "unsupported" if this git does not know one of the words */
export async function checkWords(repository: Repository, words: readonly string[]): Promise<void> {
  if (!words.includes("--no-verify") || (await isAtLeast(repository, 2, 40))) return;
  throw new PatchsigError(
    "unsupported",
    "--no-verify: git am has it since 2.40, and this git is older",
    {
      hint: "run no hook: git -c core.hooksPath=/dev/null patchsig am",
    },
  );
}

/** @throws PatchsigError "refused" if such an option would change a commit */
export function checkUnchanged(
  { config }: Repository,
  patches: readonly JudgedMember<Checked>[],
  { scissors, fix }: { readonly scissors: boolean; readonly fix: boolean },
): void {
  const rules = fix ? whitespaceRules(config.string("core.whitespace") ?? "") : null;
  for (const { payload, result } of patches) {
    const { view, diff } = payload;
    if (scissors && view !== null && hasScissors(view.message))
      throw new PatchsigError("refused", `--scissors would cut the message of ${result.subject}`, {
        hint: "it is applied as it was verified; git rebase -i cuts it afterwards",
      });
    if (rules !== null && diff !== null && wouldMend(diff.canonical, rules))
      throw new PatchsigError("refused", `--whitespace=fix would change ${result.subject}`, {
        hint: "it is applied as it was verified; mend it in a commit of its own",
      });
  }
}
