/**
 * git send-email before 2.43 runs the hook first, and then opens the editor for `--annotate`: what is
 * changed there goes out with a bad signature, and nobody is told. So nothing is sent then.
 */

import { existsSync, readFileSync } from "node:fs";
import { EXIT, PatchsigError } from "../../errors.ts";
import type { Config } from "../../git/config.ts";
import { sendEmailKey } from "../../git/hooks.ts";
import { gitVersion } from "../../git/repository.ts";
import { gitConfig } from "../settings.ts";
import { annotateOption, identityOption, sendEmailWords } from "./command-line.ts";

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
export async function editingSetting(config: Config): Promise<string | null> {
  const key = sendEmailKey(config, "annotate", config.string("sendemail.identity"));
  if (config.bool(key) !== true) return null;
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
  const key = sendEmailKey(config, "annotate", identity);
  const once = `edit first; then: git -c ${key}=no send-email out/*.patch`;
  return config.bool(key) === true ? { by: key, hint: once } : null;
}
