/** Options of git am that go on with an am that stopped, or end it. */

import { PatchsigError } from "../../errors.ts";

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

/** The values of RESUME_OPTIONS. */
export interface ResumeValues {
  readonly continue?: boolean | undefined;
  readonly resolved?: boolean | undefined;
  readonly skip?: boolean | undefined;
  readonly abort?: boolean | undefined;
  readonly quit?: boolean | undefined;
  readonly retry?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  /** "" for what git shows by default. */
  readonly showCurrentPatch?: string | undefined;
}

/**
 * The word for git am; null if none of them was given.
 *
 * @throws PatchsigError "usage" for more than one, or if sources are given too
 */
export function resumeWord(values: ResumeValues, sources: readonly string[]): string | null {
  const { showCurrentPatch: show } = values;
  const words = [
    ...(values.continue === true || values.resolved === true ? ["--continue"] : []),
    ...(values.skip === true ? ["--skip"] : []),
    ...(values.abort === true ? ["--abort"] : []),
    ...(values.quit === true ? ["--quit"] : []),
    ...(values.retry === true ? ["--retry"] : []),
    ...(values.allowEmpty === true ? ["--allow-empty"] : []),
    ...(show === undefined ? [] : [`--show-current-patch${show === "" ? "" : `=${show}`}`]),
  ];
  const [word = null] = words;
  if (words.length > 1)
    throw new PatchsigError("usage", `${words.join(" and ")}: only one of them`);
  if (word !== null && sources.length > 0)
    throw new PatchsigError("usage", `${word} takes no mails`);
  return word;
}
