/** Options of git am that go on with an am that stopped, or end it. */

import { PatchsigError } from "../../errors.ts";
import type { ValuesOf } from "../../options/command.ts";

const hidden = { type: "boolean", hidden: true } as const;

export const RESUME_OPTIONS = {
  continue: { alias: "r", type: "boolean", describe: "as in git am, and record what is applied" },
  resolved: hidden,
  skip: { type: "boolean", describe: "as in git am: leave the patch out" },
  abort: { type: "boolean", describe: "as in git am: back to where it began" },
  quit: { type: "boolean", describe: "as in git am: end here, and leave all as it is" },
  retry: hidden,
  "allow-empty": hidden,
  "show-current-patch": { type: "string", describe: "as in git am: raw, or the diff alone" },
} as const;

/** The words for git am; git takes `--resolved` for `--continue`. */
const WORDS = {
  continue: "--continue",
  resolved: "--continue",
  skip: "--skip",
  abort: "--abort",
  quit: "--quit",
  retry: "--retry",
  allowEmpty: "--allow-empty",
} as const;

/**
 * The word for git am; null if none of them was given.
 *
 * @throws PatchsigError "usage" for more than one, or if sources are given too
 */
export function resumeWord(
  values: ValuesOf<typeof RESUME_OPTIONS>,
  sources: readonly string[],
): string | null {
  const { showCurrentPatch: show } = values;
  const given = Object.entries(WORDS).filter(([name]) => values[name as keyof typeof WORDS]);
  const words = [
    ...new Set(given.map(([, word]) => word)),
    // "" is what git shows by default
    ...(show === undefined ? [] : [`--show-current-patch${show === "" ? "" : `=${show}`}`]),
  ];
  const [word = null] = words;
  if (words.length > 1)
    throw new PatchsigError("usage", `${words.join(" and ")}: only one of them`);
  if (word !== null && sources.length > 0)
    throw new PatchsigError("usage", `${word} takes no mails`);
  return word;
}
