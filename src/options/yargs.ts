/** Arguments by yargs: help, subcommands, and clear errors. */

import yargs, { type CommandModule } from "yargs";
import { PatchsigError } from "../errors.ts";
import {
  type Command,
  type CommandGroup,
  commandNamed,
  type CommandStatus,
  isGroup,
  nameOf,
} from "./command.ts";
import { refusedOption } from "./refused-options.ts";
import { spelledOut } from "./short-options.ts";
import { didYouMean, similar } from "./similar.ts";

// missing in yargs' types
declare module "yargs" {
  interface Argv<T> {
    usageConfiguration(settings: { "hide-types": boolean }): Argv<T>;
  }
}

/**
 * Runs a command, or prints its help.
 *
 * @param name of the command
 * @param words what follows it
 * @param print gets the help, if that is asked for
 * @throws PatchsigError "usage", and what the command throws
 */
export async function runWithYargs(
  command: Command | CommandGroup,
  name: string,
  words: readonly string[],
  print: (help: string) => void,
): Promise<CommandStatus> {
  const named = commandNamed(command, words);
  const refused = named === undefined ? null : refusedOption(named, words);
  if (refused !== null) throw refused;
  const spelled = named === undefined ? words : spelledOut(named, words);
  let status: CommandStatus = undefined;
  const onStatus = (its: CommandStatus): void => void (status = its);
  await yargs()
    .scriptName("patchsig")
    .command(moduleOf(command, onStatus))
    .strict()
    .demandCommand(1, "")
    .version(false)
    .help()
    .alias("help", "h")
    .usageConfiguration({ "hide-types": true })
    .wrap(Math.min(80, process.stdout.columns || 80))
    .parserConfiguration({ "parse-numbers": false })
    .middleware((argv) => lastOneCounts(argv, listsOf(named)), true)
    .middleware(dashAgain)
    .exitProcess(false)
    .fail((message, error) => {
      // a handler's own error comes as `error`, a wrong flag as `message`
      if (error instanceof Error && !("name" in error && error.name === "YError")) throw error;
      throw usageError(command, name, words, message ?? error?.message ?? "");
    })
    .parseAsync([name, ...afterDashes(spelled)], {}, (_error, _argv, output) => {
      if (output !== "") print(output);
    });
  return status;
}

/** A command as yargs wants it. */
function moduleOf(
  one: Command | CommandGroup,
  onStatus: (status: CommandStatus) => void,
): CommandModule {
  const { usage, describe } = one;
  if (isGroup(one))
    return {
      command: usage,
      describe,
      builder: (argv) => {
        for (const each of one.commands) argv.command(moduleOf(each, onStatus));
        return argv.demandCommand(1, one.question).strict();
      },
      // never reached: a subcommand is required
      handler: () => undefined,
    };
  return {
    command: usage,
    describe,
    builder: (argv) => {
      for (const [name, word] of Object.entries(one.words)) argv.positional(name, word);
      return argv.options({ ...one.options });
    },
    handler: async (values) => onStatus(await one.run(values as never)),
  };
}

/** The last value of a repeated option counts, as in git; yargs would make a list. */
function lastOneCounts(argv: Record<string, unknown>, lists: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(argv)) {
    if (Array.isArray(value) && !lists.has(name)) argv[name] = value.at(-1);
  }
}

/** The names, in all their spellings, of what may have several values: files, options that accumulate. */
function listsOf(named: Command | undefined): ReadonlySet<string> {
  const all = Object.entries({ ...named?.words, ...named?.options });
  const names = all.flatMap(([name, { array, alias }]) =>
    array === true ? [name, ...[alias ?? []].flat()] : [],
  );
  const camelCase = (name: string): string =>
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return new Set(["_", ...names, ...names.map(camelCase)]);
}

/** Stands in for "-", which yargs drops from a list of positionals. */
const DASH = "\0-";

function dashAgain(argv: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(argv)) {
    if (value === DASH) argv[name] = "-";
    else if (Array.isArray(value)) argv[name] = value.map((word) => (word === DASH ? "-" : word));
  }
}

