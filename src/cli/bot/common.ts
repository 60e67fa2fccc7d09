/** What the bot's commands share. */

import { formatRecord } from "../../report/json.ts";
import { out } from "../../terminal/terminal.ts";

export const CONFIG_OPTION = {
  type: "string",
  requiresArg: true,
  describe: "the bot's file (default: patchsig.botFile of git config)",
} as const;

export function printBotRecord(type: string, fields: object): void {
  const record = { type, ...fields };
  out(formatRecord(record));
}
