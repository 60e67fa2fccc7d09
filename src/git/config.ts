/** Settings as git reads them: all scopes, includes and -c, the last value counts. */

import { homedir } from "node:os";
import path from "node:path";
import { CliError } from "../errors.ts";

/** One line of git config. */
interface Setting {
  /** As git writes it: section and name in lower case, subsection exactly. */
  readonly key: string;
  readonly value: string;
  /** Where git read it: a file's path, or `command line`. */
  readonly origin: string;
}

/** Keys are written as in git's manual: section and name in any case, subsection exactly. */
export interface Config {
  /** Everything that is set, in git's order: of one key, the last value counts. */
  readonly settings: readonly Setting[];
  /** Every value of a key, in git's order. */
  readonly all: (key: string) => readonly string[];
  readonly string: (key: string) => string | null;
  /** Throws a CliError "usage" for what git takes for no boolean. */
  readonly bool: (key: string) => boolean | null;
  /** A path, `~/` expanded; relative ones stay so. */
  readonly path: (key: string) => string | null;
  /** Every value of a key, as paths. */
  readonly paths: (key: string) => readonly string[];
}

const YES = new Set(["true", "yes", "on"]);
const NO = new Set(["false", "no", "off", ""]);

/** What `parseConfig` reads is written by git with these arguments. */
export const LIST_CONFIG = ["config", "--null", "--show-origin", "--list"] as const;

/** @param listing what git writes: origin NUL key LF value NUL … */
export function parseConfig(listing: string, home: string = homedir()): Config {
  const settings: Setting[] = [];
  const values = new Map<string, string[]>();
  const words = listing.split("\0");
  for (let i = 0; i + 1 < words.length; i += 2) {
    const entry = words[i + 1]!;
    const end = entry.indexOf("\n");
    // "[section] name" without "=" is a true boolean
    const [key, value] = end === -1 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    settings.push({ key, value, origin: words[i]!.replace(/^file:|:$/g, "") });
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  const all = (key: string): readonly string[] => values.get(canonicalKey(key)) ?? [];
  const expand = (name: string): string => name.replace(/^~(?=\/|$)/, () => path.resolve(home));
  const string = (key: string): string | null => all(key).at(-1) ?? null;
  return {
    settings,
    all,
    string,
    bool: (key) => parseBool(key, string(key)),
    path: (key) => all(key).map(expand).at(-1) ?? null,
    paths: (key) => all(key).map(expand),
  };
}

function canonicalKey(key: string): string {
  const [first, last] = [key.indexOf("."), key.lastIndexOf(".")];
  return key.slice(0, first).toLowerCase() + key.slice(first, last) + key.slice(last).toLowerCase();
}

function parseBool(key: string, value: string | null): boolean | null {
  if (value === null) return null;
  const word = value.toLowerCase();
  if (YES.has(word)) return true;
  if (NO.has(word)) return false;
  if (/^[+-]?[0-9]+$/.test(word)) return Number(word) !== 0;
  throw new CliError("usage", `${key} is "${value}", which is neither true nor false`, {
    hint: `git config ${key} true`,
  });
}
