/** `patchsig base`: the tree that a series was made against. */

import type { Argv, CommandModule } from "yargs";
import { checkCommand } from "../base/check.ts";
import { guessCommand } from "../base/guess.ts";
import { showCommand } from "../base/show.ts";

export const baseCommand: CommandModule = {
  command: "base",
  describe: "the tree that a series was made against",
  builder: (yargs): Argv =>
    yargs
      .command(showCommand)
      .command(checkCommand)
      .command(guessCommand)
      .demandCommand(1, "base: show, check or guess?")
      .strict(),
  handler: () => undefined,
};
