/** `patchsig diff`: what changed from one version of a series to the next. */

import { repositoryOrNone } from "../../app/settings.ts";
import { diffVersions } from "../../app/series/diff.ts";
import { patchChoice } from "../../app/series/patches.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { asUser } from "../../app/verify/as-user.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { formatRecord } from "../../report/json.ts";
import { renderDiff } from "../../report/version-diff.ts";
import { isThere } from "../../source/reading.ts";
import { out, outputStyle, reporter, sayWaiting } from "../../terminal/terminal.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { PATCHES_OPTION, SERIES_OPTIONS, seriesChoice } from "../series-options.ts";
import { flag, several } from "../../options/kinds.ts";

export const diffCommand = command({
  usage: "diff [source..]",
  paged: true,
  describe: "compare two versions of a series, patch by patch",
  words: {
    source: several("mails, as for verify; then the versions, as in v1 v2", "-"),
  },
  options: {
    ...SERIES_OPTIONS,
    patches: PATCHES_OPTION,
    repo: {
      type: "string",
      requiresArg: true,
      default: ".",
      describe: "the repository with the bases; nothing in it is changed",
    },
    json: flag("one record"),
    ...POLICY_OPTIONS,
  },
  async run(args) {
    endOnSignal();
    const { sources, older, newer } = wordsOf(args.source, args.version);
    const mails = messageIdsAmong(sources);
    const only = args.patches === undefined ? null : patchChoice(args.patches, mails);
    const choice = seriesChoice({ series: args.series, version: newer }, mails);
    const repository = await repositoryOrNone(args.repo);
    const diff = await asUser(args, true, (store, terms) => {
      sayWaiting(sources);
      const options = { ...terms, sources, choice, older, repository, only };
      return diffVersions(options, store, reporter());
    });
    out(args.json ? formatRecord(diff) : renderDiff(diff, outputStyle()));
    return diff.old.verdict === "fail" || diff.new.verdict === "fail" ? EXIT.unmet : EXIT.ok;
  },
});

const VERSION = /^v\d{1,4}(?:\.\d{1,4})?$/;

/** Sources, and at most two versions behind them; a file of such a name is a file. */
function wordsOf(
  words: readonly string[],
  version: string | undefined,
): { sources: readonly string[]; older: string | undefined; newer: string | undefined } {
  const end = words.findLastIndex((word) => !VERSION.test(word) || isThere(word)) + 1;
  const [older, newer, ...more] = words.slice(end);
  if (more.length > 0 || (newer !== undefined && version !== undefined))
    throw new PatchsigError("usage", "diff compares two versions");
  return { sources: end === 0 ? ["-"] : words.slice(0, end), older, newer: newer ?? version };
}
