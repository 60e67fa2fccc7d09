/** `patchsig review` and `ack`: a reply with trailers, and a signature over them and the patches. */

import { readSeries } from "../../app/apply/series.ts";
import { now } from "../../app/now.ts";
import { reviewerPerson, sourcesAndNumbers } from "../../app/review/read.ts";
import {
  answeredMails,
  reviewable,
  reviewedWords,
  reviewReplies,
  signedReviewOf,
} from "../../app/review/replies.ts";
import { checkOutput, writeReplies } from "../../app/review/write.ts";
import { patchChoice } from "../../app/series/patches.ts";
import { devKeyringsOf } from "../../app/settings.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { openUserDkim } from "../../app/verify/dkim.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { renderSeries } from "../../report/text.ts";
import { reviewBody } from "../../review/reply-mail.ts";
import type { ReviewTrailerName } from "../../review/text.ts";
import { shellCommand } from "../../primitives/shell.ts";
import {
  clearProgress,
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
import { flag, several, value } from "../../options/kinds.ts";

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
  const { body, output, quiet } = args;
  const { sources, numbers } = sourcesAndNumbers(args.source);
  const wanted = args.patches ?? numbers;
  const mails = messageIdsAmong(sources);
  const only = wanted === undefined ? null : patchChoice(wanted, mails);
  const person = reviewerPerson();
  const store = openUserTrust(false);
  try {
    const options = {
      sources,
      policies: readPolicies(args.require),
      devKeyrings: devKeyringsOf(args.devKeyring),
      signedOnly: false,
      dkim: await openUserDkim(store, args.dkim),
    };
    sayWaiting(sources);
    const { series } = await readSeries(options, seriesChoice(args, []), store, reporter());
    const chosen = reviewable(series, only, mails);
    const results = series.members.map(({ result }) => result);
    if (!quiet || "refused" in chosen) saySafe(renderSeries(series.result, results, outputStyle()));
    if ("refused" in chosen) {
      chosen.refused.forEach(say);
      return EXIT.unmet;
    }
    const answered = answeredMails(chosen);
    if (!body) checkOutput(answered.length, output);
    const signer = await userSigner(args);
    try {
      const reviewer = { ...person, signer };
      const said = `${reviewedWords(trailers, chosen)}, as ${person.by}`;
      if (body) {
        const text = reviewBody(await signedReviewOf(chosen, trailers, reviewer, now()));
        writeReplies([{ index: 0, mail: Buffer.from(text) }], output, outFile);
        if (!quiet) say(said);
        return;
      }
      const replies = await reviewReplies(chosen, answered, trailers, reviewer, now());
      const files = writeReplies(replies, output, outFile);
      if (!quiet) say(said);
      if (!quiet && files.length > 0)
        say(`hint: ${shellCommand("git send-email --suppress-cc=self", ...files)}`);
    } finally {
      signer.wipe();
    }
  } finally {
    clearProgress();
    store.close();
  }
}
