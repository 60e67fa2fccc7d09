/** Changes of what is remembered of a branch's series, each an event in its ref. */

import type { Repository } from "../../git/repository.ts";
import { readState, writeState } from "../../git/series-ref.ts";
import { changeIdFor, editable, edited, newSeries } from "../../outgoing/reroll.ts";
import type { SendChance } from "./plan.ts";

/** A text to edit, and what takes the result. */
export interface CoverEditing {
  readonly text: string;
  /** Remembers the edited text. False if nothing was changed. PatchsigError "refused" if somebody else was faster. */
  readonly save: (text: string) => Promise<boolean>;
}

/** The cover letter of a branch, and below it the changes of its next version. */
export async function editingCover(
  repository: Repository,
  branch: string,
  { now, random }: SendChance,
): Promise<CoverEditing> {
  const stored = await readState(repository, branch);
  const state = stored?.state ?? newSeries(changeIdFor(branch, now, random(6)));
  return {
    text: editable(state),
    save: async (text) => {
      const after = edited(state, text);
      if (after.cover === state.cover && after.changes === state.changes) return false;
      const event = { message: "edit the cover letter", tip: null };
      await writeState(repository, branch, { before: stored?.commit ?? null, state: after, event });
      return true;
    },
  };
}
