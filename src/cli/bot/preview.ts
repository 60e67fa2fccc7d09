/** `patchsig bot preview`: what the bot would have written about past mails, to whom and why. */

import { readBotFile } from "../../app/bot/common.ts";
import type { DecidedSeries } from "../../app/bot/deciding.ts";
import { decidedRecord, previewRecord, previewRun } from "../../app/bot/preview.ts";
import { now } from "../../app/now.ts";
import type { Text } from "../../bot/letter.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { type Planned, renderPreview } from "../../report/bot.ts";
import { escapeText } from "../../report/escape.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { CONFIG_OPTION } from "./common.ts";
import { withExcluded } from "../../app/bot/exclude.ts";
import { flag, value } from "../../options/kinds.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

const WORDS = {
  source: {
    describe: "sources, as for verify (default: those of the bot's file)",
    type: "string",
    array: true,
  },
} as const;

const OPTIONS = {
  config: CONFIG_OPTION,
  since: value("only mails after this time, of a public-inbox or IMAP: 2026-10-01, 2.weeks"),
  letters: flag("print the letters too"),
  json: JSON_OPTION,
} as const;

type Arguments = ValuesOf<typeof WORDS> & ValuesOf<typeof OPTIONS>;

export const previewCommand = command({
  usage: "preview [source..]",
  paged: true,
  describe: "show what it would have written, to whom and why",
  words: WORDS,
  options: OPTIONS,
  run: preview,
});

async function preview(args: Arguments): Promise<CommandStatus> {
  endOnSignal();
  const settings = withExcluded(readBotFile(args.config, { optional: true }));
  const sources = args.source ?? settings.sources;
  if (sources.length === 0)
    throw new PatchsigError("usage", "no source given", {
      hint: "patchsig bot preview ARCHIVE",
    });
  const options = { sources, settings, since: args.since, latest: now(), reporter: reporter() };
  const show = {
    decided(decided: DecidedSeries) {
      if (args.json) printRecord("bot-series", decidedRecord(decided));
    },
    letter: args.letters && !args.json ? showLetter : null,
  };
  const { unread, ...preview } = await previewRun(options, show);
  if (args.json) printRecord("bot-preview", previewRecord(preview));
  else out(renderPreview(preview, outputStyle()));
  return unread > 0 ? EXIT.failed : EXIT.ok;
}

function showLetter({ identity }: Planned, { subject, body }: Text): void {
  const text = [`To: ${identity}`, `Subject: ${subject}`, "", ...body.split("\n")];
  out(text.map((line) => escapeText(line)));
}
