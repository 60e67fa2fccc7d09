/** How a series is named, for all commands that take one of the sources'. */

import { PatchsigError } from "../errors.ts";
import type { SeriesChoice } from "../app/series/choose.ts";
import { value } from "../options/kinds.ts";

export const SERIES_OPTIONS = {
  series: value("by its number in series list, its signed id, or a Message-ID"),
  version: value("this version of it (default: the newest that is complete and good)", "v"),
} as const;

export const PATCHES_OPTION = value("only these patches: 1-3,5,7- or *part of a subject*", "P");

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
