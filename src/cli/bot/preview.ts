/** `patchsig bot preview`: what the bot would have written about past mails, to whom and why. */

import { readBotFile } from "../../app/bot/common.ts";
import type { DecidedSeries } from "../../app/bot/deciding.ts";
import { suggestionView } from "../../app/bot/letters.ts";
import { previewSeries, type PreviewTally } from "../../app/bot/preview.ts";
import type { Suggest } from "../../app/bot/session.ts";
import { openTemplates } from "../../app/bot/templates.ts";
import { now } from "../../app/now.ts";
import type { LetterReason } from "../../bot/decide.ts";
import type { Text } from "../../bot/letter.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { type Planned, type Preview, renderPreview } from "../../report/bot.ts";
import { escapeText } from "../../report/escape.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { clearProgress, out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { CONFIG_OPTION } from "./common.ts";
import { withExcluded } from "../../app/bot/exclude.ts";
import { flag, value } from "../../options/kinds.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

interface Arguments {
  source: string[] | undefined;
  config?: string | undefined;
  since?: string | undefined;
  letters: boolean;
  json: boolean;
}

export const previewCommand = command({
  usage: "preview [source..]",
  paged: true,
  describe: "show what it would have written, to whom and why",
  words: {
    source: {
      describe: "sources, as for verify (default: those of the bot's file)",
      type: "string",
      array: true,
    },
  },
  options: {
    config: CONFIG_OPTION,
    since: value("only mails after this time, of a public-inbox or IMAP: 2026-10-01, 2.weeks"),
    letters: flag("print the letters too"),
    json: JSON_OPTION,
  },
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
  const render = openTemplates(settings.templates);
  const tally: PreviewTally = { mails: 0, unread: 0, from: null, to: null };
  const held = new Map<LetterReason, number>();
  const letters: Planned[] = [];
  const options = {
    sources,
    settings,
    since: args.since,
    latest: now(),
    reporter: reporter(),
  };
  let series = 0;
  try {
    for await (const decided of previewSeries(options, tally)) {
      series++;
      const { decision } = decided;
      if (args.json) printRecord("bot-series", seriesRecord(decided));
      if (decision.kind === "hold") {
        held.set(decision.reason, (held.get(decision.reason) ?? 0) + 1);
        continue;
      }
      const letter = planned(decided, decision);
      letters.push(letter);
      if (args.letters && !args.json)
        showLetter(letter, render("suggest", suggestionView(decided, settings)));
    }
  } finally {
    clearProgress();
  }
  const { mails, from, to } = tally;
  const result = { mails, series, from, to, held, letters };
  if (args.json) printRecord("bot-preview", summary(result));
  else out(renderPreview(result, outputStyle()));
  return tally.unread > 0 ? EXIT.failed : EXIT.ok;
}

function planned({ series }: DecidedSeries, { at, topics }: Suggest): Planned {
  const { subject, sender } = series.first!;
  return { at, identity: sender!.identity, topics, subject };
}

function seriesRecord({ decision, series: { first, sentAt } }: DecidedSeries): object {
  const suggests = decision.kind === "suggest";
  return {
    messageId: first?.messageId ?? "",
    subject: first?.subject ?? "",
    author: first?.sender?.identity ?? null,
    sentAt,
    outcome: suggests ? "suggest" : decision.reason,
    topics: suggests ? decision.topics : [],
    sendAt: suggests ? decision.at : null,
  };
}

function showLetter({ identity }: Planned, { subject, body }: Text): void {
  clearProgress();
  const text = [`To: ${identity}`, `Subject: ${subject}`, "", ...body.split("\n")];
  out(text.map((line) => escapeText(line)));
}

function summary({ held, letters, ...counts }: Preview): object {
  const authors = new Set(letters.map(({ identity }) => identity)).size;
  return { ...counts, letters: letters.length, authors, held: Object.fromEntries(held) };
}
