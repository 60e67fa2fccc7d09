/** What `patchsig base guess` prints for people: candidates, and how sure it is. */

import type { BaseCandidate, Guess } from "../base/guess.ts";
import type { SeriesOutline } from "../verify/result.ts";
import { count as counted } from "../primitives/words.ts";
import { day } from "../primitives/time.ts";
import { factLines, seriesTitle } from "./base.ts";
import type { SafeText } from "./escape.ts";
import type { Style } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

interface ShownGuess {
  readonly guess: Guess;
  readonly by: "files" | "date";
  readonly confidence: string;
  readonly created: number;
  readonly main: string | null;
  readonly candidates: readonly (BaseCandidate & {
    readonly name: string;
    readonly applies: boolean | null;
    readonly others: readonly string[];
  })[];
}

export function renderGuess(series: SeriesOutline, shown: ShownGuess, style: Style): SafeText[] {
  const { candidates, confidence } = shown;
  const [best] = candidates;
  const say = (label: string, text: string): SafeText[] => factLines(label, text, style);
  return [
    seriesTitle(series, style),
    ...candidates.flatMap((c, i) =>
      say(
        i === 0 ? "most likely" : "or",
        [...names(c), day(c.time), ...applies(c.applies)].join(", "),
      ),
    ),
    ...evidence(shown).flatMap((text, i) => say(i === 0 ? "because" : "", text)),
    ...(best === undefined || best.others.length === 0 ? [] : say("not", best.others.join(", "))),
    ...say("confidence", confidence),
  ];
}

/** Without a tag, git describe has no better name than the commit's own. */
function names({ commit, name }: ShownGuess["candidates"][number]): string[] {
  const short = shortName(commit);
  return name === short || name === "" ? [short] : [short, name];
}

function applies(does: boolean | null): string[] {
  if (does === null) return [];
  return [does ? "applies cleanly" : "does not apply"];
}

/** Why a commit is the most likely one, in half-sentences. */
export function evidence(
  shown: Pick<ShownGuess, "guess" | "by" | "created" | "main" | "candidates">,
): string[] {
  const { guess, by, created, main, candidates } = shown;
  const { matched, total, count, more, unique, later, newest, oldest } = guess;
  if (by === "date") {
    const why =
      total === 0
        ? created > 0
          ? "the series only adds files"
          : "no index line says what the files were"
        : "no commit here has any of the files as they were";
    const where =
      candidates.length === 0 ? "there is no branch" : `the newest commit of ${main} then`;
    return [`${why}: ${where}`];
  }
  const files = `it has ${matched} of ${counted(total, "file")} as they were`;
  if (unique) return [`${files}, and no other commit has them`];
  const equal =
    count === 1
      ? [more ? `${files}, in no other commit searched` : files]
      : [
          `${files}, in ${more ? "at least " : ""}${count} commits alike`,
          `from ${day(oldest!.time)} to ${day(newest!.time)}`,
        ];
  return later ? [...equal, "newer than the mail"] : equal;
}
