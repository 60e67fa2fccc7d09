/** The program's commands, as its manual and its completion need them. */

import { type Command, type CommandGroup, isGroup } from "../../src/options/command.ts";
import { COMMANDS, isRaw } from "../../src/cli/main.ts";

export interface OptionDefinition {
  /** As typed: `--require`, and `-s` or null. */
  readonly long: string;
  readonly short: string | null;
  /** What stands for its value, as in `<n>`; null if it needs none. */
  readonly value: string | null;
  /** What stands for a value that may be left out, and else is glued on; null if there is none. */
  readonly glued: string | null;
  /** True if it is on unless `--no-…` is given. */
  readonly negatable: boolean;
  readonly many: boolean;
  readonly describe: string;
}

export interface WordDefinition {
  readonly name: string;
  readonly optional: boolean;
  readonly many: boolean;
  readonly describe: string;
}

export interface CommandDefinition {
  /** `["trust", "accept"]`; of the program itself none. */
  readonly path: readonly string[];
  readonly describe: string;
  readonly words: readonly WordDefinition[];
  readonly options: readonly OptionDefinition[];
  /** Those below it, if it is a group. */
  readonly commands: readonly CommandDefinition[];
}

/** Every command has it. */
export const HELP: OptionDefinition = {
  long: "--help",
  short: "-h",
  value: null,
  glued: null,
  negatable: false,
  many: false,
  describe: "print help",
};

/** Loads all commands. */
export async function readProgram(): Promise<CommandDefinition> {
  const commands: CommandDefinition[] = [];
  for (const { load } of Object.values(COMMANDS)) {
    const loaded = await load();
    commands.push(definitionOf(isRaw(loaded) ? await loaded.definition() : loaded, []));
  }
  const version = { ...HELP, long: "--version", short: "-v", describe: "print the version" };
  const noPager = { ...HELP, long: "--no-pager", short: "-P", describe: "print without a pager" };
  const describe = "sign, verify and apply e-mailed git patches";
  return { path: [], describe, words: [], options: [HELP, version, noPager], commands };
}

function definitionOf(one: Command | CommandGroup, above: readonly string[]): CommandDefinition {
  const [name = "", ...words] = one.usage.split(" ");
  const path = [...above, name];
  const { describe } = one;
  if (isGroup(one)) {
    const commands = one.commands.map((each) => definitionOf(each, path));
    return { path, describe, words: [], options: [], commands };
  }
  return {
    path,
    describe,
    words: words.map((word) => wordOf(word, one.words)),
    options: optionsOf(one),
    commands: [],
  };
}

/** @param word `<file>`, `[file]` or `[file..]` */
function wordOf(word: string, known: Command["words"]): WordDefinition {
  const name = word.replace(/[^\w-]/g, "");
  return {
    name,
    optional: word.startsWith("["),
    many: word.includes(".."),
    describe: known[name]?.describe ?? "",
  };
}

function optionsOf({ options, glued }: Command): OptionDefinition[] {
  return Object.entries(options)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([name, { alias, type, array, describe = "", default: preset }]) => ({
      long: `--${name}`,
      short: typeof alias === "string" ? `-${alias}` : null,
      value:
        type === "boolean" || glued.includes(name) ? null : type === "number" ? "<n>" : "<value>",
      glued: glued.includes(name) ? "<value>" : null,
      negatable: type === "boolean" && preset === true,
      many: array === true,
      // of what is a text or a number, and not said in words
      describe:
        typeof preset === "boolean" || preset === undefined || describe.includes("default")
          ? describe
          : `${describe} (default: ${String(preset)})`,
    }));
}

/** A program or command, and all that are below it. */
export function withAllBelow(one: CommandDefinition): CommandDefinition[] {
  return [one, ...one.commands.flatMap(withAllBelow)];
}

/** A text within single quotes of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
