/** The user's editor on a text, chosen as git chooses one: GIT_EDITOR, core.editor, VISUAL, EDITOR, vi. */

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { usersSetting } from "../app/settings.ts";
import { PatchsigError } from "../errors.ts";
import { temporaryFolder } from "../places.ts";

/** A repository's settings do not count: they would name a program to be started. */
function chosenEditor(): string {
  const { GIT_EDITOR, VISUAL, EDITOR, TERM = "dumb" } = process.env;
  const named = GIT_EDITOR ?? usersSetting("core.editor");
  const usual = TERM === "dumb" ? EDITOR : (VISUAL ?? EDITOR ?? "vi");
  const editor = named ?? usual ?? "";
  if (editor !== "") return editor;
  throw new PatchsigError("usage", "no editor to be started on this terminal", {
    hint: "git config --global core.editor NAME, or set EDITOR",
  });
}

/**
 * @param name of the file, for the editor to know what it is
 * @returns the text as it was left
 * @throws PatchsigError "refused" if the editor fails: then nothing is to be changed
 */
export function edit(name: string, text: string): string {
  return editFiles([{ name, bytes: Buffer.from(text) }])[0]!.toString();
}

/** The same, of several files at once. */
export function editFiles(
  files: readonly { readonly name: string; readonly bytes: Buffer }[],
): Buffer[] {
  const editor = chosenEditor();
  const folder = temporaryFolder("patchsig-edit-");
  const paths = files.map(({ name }) => join(folder, name));
  try {
    for (const [i, path] of paths.entries()) writeFileSync(path, files[i]!.bytes, { mode: 0o600 });
    const args = ["-c", `${editor} "$@"`, editor, ...paths];
    const { status } = spawnSync("sh", args, { stdio: "inherit" });
    if (status !== 0)
      throw new PatchsigError("refused", `the editor failed: ${editor}; nothing was changed`);
    return paths.map((path) => left(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function left(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `the editor left no ${basename(path)}; nothing was changed`;
    throw new PatchsigError("refused", message, { cause });
  }
}
