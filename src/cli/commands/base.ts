/** `patchsig base`: the tree that a series was made against. */

import type { Argv, CommandModule } from "yargs";
import { checkCommand } from "../base/check.ts";
import { guessCommand } from "../base/guess.ts";
import { showCommand } from "../base/show.ts";
import { plainArguments } from "../plain-arguments.ts";

const COMMANDS = new Map(
  [showCommand, checkCommand, guessCommand].map((command) => [
    String(command.command).split(" ")[0],
    command as CommandModule,
  ]),
);

const withYargs: CommandModule = {
  command: "base",
  describe: "the tree that a series was made against",
  builder: (yargs): Argv =>
    [...COMMANDS.values()]
      .reduce((all, command) => all.command(command), yargs)
      .demandCommand(1, "base: show, check or guess?")
      .strict(),
  handler: () => undefined,
};

export const baseCommand = {
  async run(args: string[]): Promise<void> {
    const [name, ...rest] = args;
    const command = COMMANDS.get(name);
    const values = command === undefined ? null : plainArguments(command, rest);
    // the short way, as main.ts goes it for commands that have none below them
    if (values !== null) return await command?.handler(values);
    const { runWithYargs } = await import("../yargs.ts");
    await runWithYargs(withYargs, "base", args);
  },
};
