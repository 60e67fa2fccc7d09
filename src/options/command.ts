/**
 * A command as data. From one definition, plain-arguments.ts reads plain command lines, and yargs.ts
 * prints help and reports errors.
 */

import type { InferredOptionType, Options, PositionalOptions } from "yargs";
import type { ExitStatus } from "../errors.ts";

type Table<T> = Readonly<Record<string, T>>;
/** Nothing means success. */
export type CommandStatus = ExitStatus | void;

/** Why an option of git's command is not taken, and the way that there is instead; one line each. */
export interface RefusedOption {
  readonly alias?: string;
  readonly why: string;
  readonly hint?: string;
}

export interface Command {
  /** Its name and positional arguments; the last may repeat: `show <identity>`, `sign [file..]`. */
  readonly usage: string;
  readonly describe: string;
  readonly words: Table<PositionalOptions>;
  readonly options: Table<Options>;
  /** Options whose value may be left out. As in git, it must be glued on: `-S`, `-SKEY`. */
  readonly glued: readonly string[];
  /** Options of git's command of the same name that this one does not take, by name. */
  readonly refused: Table<RefusedOption>;
  /** Its output is for reading: it goes through a pager on a terminal. */
  readonly paged: boolean;
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

type CamelCase<Name> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name & string;

/** The values of `words` or `options`, their names in camel case. */
export type ValuesOf<T extends Table<Options | PositionalOptions>> = {
  readonly [K in keyof T as CamelCase<K>]: InferredOptionType<T[K]>;
};

/** Ties the types together: `run` gets what is declared. */
export function command<
  W extends Table<PositionalOptions> = object & Table<never>,
  O extends Table<Options> = object & Table<never>,
>(definition: {
  readonly usage: string;
  readonly describe: string;
  readonly words?: W;
  readonly options?: O;
  readonly glued?: readonly (keyof O & string)[];
  readonly refused?: Table<RefusedOption>;
  readonly paged?: boolean;
  readonly run: (values: ValuesOf<W> & ValuesOf<O>) => CommandStatus | Promise<CommandStatus>;
}): Command {
  return { words: {}, options: {}, glued: [], refused: {}, paged: false, ...definition };
}

export function isGroup(one: Command | CommandGroup): one is CommandGroup {
  return "commands" in one;
}

/** The command itself, or that of the group which the words name. */
export function commandNamed(
  one: Command | CommandGroup,
  words: readonly string[],
): Command | undefined {
  return isGroup(one) ? one.commands.find((each) => nameOf(each) === words[0]) : one;
}

/** The word that starts it: `show` of `show <identity>`. */
export function nameOf({ usage }: Command | CommandGroup): string {
  return usage.split(" ", 1)[0]!;
}
