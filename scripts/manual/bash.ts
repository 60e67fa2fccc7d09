/**
 * Completion for bash: of `patchsig`, and of `git patchsig`, which git's own completion leaves to
 * `_git_patchsig`.
 */

import { type CommandDefinition, HELP, withAllBelow } from "./definitions.ts";

/** What is not data. `words`, `cword` and `cur` are named as git's completion names them. */
const FUNCTIONS = `
# __patchsig FIRST: completes cur, which is words[cword]; the program's name is words[FIRST]
__patchsig()
{
	local i path= word
	for ((i = $1 + 1; i < cword; i++)); do
		[[ " $(__patchsig_commands "$path") " == *" \${words[i]} "* ]] || break
		path="\${path:+$path }\${words[i]}"
	done
	local candidates
	case "$cur" in
	-*) candidates="$(__patchsig_options "$path") --help" ;;
	*) candidates=$(__patchsig_commands "$path") ;;
	esac
	if [[ $path == format-patch ]] && declare -f _git_format_patch >/dev/null; then
		__git_cmd_idx=$((i - 1)) _git_format_patch
	else
		COMPREPLY=()
	fi
	for word in $candidates; do
		[[ $word == "$cur"* ]] || continue
		# a value follows at once
		[[ $word == *= ]] || word="$word "
		COMPREPLY+=("$word")
	done
}

# by git's completion
_git_patchsig()
{
	__patchsig "\${__git_cmd_idx:-1}"
}

_patchsig()
{
	local words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur="\${COMP_WORDS[COMP_CWORD]}"
	__patchsig 0
}

# where there is nothing to say, files
complete -o bashdefault -o default -o nospace -F _patchsig patchsig git-patchsig
`;

export function bashCompletion(program: CommandDefinition): string {
  const all = withAllBelow(program);
  return (
    [
      "# completion of patchsig and git patchsig for bash; made by scripts/manual.ts",
      "",
      table(
        "commands",
        all.map(({ path, commands }) => [path, commands.map((one) => one.path.at(-1)!)]),
      ),
      table(
        "options",
        all.map(({ path, options }) => [
          path,
          options
            .filter((option) => option.long !== HELP.long)
            .flatMap(({ long, value, negatable }) => [
              value === null ? long : `${long}=`,
              ...(negatable ? [long.replace("--", "--no-")] : []),
            ]),
        ]),
      ),
    ].join("\n") + FUNCTIONS
  );
}

/** A function that prints the words of a command. */
function table(name: string, rows: readonly (readonly [readonly string[], string[]])[]): string {
  const cases = rows
    .filter(([, words]) => words.length > 0)
    .map(([path, words]) => `\t"${path.join(" ")}") echo "${words.join(" ")}" ;;\n`);
  return `__patchsig_${name}()\n{\n\tcase "$1" in\n${cases.join("")}\tesac\n}\n`;
}
