/** From words to a command's handler: the short way if they are plain, else by yargs. */

import type { CommandModule } from "yargs";
import { plainCall } from "./plain-arguments.ts";

/**
 * Runs a command, or prints its help.
 *
 * @param name of the command
 * @param words what follows it
 * @throws PatchsigError "usage", and what the command throws
 */
export async function runCommand(
  command: CommandModule,
  name: string,
  words: readonly string[],
): Promise<void> {
  const call = plainCall(command, words);
  if (call !== null) return await call();
  // help, and everything that is wrong
  const { runWithYargs } = await import("./yargs.ts");
  await runWithYargs(command, name, words);
}
