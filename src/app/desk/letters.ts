/** What the letters of the user's own bot led to, if there is one on this machine. */

import { existsSync } from "node:fs";
import type { LettersEffect } from "../../bot/effect.ts";
import { BotStore } from "../../store/bot-store.ts";
import { databaseOf, readBotFile } from "../bot/common.ts";
import { gitConfig } from "../settings.ts";

/**
 * @returns null without `patchsig.botFile`, or before the bot has run
 * @throws PatchsigError as `readBotFile` and `openDatabase`
 */
export function lettersEffect(): LettersEffect | null {
  if (gitConfig().path("patchsig.botFile") === null) return null;
  const file = databaseOf(readBotFile(undefined));
  if (!existsSync(file)) return null;
  const store = new BotStore(file, false);
  try {
    return store.effect();
  } finally {
    store.close();
  }
}
