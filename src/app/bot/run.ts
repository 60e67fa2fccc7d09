/** `bot run`: round after round, until it is stopped. */

import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { count } from "../../primitives/words.ts";
import { BOT_SCHEMA } from "../../store/bot-schema.ts";
import { takeLock } from "../../store/lock.ts";
import { now } from "../now.ts";
import { gitConfig } from "../settings.ts";
import type { BotOptions, PlannedLetter, Round, RoundWork } from "./bot.ts";
import { botSettings, databaseOf, layered, readBotConfig } from "./common.ts";
import { withExcluded } from "./exclude.ts";

export interface BotRun extends Pick<BotOptions, "reporter" | "onLetter" | "stop"> {
  /** The bot's file; undefined for that of patchsig.botFile. */
  readonly config: string | undefined;
  /** A single round. */
  readonly once: boolean;
}

/**
 * @returns the round, if there was to be one only; null after it was stopped
 * @throws PatchsigError "usage" for settings that do not suffice, "locked" while another bot runs
 */
export async function runBot(run: BotRun): Promise<Round | null> {
  const file = readBotConfig(run.config);
  const settings = withExcluded(botSettings(file));
  checkComplete(settings);
  const database = databaseOf(settings);
  const unlock = takeLock(BOT_SCHEMA, database, "another bot");
  try {
    return await rounds(settings, { ...run, words: layered(file, gitConfig()), database, now });
  } finally {
    unlock();
  }
}

async function rounds(
  settings: BotSettings,
  { once, ...options }: BotOptions & { readonly once: boolean },
): Promise<Round | null> {
  // loading the IMAP code takes longer than all the rest
  const [{ Bot }, { watchSources }] = await Promise.all([import("./bot.ts"), import("./watch.ts")]);
  const bot = new Bot(settings, options);
  const watch = once ? null : watchSources(settings.sources);
  try {
    for (;;) {
      const round = await bot.round();
      if (watch === null) return round;
      if (options.stop.aborted) return null;
      await watch.news(Math.max(1, round.next - now()), options.stop);
      if (options.stop.aborted) return null;
    }
  } finally {
    watch?.close();
    bot.close();
  }
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

export function letterLine({ rehearsal, identity, topics, subject }: PlannedLetter): string {
  const does = rehearsal ? "would write to" : "will write to";
  return `${does} ${identity} about ${topics.join(" and ")}: ${subject}`;
}

/** What a round did: `3 new mails, 1 series decided`. */
export function roundLine({ mails, series, letters, sent, waiting }: RoundWork): string {
  const said = [
    [series, `${series} series decided`],
    [letters, `${count(letters, "letter")} to write`],
    [sent, `${sent} sent`],
    [waiting, `${waiting} waiting`],
  ] as const;
  const parts = said.filter(([n]) => n > 0).map(([, words]) => words);
  return [mails === 0 ? "no new mails" : count(mails, "new mail"), ...parts].join(", ");
}
