/** What git says of the repository at a place. */

import { resolve } from "node:path";
import { runGitSync } from "./run.ts";

export interface RepositoryFacts {
  /** The top of the working tree that the place is in; null outside one, as in a bare repository. */
  readonly toplevel: string | null;
  /** The git directory; of a linked working tree, its own. */
  readonly gitFolder: string;
  /** The folder of its objects. */
  readonly objects: string;
  readonly objectFormat: "sha1" | "sha256";
  readonly shallow: boolean;
}

/** For rev-parse; each answers with a line, but the last one outside a working tree. */
const FACTS = [
  ["--is-inside-work-tree"],
  ["--is-shallow-repository"],
  ["--show-object-format"],
  ["--absolute-git-dir"],
  ["--git-path", "objects"],
  ["--show-toplevel"],
] as const;

/** @returns what git says on stderr if there is no repository; null without git */
export function factsAt(cwd: string): RepositoryFacts | { readonly refusal: string } | null {
  const run = runGitSync(["rev-parse", ...FACTS.flat()], { cwd });
  if (run === null) return null;
  const lines = run.stdout.toString().split("\n").slice(0, -1);
  const isInside = lines[0] === "true";
  if (lines.length < FACTS.length - 1) return { refusal: run.stderr };
  // else a name has a line end
  const isPlain = lines.length === FACTS.length - (isInside ? 0 : 1);
  const answers = isPlain ? lines : FACTS.map((words) => askGit(cwd, ...words));
  const [, shallow, format, gitFolder, objects, toplevel] = answers;
  return {
    toplevel: isInside ? toplevel! : null,
    gitFolder: gitFolder!,
    objects: resolve(cwd, objects!),
    // git before 2.28 knows only SHA-1, and echoes the option
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    shallow: shallow === "true",
  };
}

/** What rev-parse answers; "" if nothing. */
export function askGit(cwd: string, ...words: readonly string[]): string {
  const run = runGitSync(["rev-parse", ...words], { cwd });
  return run?.stdout.toString().replace(/\n$/, "") ?? "";
}
