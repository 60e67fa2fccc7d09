/**
 * Commands that people are told to paste into a shell. Words in them can come from a mail, or be the
 * names of files: whatever they hold, a shell takes each for one word, and git for no option. Pure.
 */

/** What no shell gives a meaning, wherever in a word it stands. */
const PLAIN = /^[A-Za-z0-9_./@%+:,-]+$/;

/** `text` as one word of a POSIX shell: as it is if it is plain, else in single quotes. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command and its operands.
 *
 * @param command words of the program's own
 * @param operands one word each; one that begins with "-" is told from an option by "--"
 */
export function shellCommand(command: string, ...operands: readonly string[]): string {
  const ended = operands.some((word) => word.startsWith("-")) ? ["--"] : [];
  return [command, ...ended, ...operands.map(shellWord)].join(" ");
}

/** The words of such a command as they stand there, quotes and all: where a line may be broken. */
export function shellWords(command: string): readonly string[] {
  return command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
}
