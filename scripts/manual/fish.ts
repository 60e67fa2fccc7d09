/** Completion for fish: of `patchsig`, and of `git patchsig` by the same. */

import {
  type CommandDefinition,
  HELP,
  type OptionDefinition,
  quoted,
  withAllBelow,
} from "./definitions.ts";

const FUNCTIONS = `
# the words so far that are no options, without the program's name
function __patchsig_words
    string match -v -- '-*' (commandline -opc)[2..-1]
end

# true if the words so far begin with these
function __patchsig_in
    set -l words (__patchsig_words)
    string match -q -- "$argv *" "$words "
end

# true if the words so far are these alone: what follows is a command
function __patchsig_wants
    test "$(__patchsig_words)" = "$argv"
end
`;

/** For conf.d: fish loads the completion of git alone when git's is asked for. */
export const FISH_OF_GIT = `# git patchsig completes as patchsig does; made by scripts/manual.ts
function __patchsig_after_git
    set -l words (commandline -opc)
    set -l at (contains -i -- patchsig $words); or return
    set -e words[1..$at]
    complete -C (string join ' ' -- patchsig (string escape -- $words) (commandline -ct))
end
complete -c git -f -n '__fish_git_using_command patchsig' -a '(__patchsig_after_git)'
`;

export function fishCompletion(program: CommandDefinition): string {
  const lines = withAllBelow(program).flatMap((one) => [
    ...one.commands.map(({ path, describe }) =>
      rule(["-f", "-n", quoted(["__patchsig_wants", ...one.path].join(" "))], {
        a: path.at(-1)!,
        d: describe,
      }),
    ),
    ...one.options
      .filter(({ long }) => long !== HELP.long)
      .flatMap((option) => optionRules(one, option)),
  ]);
  const help = rule([], { s: "h", l: "help", d: HELP.describe });
  return `# completion of patchsig for fish; made by scripts/manual.ts\n${FUNCTIONS}${[...lines, help].join("\n")}\n`;
}

function optionRules({ path }: CommandDefinition, option: OptionDefinition): string[] {
  const { long, short, value, negatable, describe } = option;
  const where = path.length === 0 ? "__patchsig_wants" : ["__patchsig_in", ...path].join(" ");
  const flags = ["-n", quoted(where), ...(value === null ? [] : ["-r"])];
  const name = long.slice(2);
  return [
    rule(flags, { ...(short === null ? {} : { s: short.slice(1) }), l: name, d: describe }),
    ...(negatable ? [rule(flags, { l: `no-${name}`, d: `not ${name}` })] : []),
  ];
}

function rule(flags: readonly string[], values: Readonly<Record<string, string>>): string {
  const named = Object.entries(values).map(([flag, value]) => `-${flag} ${fishQuoted(value)}`);
  return ["complete", "-c", "patchsig", ...flags, ...named].join(" ");
}

/** fish has its own: a backslash escapes within single quotes. */
function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
