/**
 * The files of the hook that signs what git send-email sends: installed beside existing hooks, and
 * removed so that everything is byte for byte as before.
 */

import {
  accessSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { writing } from "./whole-file.ts";
import { placeFile } from "./replace-file.ts";

const HOOK = "sendemail-validate";
const KEPT = `${HOOK}.before-patchsig`;

/** The second line of all our scripts marks them as ours. */
const MARK = "# patchsig: ";

/** Hooks that sign the mail as they find it, so must run last. */
const SIGNS_TOO = "patatt";

/**
 * The hook as a shell script. `others`: hooks that run before it, or after it if they sign too, if
 * they exist. `undo`: the command that removes ours once patchsig is gone.
 */
function signingScript(others: string, undo: string): string {
  return `#!/bin/sh
${MARK}signs what git send-email sends; "git patchsig hook uninstall" takes it away
last=
for other in ${others}; do
	[ -x "$other" ] || continue
	if grep -q ${SIGNS_TOO} "$other"; then
		last=$other
	else
		"$other" "$@" || exit
	fi
done
if ! command -v git-patchsig >/dev/null; then
	echo "patchsig is gone, so nothing can be signed" >&2
	echo "hint: install it again, or: ${undo}" >&2
	exit 1
fi
git-patchsig hook run "$@" || exit
if [ -n "$last" ]; then
	exec "$last" "$@"
fi
`;
}

const SUFFIX = KEPT.slice(HOOK.length);
const KEPT_HOOK = `$0${SUFFIX}`;
const UNDO_HOOK = `mv '${KEPT_HOOK}' '$0' || rm '$0'`;

const OWN_HOOK = `"$(git rev-parse --git-common-dir)/hooks/\${0##*/}"`;
const UNDO_GLOBALLY = "git config --global --unset core.hooksPath";

/**
 * Any other hook in our core.hooksPath folder: runs the repository's own. The mere presence of
 * push-to-checkout changes what git does, so that one does what git does without it
 * (git-config(1), receive.denyCurrentBranch=updateInstead).
 */
const DISPATCHER = `#!/bin/sh
${MARK}runs the repository's own hook, which core.hooksPath hides
own=${OWN_HOOK}
first=${KEPT_HOOK}
if [ -x "$first" ]; then
	case \${0##*/} in
	pre-push | pre-receive | post-receive | post-rewrite | reference-transaction)
		input=$(cat)
		feed() { [ -z "$input" ] || printf '%s\\n' "$input"; }
		feed | "$first" "$@" || exit
		[ -x "$own" ] || exit 0
		feed | "$own" "$@"
		exit
		;;
	esac
	"$first" "$@" || exit
fi
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

/** What is where git looks for the hook. */
export interface HookState {
  readonly path: string;
  /** True if our hook is there and git can run it. */
  readonly installed: boolean;
  /** The earlier hook, now run by ours; or the hook that is there instead. */
  readonly other: string | null;
  /** It signs too, and runs after ours. */
  readonly otherLast: boolean;
}

export function hookState(folder: string): HookState {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  const installed = isOurs(path) && isExecutable(path);
  const other = isOurs(path) ? present(kept) : (present(path) ?? present(kept));
  return { path, installed, other, otherLast: other !== null && signsToo(other) };
}

function signsToo(path: string): boolean {
  try {
    return statSync(path).isFile() && readFileSync(path, "latin1").includes(SIGNS_TOO);
  } catch {
    return false;
  }
}

/** Hooks in our folder that another program replaced: they run no repository's own. */
export function overwritten(folder: string): string[] {
  return OTHER_HOOKS.map((name) => join(folder, name)).filter((path) => !isOurs(path));
}

/**
 * Puts the hook into a folder. An existing one is kept beside it, and runs first. There is always a
 * hook: a killed run leaves the old one in place, perhaps under both names.
 *
 * @returns the hook that was kept, or null
 * @throws PatchsigError "exists" if its place is taken; "unwritable", "disk-full"
 */
export function installHook(folder: string): string | null {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  changing(folder, () => mkdirSync(folder, { recursive: true }));
  if (present(path) !== null && !isOurs(path)) keep(path, kept);
  placeScript(path, signingScript(`"${KEPT_HOOK}"`, UNDO_HOOK));
  return present(kept);
}

function keep(path: string, kept: string): void {
  if (present(kept) !== null) {
    if (isSameFile(path, kept)) return;
    throw new PatchsigError("exists", `there are two hooks to keep: ${path} and ${kept}`, {
      hint: "remove one of them",
    });
  }
  changing(kept, () => {
    try {
      linkSync(path, kept);
    } catch {
      // a file system without hard links
      renameSync(path, kept);
    }
  });
}

/**
 * Removes the hook, and restores what was there.
 *
 * @returns false if it was not there
 */
export function uninstallHook(folder: string): boolean {
  const path = join(folder, HOOK);
  const kept = join(folder, KEPT);
  const ours = isOurs(path);
  if (present(kept) === null) {
    if (ours) changing(path, () => rmSync(path));
    return ours;
  }
  // an installation was killed half-way
  if (!ours && isSameFile(path, kept)) changing(kept, () => rmSync(kept));
  else if (ours || present(path) === null) changing(path, () => renameSync(kept, path));
  else return false;
  return true;
}

/**
 * Fills our folder for core.hooksPath with the hook and a script for every other hook. Hooks of
 * other programs are kept beside them, and run first.
 */
export function installDispatchers(folder: string): void {
  changing(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  for (const path of [...OTHER_HOOKS, HOOK].map((name) => join(folder, name)))
    if (present(path) !== null && !isOurs(path)) keep(path, `${path}${SUFFIX}`);
  for (const name of OTHER_HOOKS) placeScript(join(folder, name), DISPATCHER);
  placeScript(join(folder, HOOK), signingScript(`"${KEPT_HOOK}" ${OWN_HOOK}`, UNDO_GLOBALLY));
}

/**
 * Removes our scripts from our folder, and the folder if it is then empty.
 *
 * @returns whether there was any, and whether the folder is gone
 */
export function uninstallDispatchers(folder: string): { found: boolean; empty: boolean } {
  const scripts = [...OTHER_HOOKS, HOOK].map((name) => join(folder, name)).filter(isOurs);
  for (const path of scripts)
    changing(path, () => {
      if (present(`${path}${SUFFIX}`) === null) rmSync(path);
      else renameSync(`${path}${SUFFIX}`, path);
    });
  const found = scripts.length > 0;
  if (present(folder) === null) return { found, empty: true };
  if (readdirSync(folder).length > 0) return { found, empty: false };
  changing(folder, () => rmdirSync(folder));
  return { found, empty: true };
}

function placeScript(path: string, text: string): void {
  placeFile(path, Buffer.from(text), 0o755);
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => lstatSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
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

/** The path if anything is there, even a dangling symlink. */
function present(path: string): string | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined ? null : path;
  } catch {
    // core.hooksPath=/dev/null: no hooks
    return null;
  }
}

function changing(path: string, change: () => void): void {
  writing(path, change, "change");
}
