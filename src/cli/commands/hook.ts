/**
 * `patchsig hook`: git send-email signs by itself. `hook run`, which git starts once a patch, has to
 * be quick: nothing of the rest is loaded for it.
 */

import type { CommandGroup, CommandStatus } from "../../options/command.ts";
import { say } from "../../terminal/terminal.ts";

export const hookCommand = {
  definition: async (): Promise<CommandGroup> => (await import("../hook/setup.ts")).hookSetup,
  async run(args: string[]): Promise<CommandStatus> {
    const [action, ...rest] = args;
    if (action === "run") {
      const { runHook } = await import("../../app/hook/run.ts");
      const askPassword = async (prompt: string): Promise<Buffer> =>
        (await import("../signer.ts")).askOnTerminal(prompt);
      return runHook(rest, { say, askPassword });
    }
    const { runCommand } = await import("../run-command.ts");
    return runCommand(await this.definition(), "hook", args);
  },
};
