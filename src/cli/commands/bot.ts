/** `patchsig bot`: suggests signing and bases to a list's authors, rarely and in private. */

import type { CommandGroup } from "../../options/command.ts";
import { previewCommand } from "../bot/preview.ts";
import { runCommand } from "../bot/run.ts";
import { forgetCommand, statusCommand } from "../bot/status.ts";

export const botCommand: CommandGroup = {
  usage: "bot",
  describe: "suggest signing and bases to a list's authors, rarely and in private",
  question: "bot: run, preview, status or forget?",
  commands: [runCommand, previewCommand, statusCommand, forgetCommand],
};
