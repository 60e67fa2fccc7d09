/**
 * Completion for zsh: of `patchsig`, and of `git patchsig`, which zsh's completion of git leaves to
 * `_git-patchsig`.
 */

import {
  type CommandDefinition,
  HELP,
  type OptionDefinition,
  quoted,
  type WordDefinition,
} from "./definitions.ts";

export function zshCompletion(program: CommandDefinition): string {
  return `#compdef git-patchsig patchsig
#description ${program.describe}
# made by scripts/manual.ts

${functionsOf(program).join("\n")}
_git-patchsig "$@"
`;
}

/** A function a command; those of a group lead on to its commands. */
function functionsOf(one: CommandDefinition): string[] {
  const own = one.commands.length > 0 ? groupBody(one) : leafBody(one);
  return [
    ...one.commands.flatMap(functionsOf),
    `${functionName(one)}() {\n${own.map((line) => `  ${line}\n`).join("")}}\n`,
  ];
}

const functionName = ({ path }: CommandDefinition): string => ["_git-patchsig", ...path].join("-");

function groupBody({ options, commands }: CommandDefinition): string[] {
  const described = commands.map(({ path, describe }) =>
    quoted(`${path.at(-1)}:${describe.replaceAll(":", "\\:")}`),
  );
  return [
    "local curcontext=$curcontext state ret=1",
    "local -a commands",
    `commands=(\n    ${described.join("\n    ")}\n  )`,
    `_arguments -C ${optionSpecs(options).join(" ")} '1: :->command' '*:: :->rest' && ret=0`,
    "case $state in",
    "  command) _describe -t commands command commands && ret=0 ;;",
    "  rest)",
    "    case $words[1] in",
    ...commands.map((each) => `      ${each.path.at(-1)}) ${functionName(each)} && ret=0 ;;`),
    "    esac ;;",
    "esac",
    "return ret",
  ];
}

function leafBody({ path, options, words }: CommandDefinition): string[] {
  const specs = [...optionSpecs(options), ...words.map(wordSpec)];
  const own = `_arguments -S ${specs.map((spec) => `\\\n    ${spec}`).join(" ")}`;
  // most of its words are git's
  return path.join() === "format-patch"
    ? ["local ret=1", `${own} && ret=0`, "_call_function ret _git-format-patch", "return ret"]
    : [own];
}

/** \`_arguments' specifications, quoted. */
function optionSpecs(options: readonly OptionDefinition[]): string[] {
  return [...options.filter(({ long }) => long !== HELP.long), HELP].flatMap(optionSpec);
}

function optionSpec(option: OptionDefinition): string[] {
  const { long, short, value, negatable, many, describe } = option;
  const text = `[${escaped(describe)}]`;
  const argument = value === null ? "" : ":value:_files";
  const names = short === null ? [long] : [short, long];
  const others = many ? "*" : names.length > 1 ? `(${names.join(" ")})` : "";
  return [
    ...names.map((name) => {
      const assigned = value === null ? "" : name.startsWith("--") ? "=" : "+";
      return quoted(`${others}${name}${assigned}${text}${argument}`);
    }),
    ...(negatable ? [quoted(`${long.replace("--", "--no-")}[not ${long.slice(2)}]`)] : []),
  ];
}

function wordSpec({ name, optional, many }: WordDefinition, i: number): string {
  const place = many ? "*" : String(i + 1);
  return quoted(`${place}:${optional && !many ? ":" : ""}${name}:_files`);
}

const escaped = (text: string): string => text.replace(/[[\]:]/g, "\\$&");
