/** Options of git am: how they are passed on, and which are refused because they would change what was verified. */

import { PatchsigError } from "../../errors.ts";
import { isAtLeast, type Repository } from "../../git/repository.ts";
import { hasScissors } from "../../mail/scissors.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { whitespaceRules, wouldMend } from "../../verify/whitespace.ts";

/** The user's options for git am. A value is false after `--no-…`. */
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

/** Options to pass to git am. */
export interface GitWords {
  readonly words: readonly string[];
  /** Options that decide where hunks apply: the tree to compare with is made with the same. */
  readonly fitting: readonly string[];
  /** Options that `git am --continue` does not remember, and that have to be given again. */
  readonly forgotten: readonly string[];
}

/** @throws PatchsigError "usage" for a value that git would not accept */
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
    // harmless: git applies all of a patch, or stops
    ...(values.reject === true ? ["--reject"] : []),
    ...(rerereAutoupdate === undefined
      ? []
      : [`--${rerereAutoupdate ? "" : "no-"}rerere-autoupdate`]),
    // fix is not passed on: if there is something to fix, `checkUnchanged` refuses
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

/** Whether the user wants git to fix white space. */
export function isFix({ whitespace }: GitWishes): boolean {
  return whitespace === "fix" || whitespace === "strip";
}

function signWords(key: string | false | undefined): readonly string[] {
  if (key === undefined) return [];
  if (key === false) return ["--no-gpg-sign"];
  return [key === "" ? "--gpg-sign" : `--gpg-sign=${key}`];
}

/**
 * The oldest git am that was tried. Before 2.33 it takes an author's address for a name of one or two letters;
 * before 2.32 it has no `--quoted-cr`.
 */
const OLDEST_AM = [2, 34] as const;

/** @throws PatchsigError "unsupported" if this git is too old, or does not know one of these options */
export async function checkGit(repository: Repository, words: readonly string[]): Promise<void> {
  if (!(await isAtLeast(repository, ...OLDEST_AM)))
    throw new PatchsigError("unsupported", `am needs git ${OLDEST_AM.join(".")} or newer`, {
      hint: "git --version says which this is; older ones read some names otherwise",
    });
  if (!words.includes("--no-verify") || (await isAtLeast(repository, 2, 40))) return;
  throw new PatchsigError(
    "unsupported",
    "--no-verify: git am has it since 2.40, and this git is older",
    {
      hint: "run no hook: git -c core.hooksPath=/dev/null patchsig am",
    },
  );
}

/** @throws PatchsigError "refused" if --scissors or --whitespace=fix would change a commit */
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
