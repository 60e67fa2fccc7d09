import { execFileSync } from "node:child_process";
import { delimiter } from "node:path";
import { LONG } from "./long.ts";

/** A git to run: the folder that is to come first on the PATH. */
export interface OtherGit {
  readonly version: readonly [major: number, minor: number];
  readonly name: string;
  readonly path: string;
}

/**
 * The git that is installed; in a long run also those in the folders of PATCHSIG_GITS, such as
 * `/opt/git-2.42.0/bin:/opt/git-2.43.0/bin`.
 */
export function gits(): OtherGit[] {
  const others = LONG ? (process.env["PATCHSIG_GITS"] ?? "").split(delimiter) : [];
  return ["", ...others.filter((folder) => folder !== "")].map((folder) => {
    const path = [folder, process.env["PATH"] ?? ""].filter((one) => one !== "").join(delimiter);
    const said = execFileSync("git", ["version"], { env: { ...process.env, PATH: path } });
    const [name = "", major, minor] = /(\d+)\.(\d+)\S*/.exec(said.toString()) ?? [];
    return { version: [Number(major), Number(minor)], name, path };
  });
}

/** Whether the git that is installed is of this version, or newer. */
export function gitIsAtLeast(major: number, minor: number): boolean {
  const [{ version }] = gits() as [OtherGit];
  return version[0] > major || (version[0] === major && version[1] >= minor);
}
