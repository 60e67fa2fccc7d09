/** The manual: git-patchsig(1), a page a command, and git-patchsig-config(5). */

import {
  type CommandDefinition,
  HELP,
  type OptionDefinition,
  type WordDefinition,
} from "./definitions.ts";
import { bold, entry, fromMarkdown, italic, paragraph, plain, typed } from "./roff.ts";

export interface Texts {
  readonly version: string;
  /** When this was, in seconds since 1970. */
  readonly time: number;
  /** Markdown of docs/manual, by the name of the command: what a page says beside its definition. */
  readonly about: ReadonlyMap<string, string>;
  /** README.md, with the tables of exit statuses and settings. */
  readonly readme: string;
  /** docs/policy.md. */
  readonly policy: string;
}

/** The pages by the names of their files, as in a folder of MANPATH. */
export function manualPages(program: CommandDefinition, texts: Texts): Map<string, string> {
  const names = program.commands.map(pageName);
  const pages: [string, number, string[]][] = [
    [pageName(program), 1, programPage(program, names, texts)],
    ...program.commands.map((one): [string, number, string[]] => [
      pageName(one),
      1,
      commandPage(one, texts),
    ]),
    ["git-patchsig-config", 5, configPage(texts)],
  ];
  const files = pages.map(([name, section, lines]): [string, string] => [
    `man${section}/${name}.${section}`,
    [...head(name, section, texts), ...lines, ""].join("\n"),
  ]);
  return new Map([...files, ["man1/patchsig.1", ".so man1/git-patchsig.1\n"]]);
}

const pageName = ({ path }: CommandDefinition): string => ["git-patchsig", ...path].join("-");

function head(name: string, section: number, { version, time }: Texts): string[] {
  const day = new Date(time * 1000).toISOString().slice(0, 10);
  return [
    `.\\" made by scripts/manual.ts: change the definitions in src/cli, or docs/manual`,
    `.TH ${typed(name).toUpperCase()} ${section} ${day} "patchsig ${version}" "patchsig manual"`,
  ];
}

function programPage(program: CommandDefinition, names: readonly string[], texts: Texts): string[] {
  return [
    ...nameSection(program),
    ".SH SYNOPSIS",
    ...["git patchsig", "patchsig"].flatMap((name) =>
      synopsis(name, [`${italic("command")} [${italic("options")}]`]),
    ),
    ...fromMarkdown(texts.about.get("patchsig") ?? ""),
    ".SH COMMANDS",
    ...program.commands.flatMap((one) => [
      ".TP",
      `${bold(pageName(one))}(1)`,
      ...paragraph(one.describe),
    ]),
    ".SH OPTIONS",
    ...program.options.flatMap(optionEntry),
    ".SH EXIT STATUS",
    ...fromMarkdown(section(texts.readme, "Exit status")),
    ".SH ENVIRONMENT",
    ...entry(bold("XDG_DATA_HOME"), "where the data folder lies (default: `~/.local/share`)"),
    ...entry(bold("SSH_AUTH_SOCK"), "the socket of ssh-agent, which can hold the key"),
    ...entry(
      bold("GIT_PAGER, PAGER"),
      "the pager, chosen as by git: `GIT_PAGER`, `pager.patchsig` and `core.pager` of the user's own git config, `PAGER`, less",
    ),
    ...entry(`${bold("GIT_PAGER")}, ${bold("PAGER")}`, "the pager, as in git"),
    ...entry(bold("NO_COLOR"), "if it is set and not empty, nothing is coloured"),
    ...entry(bold("PATCHSIG_DEBUG"), "if it is set, an unexpected error prints where it arose"),
    ...files(),
    ...seeAlso([...names.map((name): [string, number] => [name, 1]), ["git-patchsig-config", 5]]),
  ];
}

