/**
 * `patchsig bot preview`: what the bot would have written, to whom and why, over mails of the past.
 * Nothing is written anywhere: the same work as `bot run` does, in memory, by the mails' own clock.
 */

import { byDate } from "../../bot/by-date.ts";
import type { Reason } from "../../bot/decide.ts";
import { fieldsOf } from "../../bot/header.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { parseDate } from "../../mail/date.ts";
import { type Planned, renderPreview } from "../../report/bot.ts";
import { escapeText } from "../../report/escape.ts";
import { isUnread, type SourceMail } from "../../source/piece.ts";
import { BotStore } from "../../store/bot-store.ts";
import { now } from "../../app/now.ts";
import { endOnSignal } from "../signals.ts";
import { openSource } from "../../app/sources/sources.ts";
import { mailProgress } from "../../app/reporter.ts";
import { clearProgress, out, outputStyle, reporter, sayError } from "../terminal.ts";
import { guesserOf, readBotFile } from "../../app/bot/common.ts";
import { CONFIG_OPTION, printRecord } from "./common.ts";
import { withExcluded } from "../../app/bot/exclude.ts";
import { suggestionView } from "../../app/bot/letters.ts";
import { createBotSession, type Outcome } from "../../app/bot/session.ts";
import { openTemplates } from "../../app/bot/templates.ts";
import { command, type Status } from "../command.ts";

interface Arguments {
  source: string[] | undefined;
  config?: string | undefined;
  since?: string | undefined;
  letters: boolean;
  json: boolean;
}

export const previewCommand = command({
  usage: "preview [source..]",
  describe: "show what it would have written over an archive, to whom and why",
  words: {
    source: {
      describe: "as verify takes them (default: those of the bot's file)",
      type: "string",
      array: true,
    },
  },
  options: {
    config: CONFIG_OPTION,
    since: {
      type: "string",
      requiresArg: true,
      describe: "of a public-inbox or IMAP, what came after: 2026-10-01, 2.weeks",
    },
    letters: { type: "boolean", default: false, describe: "print the letters too" },
    json: { type: "boolean", default: false, describe: "one record a line" },
  },
  run: preview,
});

/** Mails that are taken in at a time. */
const AT_A_TIME = 32;
/** Bytes of mails that are put into the order of their dates. */
const MAX_SORTED = 128 << 20;

async function preview(args: Arguments): Promise<Status> {
  endOnSignal();
  const settings = withExcluded(readBotFile(args.config, { optional: true }));
  const sources = args.source ?? settings.sources;
  if (sources.length === 0)
    throw new PatchsigError("usage", "no source to look at", {
      hint: "patchsig bot preview ARCHIVE",
    });
  const render = openTemplates(settings.templates);
  const store = new BotStore(null, true);
  const guesser = guesserOf(settings, sayError);
  const { guess } = guesser;
  const held = new Map<Reason, number>();
  const letters: Planned[] = [];
  const latest = now();
  const span: { from: number | null; to: number | null } = { from: null, to: null };
  let [mails, series, unread] = [0, 0, 0];
  const order = byDate<SourceMail>(MAX_SORTED);
  let time = 0;
  const waiting: SourceMail[] = [];
  const session = createBotSession({
    store,
    settings,
    guess,
    write: (outcome) => Promise.resolve(() => rehearse(store, outcome)),
    listen: () => Promise.resolve(null),
  });

  function show(outcome: Outcome): void {
    series++;
    const { decision, series: facts } = outcome;
    const { subject = "", sender, messageId = "" } = facts.first ?? {};
    const identity = sender?.identity ?? null;
    const isLetter = decision.kind === "suggest";
    if (args.json)
      printRecord("bot-series", {
        messageId,
        subject,
        author: identity,
        sentAt: facts.sentAt,
        outcome: isLetter ? "suggest" : decision.reason,
        topics: isLetter ? decision.topics : [],
        sendAt: isLetter ? decision.at : null,
      });
    if (!isLetter) {
      held.set(decision.reason, (held.get(decision.reason) ?? 0) + 1);
      return;
    }
    letters.push({ at: decision.at, identity: identity!, topics: decision.topics, subject });
    if (!args.letters || args.json) return;
    const letter = render("suggest", suggestionView(outcome, settings));
    clearProgress();
    const text = [`To: ${identity}`, `Subject: ${letter.subject}`, "", ...letter.body.split("\n")];
    out(text.map((line) => escapeText(line)));
  }

  async function takeIn(mail: SourceMail): Promise<void> {
    const date = dateOf(mail, latest) ?? time;
    // whatever came before is whole by then, and is decided at its own time
    if (time > 0 && date - time > settings.settle) await flush(time + settings.settle);
    else if (waiting.length >= AT_A_TIME) await flush(time);
    time = Math.max(time, date);
    span.from ??= time;
    span.to = time;
    waiting.push(mail);
  }

  async function flush(until: number): Promise<void> {
    await session.take(waiting.splice(0), time);
    for (const outcome of await session.settle(until)) show(outcome);
  }

  try {
    const onRead = mailProgress(reporter().progress, sources.length, () => mails);
    for (const source of sources) {
      for await (const pieces of openSource(source, { since: args.since }, onRead)) {
        for (const piece of pieces) {
          if (isUnread(piece)) {
            unread++;
            sayError(piece.error);
            continue;
          }
          mails++;
          const size = piece.bytes?.length ?? 0;
          for (const mail of order.add(piece, dateOf(piece, latest), size)) await takeIn(mail);
        }
      }
    }
    for (const mail of order.end()) await takeIn(mail);
    await flush(time + settings.settle);
  } finally {
    clearProgress();
    guesser.close();
    store.close();
  }
  const result = { mails, series, ...span, held, letters };
  if (args.json) printRecord("bot-preview", summary(result));
  else out(renderPreview(result, outputStyle()));
  return unread > 0 ? EXIT.failed : EXIT.ok;
}

/** Its Date; null if there is none, or it has not come yet. */
function dateOf({ bytes }: SourceMail, latest: number): number | null {
  const date = parseDate(fieldsOf(bytes ?? Buffer.alloc(0))("date")[0] ?? "");
  return date === null || date > latest ? null : date;
}

/** Counts against the limits, as a letter does. */
function rehearse(store: BotStore, { series, decision }: Outcome): void {
  if (decision.kind !== "suggest") return;
  const { sender, messageId } = series.first!;
  store.rehearse(sender!.identity, messageId, decision.topics, decision.at);
}

function summary({
  mails,
  series,
  from,
  to,
  held,
  letters,
}: {
  mails: number;
  series: number;
  from: number | null;
  to: number | null;
  held: ReadonlyMap<Reason, number>;
  letters: readonly Planned[];
}): object {
  const authors = new Set(letters.map(({ identity }) => identity)).size;
  return {
    mails,
    series,
    from,
    to,
    letters: letters.length,
    authors,
    held: Object.fromEntries(held),
  };
}
