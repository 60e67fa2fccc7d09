/** What the base commands have in common. */

import { EXIT, type ExitStatus } from "../../errors.ts";
import type { SeriesWish } from "../../app/base/series-base.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { withUserTrust } from "../../app/trust/user-trust.ts";
import { seriesChoice, type SeriesValues } from "../series-options.ts";
import type { Outcome } from "../../app/base/questions.ts";
import { several } from "../../options/kinds.ts";

export const SOURCES = several(
  "mbox, mail, patch file, directory, maildir, Message-ID, or - for stdin",
  "-",
);

export const REPOSITORY = {
  type: "string",
  requiresArg: true,
  default: ".",
  describe: "the repository to check in; nothing in it is changed",
} as const;

/** All series, or the one that is asked for. */
export async function baseChoice(
  args: SeriesValues & { readonly source: readonly string[] },
): Promise<SeriesWish> {
  if (args.series === undefined && args.version === undefined) return { choice: null, links: [] };
  const choice = seriesChoice(args, messageIdsAmong(args.source));
  return withUserTrust(true, (store) => ({ choice, links: store.seriesLinks() }));
}

/** A missing base is reported before what could not be checked. */
export function exitStatus({ met, faults }: Outcome): ExitStatus {
  if (!met) return EXIT.unmet;
  return faults > 0 ? EXIT.failed : EXIT.ok;
}
