/** Runs a command from its arguments: plain ones directly, all others through yargs. */

import { isatty } from "node:tty";
import {
  type Command,
  type CommandGroup,
  commandNamed,
  type CommandStatus,
} from "../options/command.ts";
import { plainCall } from "../options/plain-arguments.ts";
import { escapeLines } from "../report/escape.ts";
import { out, useScreen } from "../terminal/terminal.ts";

/**
 * Runs a command, or prints its help.
 *
 * @param name of the command
 * @param words what follows it
 * @param paged whether a pager may be used
 * @throws PatchsigError "usage", and what the command throws
 */
export async function runCommand(
  command: Command | CommandGroup,
  name: string,
  words: readonly string[],
  paged = false,
): Promise<CommandStatus> {
  if (paged && commandNamed(command, words)?.paged === true && isatty(1))
    useScreen((await import("../terminal/pager.ts")).openPager);
  const call = plainCall(command, words);
  if (call !== null) return await call();
  // help, and every wrong command line
  const { runWithYargs } = await import("../options/yargs.ts");
  return runWithYargs(command, name, words, (help) => out(escapeLines(help)));
}
