/**
 * The hook that signs what git send-email sends, as files: put beside what is there already and
 * taken away again, so that all is byte for byte as before.
 */

import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { replaceFile } from "./replace-file.ts";

const HOOK = "sendemail-validate";
const KEPT = `${HOOK}.before-patchsig`;

/** The second line of all our scripts: what has it is ours. */
const MARK = "# patchsig: ";

/** The hook; `first` is the shell's word for a hook that runs before it, if it is there. */
function signingScript(first: string): string {
  return `#!/bin/sh
${MARK}signs what git send-email sends; "git patchsig hook uninstall" takes it away
first=${first}
if [ -x "$first" ]; then
	"$first" "$@" || exit
fi
if ! command -v git-patchsig >/dev/null; then
	echo "patchsig is gone, so nothing can be signed" >&2
	echo "hint: install it again, or delete $0" >&2
	exit 1
fi
exec git patchsig hook run "$1"
`;
}

const OWN_HOOK = `"$(git rev-parse --git-common-dir)/hooks/\${0##*/}"`;

/**
 * Any other hook, in a folder that stands in for every repository's: runs the repository's own. Of
 * push-to-checkout alone the mere presence counts, so it does what git does without one
 * (git-config(1), receive.denyCurrentBranch=updateInstead).
 */
const DISPATCHER = `#!/bin/sh
${MARK}runs the repository's own hook, which core.hooksPath hides
own=${OWN_HOOK}
if [ -x "$own" ]; then
	exec "$own" "$@"
fi
if [ "\${0##*/}" = push-to-checkout ]; then
	old=$(git rev-parse -q --verify HEAD) || old=$(git hash-object -t tree /dev/null)
	git update-index -q --refresh
	git diff-files --quiet && git diff-index --quiet --cached "$old" -- || {
		echo "the working tree has changes" >&2
		exit 1
	}
	exec git read-tree -u -m "$old" "$1"
fi
`;

/** All hooks of githooks(5) that git looks for in core.hooksPath. */
const OTHER_HOOKS = [
  "applypatch-msg",
  "pre-applypatch",
  "post-applypatch",
  "pre-commit",
  "pre-merge-commit",
  "prepare-commit-msg",
  "commit-msg",
  "post-commit",
  "pre-rebase",
  "post-checkout",
  "post-merge",
  "pre-push",
  "pre-receive",
  "update",
  "proc-receive",
  "post-receive",
  "post-update",
  "reference-transaction",
  "push-to-checkout",
  "pre-auto-gc",
  "post-rewrite",
  "post-index-change",
  "p4-changelist",
  "p4-prepare-changelist",
  "p4-post-changelist",
  "p4-pre-submit",
] as const;

/** What stands where git looks for the hook. */
export interface HookState {
  readonly path: string;
  /** True if our hook is there, and git can run it. */
  readonly installed: boolean;
  /** The hook that was there before, now run by ours; or that is there instead. */
  readonly other: string | null;
}

export function hookState(folder: string): HookState {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  if (isOurs(path)) return { path, installed: isExecutable(path), other: present(kept) };
  return { path, installed: false, other: present(path) };
}

/**
 * Puts the hook into a folder. One that is there is kept beside it, and run first.
 *
 * @returns the hook that is kept, or null
 * @throws CliError "exists" if the place for it is taken; "unwritable", "disk-full"
 */
export function installHook(folder: string): string | null {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  writing(folder, () => mkdirSync(folder, { recursive: true }));
  if (present(path) !== null && !isOurs(path)) {
    if (present(kept) !== null)
      throw new CliError("exists", `there are two hooks to keep: ${path} and ${kept}`, {
        hint: "take one of them away",
      });
    writing(kept, () => renameSync(path, kept));
  }
  writeScript(path, signingScript(`$0${KEPT.slice(HOOK.length)}`));
  return present(kept);
}

/**
 * Takes it out, and puts back what was there.
 *
 * @returns false if it was not there
 */
export function uninstallHook(folder: string): boolean {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  if (!isOurs(path)) return false;
  writing(path, () => {
    if (present(kept) === null) rmSync(path);
    else renameSync(kept, path);
  });
  return true;
}

/** Fills a folder of ours, to be core.hooksPath, with the hook and one script for every other. */
export function installDispatchers(folder: string): void {
  writing(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  for (const name of OTHER_HOOKS) writeScript(join(folder, name), DISPATCHER);
  writeScript(join(folder, HOOK), signingScript(OWN_HOOK));
}

/**
 * Takes our scripts out of our folder.
 *
 * @returns false if there is something else in it, which stays
 */
export function uninstallDispatchers(folder: string): boolean {
  for (const name of [...OTHER_HOOKS, HOOK]) {
    const path = join(folder, name);
    if (isOurs(path)) writing(path, () => rmSync(path));
  }
  if (present(folder) === null) return true;
  if (readdirSync(folder).length > 0) return false;
  writing(folder, () => rmdirSync(folder));
  return true;
}

function writeScript(path: string, text: string): void {
  replaceFile(path, Buffer.from(text));
  writing(path, () => chmodSync(path, 0o755));
}

function isOurs(path: string): boolean {
  try {
    if (!lstatSync(path).isFile()) return false;
    return readFileSync(path, "latin1").slice(0, 200).split("\n")[1]?.startsWith(MARK) === true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path if anything is there, be it a symlink to nowhere. */
function present(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? null : path;
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw new CliError("unwritable", `cannot change ${path}`, { cause });
  }
}
