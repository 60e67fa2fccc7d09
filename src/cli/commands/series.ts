/** `patchsig series`: what some mails hold, and which series are versions of one work. */

import type { CommandGroup } from "../../options/command.ts";
import { linkCommand, unlinkCommand } from "../series/links.ts";
import { listCommand } from "../series/list.ts";

export const seriesCommand: CommandGroup = {
  usage: "series",
  describe: "what some mails hold: list, link, unlink",
  question: "series: list, link or unlink?",
  commands: [listCommand, linkCommand, unlinkCommand],
};
