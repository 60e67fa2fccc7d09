/** `patchsig bot run`: reads, decides and sends, until it is stopped. */

import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { BOT_SCHEMA } from "../../store/bot-schema.ts";
import { takeLock } from "../../store/lock.ts";
import { now } from "../../app/now.ts";
import { withExcluded } from "../../app/bot/exclude.ts";
import { botSettings, databaseOf, layered, readBotConfig } from "../../app/bot/common.ts";
import type { PlannedLetter, RoundWork } from "../../app/bot/bot.ts";
import type { Lookup } from "../../send/settings.ts";
import { count } from "../../primitives/words.ts";
import { ours } from "../../report/escape.ts";
import { out, reporter } from "../../terminal/terminal.ts";
import { CONFIG_OPTION } from "./common.ts";
import { gitConfig } from "../../app/settings.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { flag } from "../../options/kinds.ts";

const OPTIONS = {
  config: CONFIG_OPTION,
  once: flag("one round only, for cron or a timer"),
} as const;

export const runCommand = command({
  usage: "run",
  describe: "read the sources, decide, and send what is due",
  options: OPTIONS,
  run,
});

async function run({ config, once }: ValuesOf<typeof OPTIONS>): Promise<CommandStatus> {
  const file = readBotConfig(config);
  const settings = withExcluded(botSettings(file));
  checkComplete(settings);
  const database = databaseOf(settings);
  const unlock = takeLock(BOT_SCHEMA, database, "another bot");
  try {
    return await rounds(settings, layered(file, gitConfig()), database, once);
  } finally {
    unlock();
  }
}

async function rounds(
  settings: BotSettings,
  words: Lookup,
  database: string,
  once: boolean,
): Promise<CommandStatus> {
  // loading the IMAP code takes longer than all the rest
  const [{ Bot }, { watchSources }] = await Promise.all([
    import("../../app/bot/bot.ts"),
    import("../../app/bot/watch.ts"),
  ]);
  const ending = endAfterRound();
  const bot = new Bot(settings, {
    words,
    database,
    now,
    stop: ending,
    reporter: reporter(),
    onLetter: tell,
  });
  const watch = once ? null : watchSources(settings.sources);
  try {
    for (;;) {
      const round = await bot.round();
      if (once) {
        sayDone(round.done);
        return round.failed ? EXIT.failed : EXIT.ok;
      }
      if (ending.aborted) return;
      await watch!.news(Math.max(1, round.next - now()), ending);
      if (ending.aborted) return;
    }
  } finally {
    watch?.close();
    bot.close();
  }
}

function tell({ rehearsal, identity, topics, subject }: PlannedLetter): void {
  const does = rehearsal ? "would write to" : "will write to";
  out(ours`${does} ${identity} about ${topics.join(" and ")}: ${subject}`);
}

/** Cron mails what it is told: without a terminal, a round that wrote and sent nothing is silent. */
function sayDone({ mails, series, letters, sent, waiting }: RoundWork): void {
  if (letters + sent === 0 && !process.stdout.isTTY) return;
  const said = [
    [series, `${series} series decided`],
    [letters, `${count(letters, "letter")} to write`],
    [sent, `${sent} sent`],
    [waiting, `${waiting} waiting`],
  ] as const;
  const parts = said.filter(([n]) => n > 0).map(([, words]) => words);
  out(ours`${[mails === 0 ? "no new mails" : count(mails, "new mail"), ...parts].join(", ")}`);
}

function checkComplete({ mode, address, sources, maintainers }: BotSettings): void {
  const missing = (what: string): PatchsigError =>
    new PatchsigError("usage", `the bot's file sets no ${what}`, {
      hint: "docs/bot.md has an example",
    });
  if (sources.length === 0) throw missing("source");
  if (mode !== "preview" && address === null) throw missing("address, from which it would write");
  if (mode === "digest" && maintainers.length === 0)
    throw missing("maintainer, to whom it would write");
}

/** The first signal ends the bot after the current round; nothing is cut off. */
function endAfterRound(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => controller.abort());
  return controller.signal;
}