function commandPage(one: CommandDefinition, texts: Texts): string[] {
  const about = texts.about.get(one.path.join("-")) ?? `## Description\n\n${one.describe}`;
  const [description = "", ...more] = about.split(/^(?=## )/m);
  const leaves = one.commands.length > 0 ? one.commands : [one];
  return [
    ...nameSection(one),
    ".SH SYNOPSIS",
    ...leaves.flatMap((leaf) => synopsis(commandLine(leaf), usageWords(leaf))),
    ...fromMarkdown(description),
    ...(one.commands.length > 0
      ? [".SH COMMANDS", ...one.commands.flatMap(commandSection)]
      : [".SH OPTIONS", ...one.words.flatMap(wordEntry), ...one.options.flatMap(optionEntry)]),
    ...(one.commands.length > 0 ? [".SH OPTIONS OF ALL"] : []),
    ...optionEntry(HELP),
    ...fromMarkdown(more.join("")),
    ".SH EXIT STATUS",
    ...paragraph("As for all commands: see `git-patchsig`(1)."),
    ".SH CONFIGURATION",
    ...paragraph("Settings in git config: see `git-patchsig-config`(5)."),
    ...files(),
    ...seeAlso([
      ["git-patchsig", 1],
      ["git-patchsig-config", 5],
      ["git", 1],
    ]),
  ];
}

function configPage({ readme, policy }: Texts): string[] {
  return [
    ".SH NAME",
    `git\\-patchsig\\-config \\- settings of patchsig in git config`,
    ".SH DESCRIPTION",
    ...fromMarkdown(section(readme, "Settings")),
    ".SH POLICY",
    ...fromMarkdown(policy.replace(/^# .*\n/, "")),
    ...seeAlso([
      ["git-patchsig", 1],
      ["git-patchsig-verify", 1],
      ["git-config", 1],
    ]),
  ];
}

function nameSection(one: CommandDefinition): string[] {
  return [".SH NAME", `${typed(pageName(one))} \\- ${plain(one.describe)}`];
}

const commandLine = ({ path }: CommandDefinition): string => ["git patchsig", ...path].join(" ");

function synopsis(name: string, words: readonly string[]): string[] {
  return [`.SY "${typed(name)}"`, ...words, ".YS"];
}

function usageWords({ options, words }: CommandDefinition): string[] {
  return [
    ...options.map((option) => `[${optionUsage(option)}]`),
    ...words.map((word) => (word.optional ? `[${wordUsage(word)}]` : wordUsage(word))),
  ];
}

function wordUsage({ name, many }: WordDefinition): string {
  return italic(`<${name}>`) + (many ? "..." : "");
}

function optionUsage({ long, value, glued, negatable }: OptionDefinition): string {
  const name = negatable ? long.replace("--", "--[no-]") : long;
  const optional = glued === null ? "" : `[=${italic(glued)}]`;
  return bold(name) + (value === null ? optional : `=${italic(value)}`);
}

function wordEntry(word: WordDefinition): string[] {
  return entry(wordUsage(word), word.describe);
}

function optionEntry(option: OptionDefinition): string[] {
  const { short, many, describe } = option;
  const tag = (short === null ? "" : `${bold(short)}, `) + optionUsage(option);
  return entry(
    tag,
    many && !/\bagain\b/.test(describe) ? `${describe}; can be given again` : describe,
  );
}

function commandSection(leaf: CommandDefinition): string[] {
  const { path, describe, words, options } = leaf;
  return [
    `.SS ${typed(path.slice(1).join(" "))}`,
    ...paragraph(describe),
    ...words.flatMap(wordEntry),
    ...options.flatMap(optionEntry),
  ];
}

function files(): string[] {
  return [
    ".SH FILES",
    ...entry(
      bold("$XDG_DATA_HOME/patchsig"),
      "the data folder: keys, and `trust.db`, the keys of others (default: `~/.local/share/patchsig`)",
    ),
  ];
}

function seeAlso(pages: readonly (readonly [string, number])[]): string[] {
  const last = pages.length - 1;
  return [
    ".SH SEE ALSO",
    ...pages.map(([name, section], i) => `.BR ${typed(name)} (${section})${i < last ? "," : ""}`),
  ];
}

/** What stands under a heading of the second level. */
function section(markdown: string, heading: string): string {
  const found = new RegExp(`^## ${heading}\n([^]*?)(?=^## |(?![^]))`, "m").exec(markdown);
  if (found === null) throw new Error(`no section ${heading}`);
  return found[1]!;
}
