/**
 * The short way from a command line to a command. Loading yargs takes longer than node itself, and
 * longer than verifying a small series. So this reads plain command lines from the same definition: a
 * subcommand, its options, and words. yargs.ts does the rest.
 */

import { parseArgs } from "node:util";
import type { Options } from "yargs";
import { type Command, type CommandGroup, isGroup, type CommandStatus } from "./command.ts";
import { spelledOut } from "./short-options.ts";

const COMMAND = /^([\w-]+)((?: (?:<\w+>|\[\w+\]))*(?: \[\w+\.\.\])?)$/;

/**
 * @param args what follows the command's name
 * @returns what runs the command, or its subcommand; null if yargs has to look at it
 */
export function plainCall(
  command: Command | CommandGroup,
  args: readonly string[],
): (() => CommandStatus | Promise<CommandStatus>) | null {
  if (isGroup(command)) {
    const [name, ...rest] = args;
    const named = command.commands.find(({ usage }) => COMMAND.exec(usage)?.[1] === name);
    return named === undefined ? null : plainCall(named, rest);
  }
  const [, , words] = COMMAND.exec(command.usage) ?? [];
  if (words === undefined) return null;
  const values = valuesOf(command, words.split(" ").slice(1), args);
  return values === null ? null : () => command.run(values as never);
}

/** The command's arguments; null if a word is missing or too many, or an option is not plain. */
function valuesOf(
  command: Command,
  words: readonly string[],
  args: readonly string[],
): object | null {
  const parsed = parse(command, args);
  if (parsed === null) return null;
  const options = optionValues(command, parsed.values);
  const given = parsed.positionals.map((text) => (/^-./.test(text) ? `./${text}` : text));
  const named = options === null ? null : wordValues(command, words, given);
  return named === null ? null : { ...options, ...named };
}

function optionValues(
  { options }: Command,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = given[name] ?? option.default;
    // parseArgs takes one value an option
    if (name in given && (option.nargs ?? 1) > 1) return null;
    if (value === undefined ? option.demandOption === true : !isChoice(option, value)) return null;
    const isNumber = option.type === "number" && value !== undefined;
    if (isNumber && value === "") return null;
    values[camelCase(name)] = isNumber ? Number(value) : value;
  }
  return values;
}

function isChoice({ choices }: Options, value: unknown): boolean {
  return choices === undefined || choices.includes(value as string);
}

function wordValues(
  command: Command,
  words: readonly string[],
  given: string[],
): Record<string, unknown> | null {
  const values: Record<string, unknown> = {};
  for (const word of words) {
    const name = word.replace(/\W/g, "");
    const many = word.includes("..") && given.length > 0;
    const value = many ? given.splice(0) : given.shift();
    if (value === undefined && word.startsWith("<")) return null;
    values[name] = value ?? command.words[name]?.default;
  }
  return given.length > 0 ? null : values;
}

function parse(
  command: Command,
  args: readonly string[],
): { values: Record<string, unknown>; positionals: string[] } | null {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, alias, array }]) => [
      name,
      {
        type: type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: array === true,
        ...(typeof alias === "string" ? { short: alias } : {}),
      },
    ]),
  );
  try {
    return parseArgs({
      args: [...spelledOut(command, args)],
      options,
      allowPositionals: true,
      // an option that is itself called --no-… would be taken for a negation
      allowNegative: !Object.keys(options).some((name) => name.startsWith("no-")),
    });
  } catch {
    return null;
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
