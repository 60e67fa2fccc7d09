/** Runs a command from its arguments: plain ones directly, all others through yargs. */

import type { Command, CommandGroup, CommandStatus } from "./command.ts";
import { plainCall } from "./plain-arguments.ts";

/**
 * Runs a command, or prints its help.
 *
 * @param name of the command
 * @param words what follows it
 * @throws PatchsigError "usage", and what the command throws
 */
export async function runCommand(
  command: Command | CommandGroup,
  name: string,
  words: readonly string[],
): Promise<CommandStatus> {
  const call = plainCall(command, words);
  if (call !== null) return await call();
  // help, and every wrong command line
  const { runWithYargs } = await import("./yargs.ts");
  return runWithYargs(command, name, words);
}
