/** `patchsig bot status` and `bot forget`: what the bot has done, and what it knows about somebody. */

import { existsSync } from "node:fs";
import { authorDigest } from "../../bot/identity.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { ours } from "../../report/escape.ts";
import { renderStatus } from "../../report/bot.ts";
import { BOT_SCHEMA } from "../../store/bot-schema.ts";
import { takeLock } from "../../store/lock.ts";
import { BotStore } from "../../store/bot-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { now } from "../../app/now.ts";
import { out } from "../../terminal/terminal.ts";
import { databaseOf, readBotFile, statusOf } from "../../app/bot/common.ts";
import { CONFIG_OPTION } from "./common.ts";
import { command } from "../../options/command.ts";
import { flag, required } from "../../options/kinds.ts";
import { printRecord } from "../json.ts";

export const statusCommand = command({
  usage: "status",
  paged: true,
  describe: "show what it has done, and the effect",
  options: {
    config: CONFIG_OPTION,
    json: flag("one record"),
  },
  run({ config, json }) {
    const settings = readBotFile(config);
    const store = openStore(databaseOf(settings));
    try {
      const status = statusOf(store, settings.mode);
      if (!json) return out(renderStatus(status));
      const outcomes = Object.fromEntries(status.outcomes);
      const counters = Object.fromEntries(store.counters());
      printRecord("bot-status", { ...status, outcomes, counters, bases: store.bases() });
    } finally {
      store.close();
    }
  },
});

export const forgetCommand = command({
  usage: "forget <address>",
  describe: "remove a person's names, but keep that they want no letters",
  words: {
    address: required("a mail address"),
  },
  options: { config: CONFIG_OPTION },
  run({ config, address }) {
    const identity = normaliseIdentity(address);
    if (identity === null) throw new PatchsigError("usage", `${address} is not a mail address`);
    const file = databaseOf(readBotFile(config));
    // a running bot would write back what it has in memory
    const unlock = existsSync(file) ? takeLock(BOT_SCHEMA, file, "a bot") : () => undefined;
    const store = openStore(file);
    try {
      const series = store.forget(authorDigest(identity), now());
      if (series === 0) {
        out(ours`nothing is known about ${identity}`);
        return EXIT.unmet;
      }
      out(ours`forgot ${identity}: ${series} series`);
    } finally {
      store.close();
      unlock();
    }
  },
});

function openStore(file: string): BotStore {
  if (!existsSync(file))
    throw new PatchsigError("not-found", `the bot has not run yet: there is no ${file}`, {
      hint: "patchsig bot run --once",
    });
  return new BotStore(file, false);
}
