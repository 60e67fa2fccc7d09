/**
 * git send-email before 2.43 runs the hook first, and then opens the editor for `--annotate`: what is
 * changed there goes out with a bad signature, and nobody is told. So nothing is sent then.
 */

import { existsSync, readFileSync } from "node:fs";
import { EXIT, PatchsigError } from "../../errors.ts";
import { sendEmailSetting } from "../../git/hooks.ts";
import { gitVersion } from "../../git/repository.ts";
import { gitConfig } from "../settings.ts";

type GitVersion = readonly [major: number, minor: number, ...rest: number[]];

/** The first git whose hook sees what the editor left. Found by running 2.35 to 2.55. */
function editsBeforeHook([major, minor]: GitVersion): boolean {
  return major > 2 || (major === 2 && minor >= 43);
}

/** What makes git send-email open an editor, and the way around it. */
interface Annotation {
  readonly by: string;
  readonly hint: string;
}

/** The setting that opens an editor after the hook, if this git does that; null if none does. */
export async function editingSetting(): Promise<string | null> {
  const { key, value } = sendEmailSetting(gitConfig(), "annotate");
  if (value !== true) return null;
  return editsBeforeHook(await gitVersion(process.cwd())) ? null : key;
}

/**
 * Stops git send-email if it will let the user edit what the hook has signed.
 *
 * @param header the file that git 2.41 and later name, with the mail's header
 * @param askGit git may be started to read the settings; else only the command line is looked at
 * @throws PatchsigError "refused"
 */
export async function refuseEditedAfter(
  header: string | undefined,
  askGit: boolean,
): Promise<void> {
  const said = versionIn(header);
  if (said !== null && editsBeforeHook(said)) return;
  const words = sendEmailWords();
  const found = words === null ? null : annotation(words, askGit);
  if (found === null) return;
  const [major, minor] = said ?? (await gitVersion(process.cwd()));
  if (editsBeforeHook([major, minor])) return;
  throw new PatchsigError(
    "refused",
    `git ${major}.${minor} opens the editor of ${found.by} after signing: an edit would break the signature`,
    { hint: found.hint, exit: EXIT.unmet },
  );
}

/** The version that git send-email writes into the header, unless it was told not to. */
function versionIn(header: string | undefined): GitVersion | null {
  if (header === undefined || !existsSync(header)) return null;
  const text = readFileSync(header, "latin1");
  const [, major, minor] = /^X-Mailer: git-send-email (\d+)\.(\d+)/m.exec(text) ?? [];
  return minor === undefined ? null : [Number(major), Number(minor)];
}

const BY_OPTION = {
  by: "--annotate",
  hint: "git format-patch -o out; edit out/*.patch; git send-email out/*.patch",
};

/** Null if no editor opens. An option counts more than a setting, the last one most. */
function annotation(words: readonly string[], askGit: boolean): Annotation | null {
  const asked = annotateOption(words);
  if (asked !== null) return asked ? BY_OPTION : null;
  if (!askGit) return null;
  const config = gitConfig();
  const identity = identityOption(words) ?? config.string("sendemail.identity");
  const { key, value } = sendEmailSetting(config, "annotate", identity);
  const once = `edit first; then: git -c ${key}=no send-email out/*.patch`;
  return value === true ? { by: key, hint: once } : null;
}

/** Perl's Getopt::Long takes any beginning of a name that is no other option's, in any case. */
const ANNOTATE = /^--?(no-?)?a(?:n(?:n(?:o(?:t(?:a(?:te?)?)?)?)?)?)?$/i;
const IDENTITY = /^--?id(?:e(?:n(?:t(?:i(?:ty?)?)?)?)?)?(?:=(.*))?$/is;

/** What the command line says of --annotate; null if nothing. */
export function annotateOption(words: readonly string[]): boolean | null {
  const found = optionsIn(words).findLast((word) => ANNOTATE.test(word));
  return found === undefined ? null : ANNOTATE.exec(found)![1] === undefined;
}

/** The value of --identity; null if there is none. */
export function identityOption(words: readonly string[]): string | null {
  const options = optionsIn(words);
  const at = options.findLastIndex((word) => IDENTITY.test(word));
  return at < 0 ? null : (IDENTITY.exec(options[at]!)![1] ?? options[at + 1] ?? null);
}

function optionsIn(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** A shell or two, git hook run, git send-email. */
const MOST_PARENTS = 8;

/**
 * The words after `git send-email`, as Linux shows them of the processes that started this one. None
 * where it shows nothing; null if git send-email is not among them, as when somebody tries the hook.
 */
function sendEmailWords(): readonly string[] | null {
  let parent = process.ppid;
  try {
    for (let i = 0; i < MOST_PARENTS && parent > 0; i++) {
      const words = readFileSync(`/proc/${parent}/cmdline`, "utf8").split("\0");
      const at = words.findIndex((word) => /(?:^|\/)git-send-email$/.test(word));
      if (at >= 0) return words.slice(at + 1, -1);
      const status = readFileSync(`/proc/${parent}/status`, "latin1");
      parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
    }
  } catch {
    return [];
  }
  return null;
}
