/** git diff of two texts that are in no repository. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { temporaryFolder } from "../places.ts";
import { PLAIN_DIFF } from "./closed.ts";
import { failure, runGit } from "./run.ts";

const MAX_OUTPUT = 16 << 20;

/** The lines below git's header; empty if the texts are equal, null if there are more than anybody reads. */
export async function textDiff(older: Buffer, newer: Buffer): Promise<Buffer | null> {
  const folder = temporaryFolder("patchsig-diff-");
  try {
    writeFileSync(join(folder, "a"), older);
    writeFileSync(join(folder, "b"), newer);
    const args = ["diff", "--no-index", "--text", ...PLAIN_DIFF, "--", "a", "b"];
    const run = await runGit(args, { cwd: folder, elsewhere: true, maxBytes: MAX_OUTPUT });
    if (run.status > 1) throw failure(["diff"], run.stderr);
    const hunks = run.stdout.indexOf("\n@@ ");
    return hunks < 0 ? Buffer.alloc(0) : run.stdout.subarray(hunks + 1);
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "too-large") return null;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
