/** `patchsig base`: the tree that a series was made against. */

import type { CommandGroup } from "../../options/command.ts";
import { checkCommand } from "../base/check.ts";
import { guessCommand } from "../base/guess.ts";
import { showCommand } from "../base/show.ts";

export const baseCommand: CommandGroup = {
  usage: "base",
  describe: "the tree that a series was made against",
  question: "base: show, check or guess?",
  commands: [showCommand, checkCommand, guessCommand],
};