/**
 * Arguments after `--` are positionals, whatever they begin with. yargs would not treat them so; it
 * gets them as paths, without the dashes.
 */
function afterDashes(args: readonly string[]): string[] {
  const cut = args.indexOf("--");
  const words = cut < 0 ? [...args] : args.slice(0, cut);
  const names = cut < 0 ? [] : args.slice(cut + 1);
  return [...words, ...names.map((word) => (/^-./.test(word) ? `./${word}` : word))].map((word) =>
    word === "-" ? DASH : word,
  );
}

/** yargs' error, in terms of what the user typed, and what else may have been meant. */
function usageError(
  command: Command | CommandGroup,
  name: string,
  words: readonly string[],
  text: string,
): PatchsigError {
  const { message, like = [], hint } = complaint(command, name, text, words);
  return new PatchsigError("usage", message, {
    hint: hint ?? didYouMean(like) ?? `patchsig ${asked(command, name, words)} --help explains it`,
  });
}

/** The command, with that of the group which is named. */
function asked(command: Command | CommandGroup, name: string, words: readonly string[]): string {
  const named = commandNamed(command, words);
  return named === undefined || named === command ? name : `${name} ${nameOf(named)}`;
}

interface Complaint {
  readonly message: string;
  readonly like?: readonly string[];
  readonly hint?: string;
}

/** What yargs says, and the first of what it says it of. */
const KINDS = /^(Unknown|Not enough|Missing|Invalid) [^:]*:(?:\n +Argument:)? ([^,\n]*)/;

function complaint(
  command: Command | CommandGroup,
  name: string,
  text: string,
  words: readonly string[],
): Complaint {
  const [, kind, first = ""] = KINDS.exec(text) ?? [];
  if (kind === "Unknown") return unknown(command, name, first, words);
  if (kind === "Missing") return { message: `--${first} is missing` };
  if (kind === "Invalid") return { message: notAChoice(command, first, words) };
  if (kind === "Not enough" && text.includes("non-option"))
    return {
      message: `${asked(command, name, words)} needs more words`,
      hint: `patchsig ${isGroup(command) ? `${name} ` : ""}${commandNamed(command, words)?.usage}`,
    };
  if (kind === "Not enough")
    return { message: `${first.length > 1 ? "--" : "-"}${first} needs a value` };
  const [line = ""] = text.split("\n");
  return {
    message:
      line === "" ? `${name} needs more words` : line.charAt(0).toLowerCase() + line.slice(1),
  };
}

/** @param first what nobody knows */
function unknown(
  command: Command | CommandGroup,
  name: string,
  first: string,
  words: readonly string[],
): Complaint {
  const typed = words.map((word) => word.replace(/=.*/s, ""));
  // yargs takes every --no-x for x
  const option = [`--${first}`, `--no-${first}`].find((word) => typed.includes(word));
  if (option === "--no-pager")
    return { message: "--no-pager goes before the command", hint: `patchsig --no-pager ${name}` };
  if (option !== undefined)
    return { message: `unknown option: ${option}`, like: optionsLike(command, first, words) };
  if (typed.some((word) => /^-[^-]/.test(word) && word.includes(first)))
    return { message: `unknown option: -${first}` };
  if (words[0] !== first) return { message: `one word too many: ${first}` };
  const names = isGroup(command) ? command.commands.map(nameOf) : [];
  return {
    message: `no such command: ${name} ${first}`,
    like: similar(first, names).map((one) => `${name} ${one}`),
  };
}

function notAChoice(
  command: Command | CommandGroup,
  option: string,
  words: readonly string[],
): string {
  const { choices = [] } = commandNamed(command, words)?.options[option] ?? {};
  return `--${option} is one of ${choices.join(", ")}`;
}

/** The options that the command, or the one of the group that is named, may have instead. */
function optionsLike(
  command: Command | CommandGroup,
  typed: string,
  words: readonly string[],
): string[] {
  const { options = {}, refused = {} } = commandNamed(command, words) ?? {};
  return similar(typed, Object.keys({ ...options, ...refused })).map((option) => `--${option}`);
}
