/** Options of git am: what git am is told, and which may not change anything of what was verified. */

import { PatchsigError } from "../../errors.ts";
import { isAtLeast, type Repository } from "../../git/repository.ts";
import { hasScissors } from "../../mail/scissors.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { whitespaceRules, wouldMend } from "../../verify/whitespace.ts";

/** What the user wants of git am. A value is false after `--no-…`. */
export interface GitWishes {
  readonly "3way"?: boolean | undefined;
  readonly signoff: boolean;
  readonly messageId?: boolean | undefined;
  /** "" for the user's own key. */
  readonly gpgSign?: string | false | undefined;
  readonly noVerify?: boolean | undefined;
  readonly verify?: boolean | undefined;
  readonly whitespace?: string | undefined;
  readonly scissors?: boolean | undefined;
  readonly context?: string | undefined;
  readonly reject?: boolean | undefined;
  readonly committerDateIsAuthorDate?: boolean | undefined;
  readonly ignoreDate?: boolean | undefined;
  readonly rerereAutoupdate?: boolean | undefined;
  readonly quiet: boolean;
}

/** What git am is to be told besides. */
export interface GitWords {
  readonly words: readonly string[];
  /** Those that decide where git applies: what git commits is compared with the same. */
  readonly fitting: readonly string[];
  /** Those that git am forgets: to be given again to its --continue. */
  readonly forgotten: readonly string[];
}

/** PatchsigError "usage" for a value that git would not take. */
export function gitWords(values: GitWishes): GitWords {
  const { rerereAutoupdate, whitespace, context } = values;
  if (whitespace !== undefined && !WHITESPACE.has(whitespace) && !isFix(values))
    throw new PatchsigError("usage", `--whitespace cannot be ${whitespace}`, {
      hint: "nowarn, warn, error, error-all or fix",
    });
  const forgotten = forgottenWords(values);
  const words = [
    ...forgotten,
    ...(values.quiet ? ["--quiet"] : []),
    // git applies all of a patch, or stops
    ...(values.reject === true ? ["--reject"] : []),
    ...(rerereAutoupdate === undefined
      ? []
      : [`--${rerereAutoupdate ? "" : "no-"}rerere-autoupdate`]),
    // what there is to fix is refused
    ...(whitespace === undefined || isFix(values) ? [] : [`--whitespace=${whitespace}`]),
  ];
  return { words, fitting: fittingWords(context), forgotten };
}

function fittingWords(context: string | undefined): readonly string[] {
  if (context === undefined) return [];
  if (/^\d{1,9}$/.test(context)) return [`-C${context}`];
  throw new PatchsigError("usage", "-C needs a number of lines");
}

function forgottenWords(values: GitWishes): readonly string[] {
  return [
    ...signWords(values.gpgSign),
    ...(values.noVerify === true || values.verify === false ? ["--no-verify"] : []),
    ...(values.committerDateIsAuthorDate === true ? ["--committer-date-is-author-date"] : []),
    ...(values.ignoreDate === true ? ["--ignore-date"] : []),
  ];
}

const WHITESPACE = new Set(["nowarn", "warn", "error", "error-all"]);

/** Is white space to be mended? */
export function isFix({ whitespace }: GitWishes): boolean {
  return whitespace === "fix" || whitespace === "strip";
}

function signWords(key: string | false | undefined): readonly string[] {
  if (key === undefined) return [];
  if (key === false) return ["--no-gpg-sign"];
  return [key === "" ? "--gpg-sign" : `--gpg-sign=${key}`];
}

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
