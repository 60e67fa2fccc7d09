/** `patchsig series`: what mails hold, which series are versions of one work, and how a branch is sent as one. */

import type { CommandGroup } from "../../options/command.ts";
import {
  adoptCommand,
  coverCommand,
  dropCommand,
  importB4Command,
  pushCommand,
  showCommand,
} from "../series/branch.ts";
import { linkCommand, unlinkCommand } from "../series/links.ts";
import { listCommand } from "../series/list.ts";
import { markCommand } from "../series/mark.ts";

export const seriesCommand: CommandGroup = {
  usage: "series",
  describe: "what mails hold, and what is remembered of a branch that is sent",
  question: "series: list, link, mark … of mails; cover, show … of a branch?",
  commands: [
    listCommand,
    linkCommand,
    unlinkCommand,
    markCommand,
    coverCommand,
    showCommand,
    importB4Command,
    pushCommand,
    adoptCommand,
    dropCommand,
  ],
};
