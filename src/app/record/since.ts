/** `patchsig.recordedSince`: commits that are older than the records, so that nobody expects a note on them. */

import { PatchsigError } from "../../errors.ts";
import { commitsHere } from "../../git/reached.ts";
import type { Repository } from "../../git/repository.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { gitConfig } from "../settings.ts";

const SETTING = "patchsig.recordedSince";
/** In either object format. A shorter name, or a ref, could come to mean another commit. */
const FULL_NAME = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** The names, whether or not the commits are here; as in git's own lists, an empty value drops those before it. */
function namesSet(): readonly string[] {
  const values = gitConfig().all(SETTING);
  const names = values.slice(values.lastIndexOf("") + 1);
  const wrong = names.find((name) => !FULL_NAME.test(name));
  if (wrong === undefined) return names.map((name) => name.toLowerCase());
  throw new PatchsigError("usage", `${SETTING} cannot be ${wrong}`, {
    hint: `it can be a commit's full name, which never moves: ${shellCommand("git rev-parse", wrong)}`,
  });
}

/** Where records begin in a repository. */
interface RecordsStart {
  /** Full names of commits that are here: what they reach may lack a note. */
  readonly recordedSince: readonly string[];
  /** What to say if a commit fails because it has no note; null if the setting has done what it can. */
  readonly hint: string | null;
}

/** By the setting. @throws PatchsigError "usage" for what is no full name */
export async function recordsStart(repository: Repository): Promise<RecordsStart> {
  const names = namesSet();
  const here = await commitsHere(repository, names);
  const hint = names.length === 0 ? UNSET : `note: no commit that ${SETTING} names is here`;
  return { recordedSince: here, hint: here.length === 0 ? hint : null };
}

const UNSET = `hint: from before your first am? the last such commit: git config ${SETTING} COMMIT`;

/** With `--require`, all commits count as recorded. */
export const ALL_RECORDED: RecordsStart = { recordedSince: [], hint: null };
