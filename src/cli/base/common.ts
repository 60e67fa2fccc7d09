/** What the base commands have in common. */

import { EXIT, type ExitStatus } from "../../errors.ts";
import type { Outcome } from "../../app/base/questions.ts";

export const SOURCES = {
  describe: "mbox, mail, patch file, directory, maildir, or - for stdin",
  type: "string",
  array: true,
  default: ["-"],
} as const;

export const REPOSITORY = {
  type: "string",
  requiresArg: true,
  default: ".",
  describe: "the repository to check in; nothing in it is changed",
} as const;

export const JSON_OPTION = {
  type: "boolean",
  default: false,
  describe: "one record a line",
} as const;

/** A missing base is reported before what could not be checked. */
export function exitStatus({ met, faults }: Outcome): ExitStatus {
  if (!met) return EXIT.unmet;
  return faults > 0 ? EXIT.failed : EXIT.ok;
}
