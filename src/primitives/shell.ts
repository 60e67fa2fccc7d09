/**
 * Commands for people to paste into a shell. Their words can come from mails or file names: a shell
 * reads each as one word, and git never as an option. Pure.
 */

/** Characters without a special meaning to any shell, anywhere in a word. */
const PLAIN = /^[A-Za-z0-9_./@%+:,-]+$/;

/** `text` as one word of a POSIX shell: as it is if it is plain, else in single quotes. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command and its operands.
 *
 * @param command the program's own words
 * @param operands one word each; "--" precedes them if one begins with "-"
 */
export function shellCommand(command: string, ...operands: readonly string[]): string {
  const ended = operands.some((word) => word.startsWith("-")) ? ["--"] : [];
  return [command, ...ended, ...operands.map(shellWord)].join(" ");
}

/** The words of such a command, quotes included: a line may be broken between them. */
export function shellWords(command: string): readonly string[] {
  return command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
}
