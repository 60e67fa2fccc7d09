/** Options of git that a command of ours does not take: named, with git's own way. Only errors load it. */

import { PatchsigError } from "../errors.ts";
import type { Command } from "./command.ts";
import { shortOptions } from "./short-options.ts";

/** The error for the first such option among the words; null if there is none. */
export function refusedOption(command: Command, words: readonly string[]): PatchsigError | null {
  for (const word of words) {
    if (word === "--") return null;
    const { name, typed } = refusedIn(command, word) ?? {};
    if (name === undefined) continue;
    const negated = typed === `--no-${name}`;
    const { why, hint } = negated ? NEVER : command.refused[name]!;
    return new PatchsigError("usage", `${typed}: ${why}`, hint === undefined ? {} : { hint });
  }
  return null;
}

const NEVER = { why: "it is always so", hint: "leave it out" };

function refusedIn(
  command: Command,
  word: string,
): { readonly name: string; readonly typed: string } | undefined {
  const { refused } = command;
  const isRefused = (name: string | undefined): name is string =>
    name !== undefined && Object.hasOwn(refused, name);
  const [, long] = /^--([^=]+)/.exec(word) ?? [];
  const name = [long, long?.replace(/^no-/, "")].find(isRefused);
  if (name !== undefined) return { name, typed: `--${long}` };
  const short = shortOptions(command, word).find((one) => isRefused(one.name));
  return short === undefined ? undefined : { name: short.name!, typed: `-${word[short.at]}` };
}
