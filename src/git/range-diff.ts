/**
 * git range-diff of two series that are no commits: they are made and compared in a temporary repository,
 * which has no settings and attributes (trial.ts). The user's repository is only read.
 */

import { type Repository, isObjectName } from "./repository.ts";
import { git, gitText, type StartOptions } from "./run.ts";
import { applyOne, inSandbox } from "./trial.ts";
import { PatchsigError } from "../errors.ts";

/** A patch as it would be committed. */
export interface ComparedPatch {
  readonly author: string;
  readonly email: string;
  /** Title and text. */
  readonly message: Buffer;
  /** Canonical. */
  readonly diff: Buffer;
}

export interface RangeSide {
  /** Full name of a commit that is here. */
  readonly base: string;
  readonly patches: readonly ComparedPatch[];
}

export type RangeDiff =
  | { readonly ok: true; readonly text: Buffer }
  /** This patch, from 0, of the older (0) or newer (1) side does not apply. */
  | { readonly ok: false; readonly side: 0 | 1; readonly at: number };

const MAX_OUTPUT = 64 << 20;

/** @throws PatchsigError "git-failed"; "too-large" */
export async function rangeDiff(
  repository: Repository,
  sides: readonly [RangeSide, RangeSide],
): Promise<RangeDiff> {
  for (const { base } of sides)
    if (!isObjectName(repository, base))
      throw new PatchsigError("usage", `${base} is not the full name of a commit`);
  return inSandbox(repository, sides[0].base, async (options) => {
    const tips: string[] = [];
    for (const [i, side] of sides.entries()) {
      await git(["read-tree", side.base], options);
      const tip = await commitAll(side, options);
      if (typeof tip === "number") return { ok: false, side: i as 0 | 1, at: tip };
      tips.push(tip);
    }
    const ranges = tips.map((tip, i) => `${sides[i]!.base}..${tip}`);
    const args = ["range-diff", "--no-color", "--no-notes", ...ranges];
    const text = await git(args, { ...options, maxBytes: MAX_OUTPUT });
    return { ok: true, text };
  });
}

/** The last commit; or the number of the patch that does not apply. */
async function commitAll(
  { base, patches }: RangeSide,
  options: StartOptions,
): Promise<string | number> {
  let parent = base;
  for (const [at, patch] of patches.entries()) {
    if ((await applyOne(patch.diff, options)) !== null) return at;
    const tree = await gitText(["write-tree"], options);
    const input = commitText(tree, parent, patch);
    parent = await gitText(["hash-object", "-t", "commit", "-w", "--stdin"], { ...options, input });
  }
  return parent;
}

/** All at one time: dates are not compared. */
function commitText(
  tree: string,
  parent: string,
  { author, email, message }: ComparedPatch,
): Buffer {
  const who = `${plain(author)} <${plain(email)}> 0 +0000`;
  const header = `tree ${tree}\nparent ${parent}\nauthor ${who}\ncommitter ${who}\n\n`;
  return Buffer.concat([Buffer.from(header), message]);
}

/** Without what ends a name for git. */
function plain(text: string): string {
  return text.replace(/[<>\0-\x1f]+/g, " ").trim() || "nobody";
}
