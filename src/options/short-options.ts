/** Short options, as git has them: several in one word, the value of the last one glued on. */

import type { Command } from "./command.ts";

/** Option letters of `-3sSKEY`; the last one's `rest` is its value. */
interface ShortOption {
  /** As the command defines it; undefined for a letter that it does not know. */
  readonly name: string | undefined;
  /** Where the letter is in the word. */
  readonly at: number;
  /** What follows the letter. */
  readonly rest: string;
}

/** Up to the first letter whose option takes a value. None unless the word is one of short options. */
export function shortOptions({ options, refused }: Command, word: string): ShortOption[] {
  const found: ShortOption[] = [];
  if (!/^-[^-]/.test(word)) return found;
  for (let at = 1; at < word.length; at++) {
    const isIt = ([, { alias }]: readonly [string, { alias?: unknown }]): boolean =>
      alias === word[at];
    const [name, option] = Object.entries(options).find(isIt) ?? [];
    found.push({
      name: name ?? Object.entries(refused).find(isIt)?.[0],
      at,
      rest: word.slice(at + 1),
    });
    if (option !== undefined && option.type !== "boolean") break;
  }
  return found;
}

/**
 * The words, with options whose value may be left out in the only form that needs no rule: `-3S a` is
 * `-3 --gpg-sign= a`. parseArgs and yargs would take the next word for the value. `-3` alone is
 * `--max-count=3`, as in git log, for a command that has that.
 */
export function spelledOut(command: Command, words: readonly string[]): readonly string[] {
  const { glued } = command;
  const hasCount = "max-count" in command.options;
  if (glued.length === 0 && !hasCount) return words;
  const cut = words.includes("--") ? words.indexOf("--") : words.length;
  const spelled = words.slice(0, cut).flatMap((word) => {
    if (hasCount && /^-[0-9]+$/.test(word)) return `--max-count=${word.slice(1)}`;
    if (glued.some((name) => word === `--${name}`)) return `${word}=`;
    const one = shortOptions(command, word).find(({ name }) => glued.includes(name ?? ""));
    if (one === undefined) return word;
    const option = `--${one.name}=${one.rest}`;
    return one.at > 1 ? [word.slice(0, one.at), option] : option;
  });
  return [...spelled, ...words.slice(cut)];
}
