/** The branches and tags that a guess looks at. */

import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { gitLines } from "./run.ts";

export interface Refs {
  /** Full names of what they point at, each once: commits, and tags unpeeled. */
  readonly tips: readonly string[];
  /** The main branch among them. */
  readonly main: { readonly ref: string; readonly commit: string } | null;
}

/** Only fields that need no object: there can be thousands of tags. */
const FORMAT = "%(objectname) %(refname) %(symref)";

/**
 * @param globs as `git for-each-ref` takes them, with or without refs/remotes/, refs/tags/ or
 *   refs/heads/; none: remote-tracking branches and tags, and without remotes, as in a mirror,
 *   branches too
 * @throws PatchsigError "not-found" if nothing matches
 */
export async function findRefs(repository: Repository, globs: readonly string[]): Promise<Refs> {
  const options = { cwd: repository.cwd };
  const list = async (patterns: readonly string[]): Promise<FoundRef[]> =>
    (await gitLines(["for-each-ref", `--format=${FORMAT}`, "--", ...patterns], options)).map(
      (line) => {
        const [object = "", ref = "", target = ""] = line.split(" ");
        return { object, ref, target };
      },
    );
  const own = await list(globs.length > 0 ? globs.flatMap(expand) : USUAL);
  const isMirror = globs.length === 0 && !own.some(({ ref }) => ref.startsWith("refs/remotes/"));
  const found = isMirror ? [...own, ...(await list(["refs/heads"]))] : own;
  if (found.length === 0)
    throw new PatchsigError("not-found", "there is no branch and no tag to look at", {
      hint: globs.length === 0 ? "fetch some, or name others: --ref GLOB" : "git for-each-ref",
    });
  const main = await mainOf(repository, found);
  return {
    tips: [...new Set(found.map(({ object }) => object))],
    main: main === undefined ? null : { ref: main.ref, commit: main.object },
  };
}

async function mainOf(
  repository: Repository,
  found: readonly FoundRef[],
): Promise<FoundRef | undefined> {
  const options = { cwd: repository.cwd };
  const target = found.find(({ ref }) => ref === "refs/remotes/origin/HEAD")?.target;
  const byName = (name: string | undefined): FoundRef | undefined =>
    found.find(({ ref }) => ref === name);
  const known = byName(target);
  if (known !== undefined) return known;
  const [[upstream], [head]] = await Promise.all([
    gitLines(["rev-parse", "--symbolic-full-name", "--verify", "--quiet", "@{upstream}"], options),
    gitLines(["symbolic-ref", "--quiet", "HEAD"], options),
  ]);
  const usual = found.find(({ ref }) =>
    /^refs\/(?:remotes\/[^/]+|heads)\/(?:main|master)$/.test(ref),
  );
  const anyBranch = found.find(({ ref }) => !ref.startsWith("refs/tags/"));
  return byName(upstream) ?? usual ?? byName(head) ?? anyBranch;
}

const USUAL = ["refs/remotes", "refs/tags"];

function expand(glob: string): string[] {
  if (glob.startsWith("refs/")) return [glob];
  return ["refs/remotes/", "refs/tags/", "refs/heads/"].map((place) => place + glob);
}

interface FoundRef {
  readonly object: string;
  readonly ref: string;
  /** Of a symbolic one. */
  readonly target: string;
}
