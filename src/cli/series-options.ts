/** How a series is named, for all commands that take one of the sources'. */

import { PatchsigError } from "../errors.ts";
import type { SeriesChoice } from "../app/series/choose.ts";

export const SERIES_OPTIONS = {
  series: {
    type: "string",
    requiresArg: true,
    describe: "by its number in series list, its signed id, or a Message-ID",
  },
  version: {
    alias: "v",
    type: "string",
    requiresArg: true,
    describe: "this version of it (default: the newest that is complete and good)",
  },
} as const;

export const PATCHES_OPTION = {
  alias: "P",
  type: "string",
  requiresArg: true,
  describe: "only these patches: 1-3,5,7- or *part of a subject*",
} as const;

export interface SeriesValues {
  readonly series?: string | undefined;
  readonly version?: string | undefined;
}

/** @throws PatchsigError "usage" if the version is none */
export function seriesChoice(
  { series, version }: SeriesValues,
  mails: readonly string[],
  composed = false,
): SeriesChoice {
  if (version !== undefined && !/^v?\d{1,4}(?:\.\d{1,4})?$/i.test(version))
    throw new PatchsigError("usage", `--version: "${version}" is no version`, {
      hint: "--version 2, or 5.1",
    });
  return { series, version, composed, mails };
}
