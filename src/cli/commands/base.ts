/** `patchsig base`: the tree that a series was made against. */

import type { Argv, CommandModule } from "yargs";
import { checkCommand } from "../base/check.ts";
import { showCommand } from "../base/show.ts";

export const baseCommand: CommandModule = {
  command: "base",
  describe: "the tree that a series was made against",
  builder: (yargs): Argv =>
    yargs
      .command(showCommand)
      .command(checkCommand)
      .demandCommand(1, "base: show or check?")
      .strict(),
  handler: () => undefined,
};
