/**
 * The files of the hook that signs what git send-email sends: installed beside existing hooks, and
 * removed so that everything is byte for byte as before.
 */

import {
  accessSync,
  constants,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { writing } from "./whole-file.ts";
import { placeFile } from "./replace-file.ts";
import { makeFolders } from "../places.ts";

const HOOK = "sendemail-validate";
const KEPT = `${HOOK}.before-patchsig`;

/** The second line of all our scripts marks them as ours. */
const MARK = "# patchsig: ";

/** Hooks that sign the mail as they find it, so must run last. */
const SIGNS_TOO = "patatt";

/** A hook that was there before. */
const KEPT_HOOK = `$0${KEPT.slice(HOOK.length)}`;

/** It runs a hook that was there before, first, or last if that one signs too. */
const SCRIPT = `#!/bin/sh
${MARK}signs what git send-email sends; "git patchsig hook uninstall" takes it away
last=
other=${KEPT_HOOK}
if [ -x "$other" ]; then
	if grep -q ${SIGNS_TOO} "$other"; then
		last=$other
	else
		"$other" "$@" || exit
	fi
fi
if ! command -v git-patchsig >/dev/null; then
	echo "patchsig is gone, so nothing can be signed" >&2
	echo "hint: install it again, or: mv '${KEPT_HOOK}' '$0' || rm '$0'" >&2
	exit 1
fi
git-patchsig hook run "$@" || exit
if [ -n "$last" ]; then
	exec "$last" "$@"
fi
`;

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
  changing(folder, () => makeFolders(folder));
  if (present(path) !== null && !isOurs(path)) keep(path, kept);
  placeFile(path, Buffer.from(SCRIPT), 0o755);
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
 * Removes our scripts from a folder for core.hooksPath, as `hook install --global` once filled it: one
 * for each hook of git, which ran the repository's own. Then the folder, if it is empty.
 *
 * @returns whether there was any, and whether the folder is gone
 */
export function removeDispatchers(folder: string): { found: boolean; empty: boolean } {
  if (present(folder) === null) return { found: false, empty: true };
  const scripts = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter(isOurs);
  for (const path of scripts)
    changing(path, () => {
      const kept = `${path}${KEPT.slice(HOOK.length)}`;
      if (present(kept) === null) rmSync(path);
      else renameSync(kept, path);
    });
  const found = scripts.length > 0;
  if (readdirSync(folder).length > 0) return { found, empty: false };
  changing(folder, () => rmdirSync(folder));
  return { found, empty: true };
}

/**
 * Makes a folder, whole or not at all.
 *
 * @param fill gets a new folder beside it
 */
export async function makeWhole(folder: string, fill: (draft: string) => Promise<void>) {
  changing(folder, () => makeFolders(dirname(folder), 0o700));
  const draft = mkdtempSync(join(dirname(folder), ".patchsig-"));
  try {
    await fill(draft);
    changing(folder, () => renameSync(draft, folder));
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Removes the files of a folder that are as in another one, and the folder if it is then empty.
 *
 * @returns whether it is gone
 */
export function removeSame(folder: string, like: string): boolean {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const [one, other] = [join(folder, entry.name), join(like, entry.name)];
    if (entry.isDirectory()) removeSame(one, other);
    else if (isSameContent(one, other)) changing(one, () => rmSync(one));
  }
  if (readdirSync(folder).length > 0) return false;
  changing(folder, () => rmdirSync(folder));
  return true;
}

function isSameContent(one: string, other: string): boolean {
  const files = [one, other].map((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
  return files.every((is) => is === true) && readFileSync(one).equals(readFileSync(other));
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
