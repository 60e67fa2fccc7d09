/** `patchsig review` and `ack`: a reply with trailers, and a signature over them and the patches. */

import { readReviewable, sourcesAndNumbers } from "../../app/review/read.ts";
import { giveReview } from "../../app/review/run.ts";
import { patchChoice } from "../../app/series/patches.ts";
import type { OpenSigner } from "../../app/sign/signer.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { flag, several, value } from "../../options/kinds.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { renderSeries } from "../../report/text.ts";
import type { ReviewTrailerName } from "../../review/text.ts";
import {
  outFile,
  outputStyle,
  reporter,
  say,
  saySafe,
  sayWaiting,
} from "../../terminal/terminal.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { PATCHES_OPTION, SERIES_OPTIONS, seriesChoice } from "../series-options.ts";
import { SIGNER_OPTIONS, userSigner } from "../signer.ts";

const WORDS = {
  source: several(
    "mails with one series, a Message-ID, or - for stdin; then, perhaps, which patches: 1,3-5",
    "-",
  ),
} as const;

const OPTIONS = {
  ...SERIES_OPTIONS,
  patches: PATCHES_OPTION,
  body: flag("print only what is to be inserted into a reply"),
  output: value("write the reply to this file, or into this folder", "o"),
  "to-feed": value("add the reply to the feed in this folder"),
  quiet: flag("do not show the verdict", "q"),
  ...SIGNER_OPTIONS,
  ...POLICY_OPTIONS,
} as const;

type Arguments = ValuesOf<typeof WORDS> & ValuesOf<typeof OPTIONS>;

export const reviewCommand = command({
  usage: "review [source..]",
  describe: "verify patches, and write a reply with your signed review",
  words: WORDS,
  options: {
    "reviewed-by": flag("with your Reviewed-by"),
    "acked-by": flag("with your Acked-by"),
    "tested-by": flag("with your Tested-by"),
    ...OPTIONS,
  },
  async run(args) {
    const trailers: ReviewTrailerName[] = [
      ...(args.reviewedBy ? (["Reviewed-by"] as const) : []),
      ...(args.ackedBy ? (["Acked-by"] as const) : []),
      ...(args.testedBy ? (["Tested-by"] as const) : []),
    ];
    if (trailers.length > 0) return review(args, trailers);
    throw new PatchsigError("usage", "what do you say of them?", {
      hint: "--reviewed-by, --acked-by or --tested-by",
    });
  },
});

export const ackCommand = command({
  usage: "ack [source..]",
  describe: "the same with your Acked-by",
  words: WORDS,
  options: OPTIONS,
  run: async (args) => review(args, ["Acked-by"]),
});

async function review(
  args: Arguments,
  trailers: readonly ReviewTrailerName[],
): Promise<CommandStatus> {
  const { quiet } = args;
  if (args.body && args.toFeed !== undefined)
    throw new PatchsigError("usage", "--body is no mail that a feed could have");
  const { sources, numbers } = sourcesAndNumbers(args.source);
  const wanted = args.patches ?? numbers;
  const mails = messageIdsAmong(sources);
  const choice = seriesChoice(args, []);
  const only = wanted === undefined ? null : patchChoice(wanted, mails);
  sayWaiting(sources);
  const { series, chosen } = await readReviewable(
    { ...args, sources, mails, choice, only },
    reporter(),
  );
  const results = series.members.map(({ result }) => result);
  if (!quiet || "refused" in chosen) saySafe(renderSeries(series.result, results, outputStyle()));
  if ("refused" in chosen) {
    chosen.refused.forEach(say);
    return EXIT.unmet;
  }
  const open = (): Promise<OpenSigner> => userSigner(args);
  const terms = { ...args, trailers, open, print: outFile, say: quiet ? () => undefined : say };
  const { said, files } = await giveReview(chosen, terms);
  if (quiet) return;
  say(said);
  if (files.length > 0) say(`hint: ${shellCommand("git send-email --suppress-cc=self", ...files)}`);
}
