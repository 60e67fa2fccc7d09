/** `patchsig bot`: suggests signing and bases to a list's authors, rarely and in private. */

import type { Argv, CommandModule } from "yargs";
import { previewCommand } from "../bot/preview.ts";
import { runCommand } from "../bot/run.ts";
import { forgetCommand, statusCommand } from "../bot/status.ts";

export const botCommand: CommandModule = {
  command: "bot",
  describe: "suggest signing and bases to a list's authors, rarely and in private",
  builder: (yargs): Argv =>
    yargs
      .command(runCommand)
      .command(previewCommand)
      .command(statusCommand)
      .command(forgetCommand)
      .demandCommand(1, "bot: run, preview, status or forget?")
      .strict(),
  handler: () => undefined,
};
