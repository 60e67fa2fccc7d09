/** Settings as git reads them: all scopes, includes and -c, the last value counts. */

import { homedir } from "node:os";
import path from "node:path";
import { CliError } from "../errors.ts";

/** Keys are written as in git's manual: section and name in any case, subsection exactly. */
export interface Config {
  /** Every value of a key, in git's order. */
  readonly all: (key: string) => readonly string[];
  readonly string: (key: string) => string | null;
  /** Throws a CliError "usage" for what git takes for no boolean. */
  readonly bool: (key: string) => boolean | null;
  /** A path, `~/` expanded; relative ones stay so. */
  readonly path: (key: string) => string | null;
}

const YES = new Set(["true", "yes", "on"]);
const NO = new Set(["false", "no", "off", ""]);

/** @param listing what `git config --null --list` writes */
export function parseConfig(listing: string, home: string = homedir()): Config {
  const values = new Map<string, string[]>();
  for (const entry of listing.split("\0")) {
    if (entry === "") continue;
    const end = entry.indexOf("\n");
    // "[section] name" without "=" is a true boolean
    const [key, value] = end === -1 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  const all = (key: string): readonly string[] => values.get(canonicalKey(key)) ?? [];
  const string = (key: string): string | null => all(key).at(-1) ?? null;
  return {
    all,
    string,
    bool: (key) => parseBool(key, string(key)),
    path: (key) => string(key)?.replace(/^~(?=\/|$)/, () => path.resolve(home)) ?? null,
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
