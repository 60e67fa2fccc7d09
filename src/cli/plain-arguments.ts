/**
 * The short way from a command line to a command. Loading yargs takes longer than node itself, and
 * than all else that a small series asks for. So what is plain is read here, from the same
 * definition: a subcommand, options that it has, and words. For the rest there is yargs.ts.
 */

import { parseArgs } from "node:util";
import type { CommandModule } from "yargs";

interface Option {
  readonly type?: string;
  readonly alias?: string;
  readonly default?: unknown;
  /** An option that can be given more than once, and adds up. */
  readonly array?: boolean;
}

/** Notes down what a command's builder tells yargs; throws if it is more than is looked at here. */
class Recorder {
  readonly known = new Map<string, Option>();
  readonly words = new Map<string, Option>();
  readonly subcommands: CommandModule[] = [];

  option(name: string, option: Option): this {
    this.known.set(name, option);
    return this;
  }
  options(table: Readonly<Record<string, Option>>): this {
    for (const [name, option] of Object.entries(table)) this.option(name, option);
    return this;
  }
  positional(name: string, option: Option): this {
    this.words.set(name, option);
    return this;
  }
  command(
    made: CommandModule | string,
    _describe: string,
    builder: CommandModule["builder"] & object,
    handler: CommandModule["handler"],
  ): this {
    this.subcommands.push(typeof made === "string" ? { command: made, builder, handler } : made);
    return this;
  }
  // what these refuse is not plain
  demandCommand(): this {
    return this;
  }
  strict(): this {
    return this;
  }
}

/** `show <identity>`, `sign [file..]`: a name and its words; of the last one there may be many. */
const COMMAND = /^([\w-]+)((?: (?:<\w+>|\[\w+\]))*(?: \[\w+\.\.\])?)$/;

/**
 * @param args what follows the command's name
 * @returns what runs the command's handler, or its subcommand's; null if yargs has to look at it
 */
export function plainCall(
  command: CommandModule,
  args: readonly string[],
): (() => void | Promise<void>) | null {
  const [, , words] = COMMAND.exec(String(command.command)) ?? [];
  if (words === undefined || typeof command.builder !== "function") return null;
  const recorder = new Recorder();
  void command.builder(recorder as never);
  if (recorder.subcommands.length > 0) {
    const [name, ...rest] = args;
    const named = recorder.subcommands.find(
      ({ command: its }) => COMMAND.exec(String(its))?.[1] === name,
    );
    return named === undefined ? null : plainCall(named, rest);
  }
  const values = valuesOf(recorder, words.split(" ").slice(1), args);
  return values === null ? null : () => command.handler(values);
}

/** What the handler takes; null if a word is missing or one too many, or an option is not plain. */
function valuesOf(
  recorder: Recorder,
  words: readonly string[],
  args: readonly string[],
): Parameters<CommandModule["handler"]>[0] | null {
  const parsed = parse(recorder, args);
  if (parsed === null) return null;
  const values: Record<string, unknown> = {};
  for (const [name, option] of recorder.known) {
    const value = parsed.values[name] ?? option.default;
    if (option.type === "number" && value === "") return null;
    values[camelCase(name)] =
      option.type === "number" && value !== undefined ? Number(value) : value;
  }
  const given = parsed.positionals.map((text) => (/^-./.test(text) ? `./${text}` : text));
  for (const word of words) {
    const name = word.replace(/\W/g, "");
    const many = word.includes("..") && given.length > 0;
    const value = many ? given.splice(0) : given.shift();
    if (value === undefined && word.startsWith("<")) return null;
    values[name] = value ?? recorder.words.get(name)?.default;
  }
  return given.length > 0 ? null : (values as Parameters<CommandModule["handler"]>[0]);
}

function parse(
  { known }: Recorder,
  args: readonly string[],
): { values: Record<string, unknown>; positionals: string[] } | null {
  const options = Object.fromEntries(
    [...known].map(([name, { type, alias, array }]) => [
      name,
      {
        type: type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: array === true,
        ...(alias === undefined ? {} : { short: alias }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch {
    return null;
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
