/** The package as users get it: packed, and installed into an empty folder. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { newFolder } from "../support/folders.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** A folder in which the tarball of `npm pack` is installed, with the dependencies that it names. */
export function installed(): string {
  const folder = newFolder();
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const name = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "patchsig"), { recursive: true });
  execFileSync("tar", ["xzf", join(folder, name), "-C", join(modules, "patchsig"), "--strip=1"]);
  // npm would download these: they are already here
  for (const dependency of ["@types/node", ...dependencies()]) {
    const target = join(modules, dependency);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", dependency), target);
  }
  return folder;
}

function dependencies(): string[] {
  const text = readFileSync(join(ROOT, "package.json"), "utf8");
  return Object.keys((JSON.parse(text) as { dependencies: object }).dependencies);
}
