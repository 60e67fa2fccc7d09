/** What may keep receivers from applying a series: its base. A line each, and the command that mends it. */

import type { BaseChoice } from "../../git/base.ts";
import type { Hazards } from "../../git/base-hazards.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { count } from "../../primitives/words.ts";
import { shortName } from "../../primitives/object-name.ts";

/** What receivers will miss, and the command that mends it. */
export function baseNotes(base: BaseChoice, shallow: boolean): string[] {
  if (base.kind === "public") return [];
  if (base.kind === "none") {
    if (base.why === "none was wanted") return [];
    const mend = shallow ? ["hint: git fetch --unshallow, then write the patches again"] : [];
    return [`note: no base commit recorded: ${base.why}`, ...mend];
  }
  const lines = [`note: nobody else has the base commit: ${base.why}`];
  if (base.newestPublic !== null) {
    lines.push(`hint: the newest public one: --base=${shortName(base.newestPublic)}`);
  } else if (shallow) {
    lines.push("hint: git fetch --unshallow, then write the patches again");
  } else if (base.via === "parent") {
    lines.push("hint: git remote add origin <url> && git fetch origin; then write them again");
  }
  return lines;
}

/** What else may keep the patches from applying, and the command that mends it. */
export function hazardNotes(base: BaseChoice, { merges, behind }: Hazards): string[] {
  const onto = base.kind === "public" ? base.remoteRef : base.kind === "private" ? base.commit : "";
  const rebase = `hint: ${shellCommand("git rebase", onto)}, then write the patches again`;
  const notes: string[] = [];
  if (merges > 0)
    notes.push(
      `note: ${count(merges, "merge")} among the commits: git writes no patch for a merge`,
    );
  if (behind > 0) notes.push(`note: ${onto} is ${count(behind, "commit")} further than the base`);
  return notes.length === 0 ? [] : [...notes, rebase];
}
