/** What the project asks of those who send to it, as the tree of the base commit has it. */

import { FormatError } from "../../errors.ts";
import { LIST_CONFIG, parseConfig } from "../../git/config.ts";
import type { Repository } from "../../git/repository.ts";
import { runGit } from "../../git/run.ts";
import {
  MAX_PROJECT_FILE,
  type Project,
  PROJECT_FILES,
  readProject,
} from "../../outgoing/project.ts";

/** At most one of the two. */
export interface ProjectFound {
  readonly project: Project | null;
  /** Why the project's file does not count, in one line. */
  readonly fault: string | null;
}

export const NO_PROJECT: ProjectFound = { project: null, fault: null };

/**
 * The first of the project's files that a commit has. The base is read, not the branch: what is sent may
 * be somebody else's.
 */
export async function projectAt({ cwd }: Repository, commit: string): Promise<ProjectFound> {
  for (const file of PROJECT_FILES) {
    const blob = `${commit}:${file}`;
    const { status, stdout } = await runGit(["cat-file", "-s", blob], { cwd });
    if (status !== 0) continue;
    const no = (why: string): ProjectFound => ({
      project: null,
      fault: `${file} of this project does not count: ${why}`,
    });
    if (Number(stdout.toString()) > MAX_PROJECT_FILE) return no("it is too long");
    // it may name no other file
    const list = ["config", "--no-includes", "--blob", blob, ...LIST_CONFIG.slice(1)];
    const listed = await runGit(list, { cwd });
    if (listed.status !== 0) return no("git cannot read it");
    try {
      const config = parseConfig(listed.stdout.toString());
      return { project: readProject(file, (key) => config.all(key)), fault: null };
    } catch (error) {
      if (error instanceof FormatError) return no(error.message);
      throw error;
    }
  }
  return NO_PROJECT;
}
