/** `patchsig bot run`: reads, decides and sends, until it is told to end. */

import type { CommandModule } from "yargs";
import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { BOT_SCHEMA } from "../../store/bot-schema.ts";
import { takeLock } from "../../store/lock.ts";
import { now } from "../../app/now.ts";
import { withExcluded } from "./exclude.ts";
import {
  botSettings,
  CONFIG_OPTION,
  databaseOf,
  layered,
  readBotConfig,
} from "../../app/bot/common.ts";
import { gitConfig } from "../../app/settings.ts";

interface Arguments {
  config?: string;
  once: boolean;
}

export const runCommand: CommandModule<object, Arguments> = {
  command: "run",
  describe: "read the sources, decide, and send what is due",
  builder: (yargs) =>
    yargs.option("config", CONFIG_OPTION).option("once", {
      type: "boolean",
      default: false,
      describe: "one round only, for cron or a timer",
    }) as never,
  handler: run,
};

async function run({ config, once }: Arguments): Promise<void> {
  const file = readBotConfig(config);
  const settings = withExcluded(botSettings(file));
  checkComplete(settings);
  // what reads mailboxes takes longer to load than all the rest
  const [{ createBot }, { watchSources }] = await Promise.all([
    import("../../app/bot/bot.ts"),
    import("../../app/bot/watch.ts"),
  ]);
  const database = databaseOf(settings);
  const unlock = takeLock(BOT_SCHEMA, database, "another bot");
  const ending = endAfterRound();
  const words = layered(file, gitConfig());
  const bot = createBot(settings, { words, database, now, stop: ending });
  const watch = once ? null : watchSources(settings.sources);
  try {
    for (;;) {
      const round = await bot.round();
      if (once) {
        process.exitCode = round.failed ? EXIT.failed : EXIT.ok;
        return;
      }
      if (ending.aborted) return;
      await watch!.news(Math.max(1, round.next - now()), ending);
      if (ending.aborted) return;
    }
  } finally {
    watch?.close();
    bot.close();
    unlock();
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

/** The first signal ends the work after the round that is under way; nothing is cut off. */
function endAfterRound(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => controller.abort());
  return controller.signal;
}
