/** Settings as git reads them: all scopes, includes and -c, the last value counts. */

import path from "node:path";
import { PatchsigError } from "../errors.ts";
import { homeFolder } from "../places.ts";

/** One line of git config. */
export interface ConfigSetting {
  /** As git writes it: section and name in lower case, subsection exactly. */
  readonly key: string;
  readonly value: string;
  /** Where git read it: a file's path, or `command line`. */
  readonly origin: string;
  /** "system", "global", "local", "worktree" or "command"; "" where git was not asked. */
  readonly scope: string;
}

/** Keys are as in git's manual: section and name in any case, subsection exactly. */
export interface Config {
  /** Everything that is set, in git's order: of one key, the last value counts. */
  readonly settings: readonly ConfigSetting[];
  /** Every value of a key, in git's order. */
  readonly all: (key: string) => readonly string[];
  readonly string: (key: string) => string | null;
  /** Throws a PatchsigError "usage" for what is no boolean to git. */
  readonly bool: (key: string) => boolean | null;
  /** A path, `~/` expanded; relative ones stay so. */
  readonly path: (key: string) => string | null;
  /** Every value of a key, as paths. */
  readonly paths: (key: string) => readonly string[];
}

const YES = new Set(["true", "yes", "on"]);
const NO = new Set(["false", "no", "off", ""]);

/** git's arguments for a listing that `parseConfig` reads. */
export const LIST_CONFIG = ["config", "--null", "--show-origin", "--list"] as const;

/** The same for `parseScopes`. */
export const LIST_SCOPES = [...LIST_CONFIG.slice(0, -1), "--show-scope", "--list"] as const;

/** Scopes of the repository's own settings: whoever made it wrote them. */
export const REPOSITORY_SCOPES: ReadonlySet<string> = new Set(["local", "worktree"]);

/** @param listing what git writes: origin NUL key LF value NUL … */
export function parseConfig(listing: string, home: () => string = homeFolder): Config {
  const words = listing.split("\0");
  return configOf(settingsIn(words, 2), home);
}

/** @param listing what git writes: scope NUL origin NUL key LF value NUL … */
export function parseScopes(listing: string): readonly ConfigSetting[] {
  return settingsIn(listing.split("\0"), 3);
}

/** @param size words per setting; the last two are its origin, and its key and value */
function settingsIn(words: readonly string[], size: 2 | 3): ConfigSetting[] {
  const settings: ConfigSetting[] = [];
  for (let i = size - 1; i < words.length; i += size) {
    const entry = words[i]!;
    const end = entry.indexOf("\n");
    // "[section] name" without "=" is a true boolean
    const [key, value] = end === -1 ? [entry, "true"] : [entry.slice(0, end), entry.slice(end + 1)];
    const origin = words[i - 1]!.replace(/^file:|:$/g, "");
    settings.push({ key, value, origin, scope: size === 3 ? words[i - 2]! : "" });
  }
  return settings;
}

/** Looks settings up. */
export function configOf(
  settings: readonly ConfigSetting[],
  home: () => string = homeFolder,
): Config {
  const values = new Map<string, string[]>();
  for (const { key, value } of settings) {
    const known = values.get(key);
    if (known === undefined) values.set(key, [value]);
    else known.push(value);
  }
  const all = (key: string): readonly string[] => values.get(canonicalKey(key)) ?? [];
  const expand = (name: string): string => name.replace(/^~(?=\/|$)/, () => path.resolve(home()));
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
  throw new PatchsigError("usage", `${key} is "${value}", which is neither true nor false`, {
    hint: `git config ${key} true`,
  });
}
