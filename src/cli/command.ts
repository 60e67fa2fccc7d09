/**
 * A command as data. From one definition, plain-arguments.ts reads plain command lines, and yargs.ts
 * prints help and reports errors.
 */

import type { ArgumentsCamelCase, InferredOptionTypes, Options, PositionalOptions } from "yargs";
import type { ExitStatus } from "../errors.ts";

type Table<T> = Readonly<Record<string, T>>;
/** Nothing means success. */
export type CommandStatus = ExitStatus | void;

export interface Command {
  /** Its name and positional arguments; the last may repeat: `show <identity>`, `sign [file..]`. */
  readonly usage: string;
  readonly describe: string;
  readonly words: Table<PositionalOptions>;
  readonly options: Table<Options>;
  /** Takes the values of `words` and `options`, their names in camel case. */
  readonly run: (values: never) => CommandStatus | Promise<CommandStatus>;
}

/** A command with subcommands: `trust show`. */
export interface CommandGroup {
  readonly usage: string;
  readonly describe: string;
  /** Asked if none of them is named. */
  readonly question: string;
  readonly commands: readonly Command[];
}

/** Ties the types together: `run` gets what is declared. */
export function command<
  W extends Table<PositionalOptions> = object & Table<never>,
  O extends Table<Options> = object & Table<never>,
>(definition: {
  readonly usage: string;
  readonly describe: string;
  readonly words?: W;
  readonly options?: O;
  readonly run: (
    values: ArgumentsCamelCase<InferredOptionTypes<W> & InferredOptionTypes<O>>,
  ) => CommandStatus | Promise<CommandStatus>;
}): Command {
  return { words: {}, options: {}, ...definition };
}

export function isGroup(one: Command | CommandGroup): one is CommandGroup {
  return "commands" in one;
}

/** The word that starts it: `show` of `show <identity>`. */
export function nameOf({ usage }: Command | CommandGroup): string {
  return usage.split(" ", 1)[0]!;
}
