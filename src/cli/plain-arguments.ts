/**
 * The short way from a command line to a command. Loading yargs takes longer than node itself, and
 * than all else that a small series asks for. So what is plain is read here, from the same
 * definition: options that the command has, and words. For the rest there is yargs.ts.
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

/** Notes down what a command's builder tells yargs; throws if it is more than options and words. */
class Recorder {
  readonly known = new Map<string, Option>();
  readonly words = new Map<string, Option>();

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
}

/** `verify [source..]`: one name for all words, or for the only one. */
const WORDS = /^\w[\w-]* \[(\w+)(\.\.)?\]$/;

/**
 * @param args what follows the command's name
 * @returns what the command's handler takes; null if yargs has to look at it
 */
export function plainArguments(
  command: CommandModule,
  args: readonly string[],
): Parameters<CommandModule["handler"]>[0] | null {
  const [, word, many] = WORDS.exec(String(command.command)) ?? [];
  if (word === undefined || typeof command.builder !== "function") return null;
  const recorder = new Recorder();
  void command.builder(recorder as never);
  const parsed = parse(recorder, args);
  if (parsed === null || (many === undefined && parsed.positionals.length > 1)) return null;

  const values: Record<string, unknown> = {};
  for (const [name, option] of recorder.known) {
    const value = parsed.values[name] ?? option.default;
    values[camelCase(name)] =
      option.type === "number" && value !== undefined ? Number(value) : value;
  }
  const words = parsed.positionals.map((text) => (/^-./.test(text) ? `./${text}` : text));
  const given = many === undefined ? words[0] : words;
  values[word] = words.length === 0 ? recorder.words.get(word)?.default : given;
  return values as Parameters<CommandModule["handler"]>[0];
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
