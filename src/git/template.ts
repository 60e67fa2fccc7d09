/** What git copies into each new repository and each clone: `init.templateDir`, or what came with git. */

import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../places.ts";
import { git } from "./run.ts";

/** Copies these files into a folder. By git init itself: whatever it copies besides its own files. */
export async function copyTemplate(to: string): Promise<void> {
  await withNew(async (init) => {
    const [bare, made] = [await init("--template="), await init()];
    for (const name of readdirSync(made))
      if (!existsSync(join(bare, name)))
        cpSync(join(made, name), join(to, name), { recursive: true });
  });
}

/** Does a new repository have that file? */
export function isInNew(name: string): Promise<boolean> {
  return withNew(async (init) => existsSync(join(await init(), name)));
}

/** @param use gets a function that makes a repository with these options, and returns its folder */
async function withNew<T>(use: (init: (...options: string[]) => Promise<string>) => Promise<T>) {
  const cwd = temporaryFolder("patchsig-");
  let count = 0;
  try {
    return await use(async (...options) => {
      const name = `${count++}.git`;
      const args = ["init", "--quiet", "--bare", ...options, name];
      await git(args, { cwd, purpose: "settings", elsewhere: true });
      return join(cwd, name);
    });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
