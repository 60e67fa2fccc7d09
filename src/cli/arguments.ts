/**
 * What a command takes, how it is read, and what --help says of it. Commands describe themselves as
 * they would to yargs; of that this is the part they use. yargs itself takes longer to get going
 * than all else that a small series asks for.
 *
 * - Options and words may stand in any order; after `--` everything is a word.
 * - Of an option that is given twice, the last one counts.
 * - An option that needs a value does not take a word that begins with a dash for it, unless it is
 *   written --option=value. A lone `-` is a word.
 */

import { parseArgs } from "node:util";
import { CliError } from "../errors.ts";
import { padTo, wrapTo } from "../report/escape.ts";

interface Taken {
  readonly type?: "string" | "boolean" | "number";
  /** One letter. */
  readonly alias?: string;
  readonly default?: unknown;
  readonly describe?: string;
  /** Not shown by --help. */
  readonly hidden?: boolean;
}

type Builder = (syntax: Syntax) => unknown;
type Handler = (values: Record<string, unknown>) => unknown;

export interface Command {
  /** Its name, then its words: `show <identity>`, `verify [source..]`. */
  readonly command: string;
  readonly describe: string;
  readonly builder?: Builder;
  readonly handler: Handler;
}

const HELP: Taken = { type: "boolean", alias: "h", describe: "show this" };

/** Collects what a command's builder says of it. */
class Syntax {
  readonly known = new Map<string, Taken>();
  readonly words = new Map<string, Taken>();
  readonly commands: Command[] = [];
  wanted = "";

  option(name: string, taken: Taken): this {
    this.known.set(name, taken);
    return this;
  }
  options(table: Readonly<Record<string, Taken>>): this {
    for (const [name, taken] of Object.entries(table)) this.option(name, taken);
    return this;
  }
  positional(name: string, taken: Taken): this {
    this.words.set(name, taken);
    return this;
  }
  /** A command below this one, whole or in its parts. */
  command(...[first, describe, builder, handler]: [Command | string, ...unknown[]]): this {
    const parts = { command: first, describe, builder, handler } as Command;
    this.commands.push(typeof first === "string" ? parts : first);
    return this;
  }
  /** `text` is said when none of the commands is named. */
  demandCommand(_count: number, text: string): this {
    this.wanted = text;
    return this;
  }
  strict(): this {
    return this;
  }
}

/**
 * Reads the arguments of a command and runs it, or the one below it that they name.
 *
 * @param path the words that led here, `key generate`
 * @param show prints the help
 * @throws CliError "usage"
 */
export async function runCommand(
  { command, describe, builder, handler }: Command,
  args: readonly string[],
  show: (help: string) => void,
  parent = "",
): Promise<void> {
  const [name, ...places] = command.split(" ") as [string, ...string[]];
  const path = parent === "" ? name : `${parent} ${name}`;
  const syntax = new Syntax();
  builder?.(syntax);
  const wrong = (text: string): CliError =>
    new CliError("usage", text, { hint: `patchsig ${path} --help says what it takes` });

  if (syntax.commands.length > 0) {
    const [first, ...rest] = args;
    if (first === "--help" || first === "-h") return show(helpOf(path, [], describe, syntax));
    if (first === undefined) throw wrong(syntax.wanted || `${path} needs more words`);
    const below = syntax.commands.find((known) => known.command.split(" ", 1)[0] === first);
    if (below === undefined) throw wrong(`no such command: ${path} ${first}`);
    return runCommand(below, rest, show, path);
  }
  const { values, words } = readOptions(args, syntax.option("help", HELP).known, wrong);
  if (values["help"] === true) return show(helpOf(path, places, describe, syntax));
  for (const place of places) {
    const [, bracket, word, many] = /^([<[])([^.>\]]*)(\.\.)?/.exec(place)!;
    const given = words.splice(0, many === undefined ? 1 : words.length);
    if (given.length === 0 && bracket === "<") throw wrong(`${path} needs more words`);
    const value = many === undefined ? given[0] : given;
    values[word!] = given.length === 0 ? syntax.words.get(word!)?.default : value;
  }
  if (words[0] !== undefined) throw wrong(`one word too many: ${words[0]}`);
  await handler(values);
}

/** The values of options by their names in camel case, and the words between them. */
function readOptions(
  args: readonly string[],
  table: ReadonlyMap<string, Taken>,
  wrong: (text: string) => CliError,
): { values: Record<string, unknown>; words: string[] } {
  const values: Record<string, unknown> = {};
  const words: string[] = [];
  for (const [name, taken] of table)
    if (taken.default !== undefined) values[camelCase(name)] = taken.default;
  const options = Object.fromEntries(
    [...table].map(([name, { type, alias }]) => [
      name,
      {
        type: type === "boolean" ? ("boolean" as const) : ("string" as const),
        ...(alias === undefined ? {} : { short: alias }),
      },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value, inlineValue } = token;
    const taken = table.get(name);
    if (taken === undefined) throw wrong(`unknown option: ${rawName}`);
    if (taken.type === "boolean") {
      if (value !== undefined) throw wrong(`${rawName} takes no value`);
      values[camelCase(name)] = true;
    } else {
      const isOption = inlineValue === false && /^-./.test(value);
      if (value === undefined || isOption) throw wrong(`${rawName} needs a value`);
      values[camelCase(name)] = taken.type === "number" ? Number(value) : value;
    }
  }
  return { values, words };
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const COLUMNS = 80;

function helpOf(path: string, places: readonly string[], describe: string, syntax: Syntax): string {
  const rows = [
    ...syntax.commands.map((below) => [below.command, below.describe]),
    ...[...syntax.words].map(([name, taken]) => [name, taken.describe ?? ""]),
    ...[...syntax.known]
      .filter(([, taken]) => taken.hidden !== true)
      .map(([name, taken]) => [optionText(name, taken), taken.describe ?? ""]),
  ] as [string, string][];
  const usage = ["patchsig", path, ...places, syntax.known.size > 0 ? "[options]" : "<command>"];
  const width = Math.max(...rows.map(([left]) => left.length)) + 4;
  const lines = rows.flatMap(([left, right]) =>
    wrapTo(right, COLUMNS - width).map(
      (text, i) => padTo(i === 0 ? `  ${left}` : "", width) + text,
    ),
  );
  return `usage: ${usage.join(" ")}\n\n${describe}\n\n${lines.join("\n")}\n`;
}

function optionText(name: string, { type, alias }: Taken): string {
  const letter = alias === undefined ? "    " : `-${alias}, `;
  return `${letter}--${name}${type === "boolean" ? "" : ` <${type ?? "string"}>`}`;
}
