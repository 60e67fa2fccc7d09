/** The command line of the git send-email that started the hook, as far as the system shows it. */

import { readFileSync } from "node:fs";

/** Perl's Getopt::Long takes any beginning of a name that is no other option's, in any case. */
const ANNOTATE = /^--?(no-?)?a(?:n(?:n(?:o(?:t(?:a(?:te?)?)?)?)?)?)?$/i;
const IDENTITY = /^--?id(?:e(?:n(?:t(?:i(?:ty?)?)?)?)?)?(?:=(.*))?$/is;
const FROM = /^--?(?:fr|fro|from|sende|sender)(?:=(.*))?$/is;

/** What the command line says of --annotate; null if nothing. */
export function annotateOption(words: readonly string[]): boolean | null {
  const found = optionsIn(words).findLast((word) => ANNOTATE.test(word));
  return found === undefined ? null : ANNOTATE.exec(found)![1] === undefined;
}

/** The value of --identity; null if there is none. */
export function identityOption(words: readonly string[]): string | null {
  return valueOf(words, IDENTITY);
}

/** The value of --from; null if there is none. */
export function fromOption(words: readonly string[]): string | null {
  return valueOf(words, FROM);
}

function valueOf(words: readonly string[], option: RegExp): string | null {
  const options = optionsIn(words);
  const at = options.findLastIndex((word) => option.test(word));
  return at < 0 ? null : (option.exec(options[at]!)![1] ?? options[at + 1] ?? null);
}

/** The user wants no base recorded. */
export function isBaseless(words: readonly string[]): boolean {
  return optionsIn(words).includes("--no-base");
}

function optionsIn(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** A shell or two, git hook run, git send-email. */
const MOST_PARENTS = 8;

/**
 * The words after `git send-email`, as Linux shows them of the processes that started this one. None
 * where it shows nothing; null if git send-email is not among them, as when somebody tries the hook.
 */
export function sendEmailWords(): readonly string[] | null {
  let parent = process.ppid;
  try {
    for (let i = 0; i < MOST_PARENTS && parent > 0; i++) {
      const words = readFileSync(`/proc/${parent}/cmdline`, "utf8").split("\0");
      const at = words.findIndex((word) => /(?:^|\/)git-send-email$/.test(word));
      if (at >= 0) return words.slice(at + 1, -1);
      const status = readFileSync(`/proc/${parent}/status`, "latin1");
      parent = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
    }
  } catch {
    return [];
  }
  return null;
}
