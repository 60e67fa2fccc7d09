/**
 * The bot's settings, which a list's owner writes in git config syntax. Pure: words in, numbers
 * out. All times are seconds.
 */

import { FormatError } from "../errors.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import { parseQuiet, type Quiet } from "./quiet.ts";
import { DAY } from "../primitives/time.ts";

const MODES = ["preview", "digest", "private", "list"] as const;
/** preview: sends nothing · digest: to the maintainers · private: to the author · list: to both. */
type Mode = (typeof MODES)[number];

/** Do authors get letters? If not, they are only rehearsed. */
export function writesLetters(mode: Mode): boolean {
  return mode === "private" || mode === "list";
}

const TOPICS = ["sign", "base"] as const;
export type Topic = (typeof TOPICS)[number];

/** When a letter may go out. */
export interface Limits {
  /** Series an author must have sent, over this many seconds, before any suggestion. */
  readonly minSeries: number;
  readonly minTime: number;
  /** Time between two letters to one author, and the most letters to one. */
  readonly period: number;
  readonly most: number;
  /** Letters to all authors in any 24 hours. */
  readonly perDay: number;
  /** After a "not now". */
  readonly pause: number;
  readonly quiet: Quiet | null;
}

export interface Rules extends Limits {
  readonly topics: readonly Topic[];
  /** Other authors of the list who must sign before signing is suggested. */
  readonly othersSign: number;
  /** An older series gets no letter. */
  readonly maxAge: number;
  /** List-Ids to serve; none: all. */
  readonly lists: readonly string[];
  /** Addresses never to write to: the bot's, the list's, and any the owner names. */
  readonly never: readonly string[];
  /** Who gets no suggestion: the list's own people; `@example.org` is a whole domain. */
  readonly excluded: ReadonlySet<string>;
}

export interface BotSettings {
  readonly mode: Mode;
  readonly rules: Rules;
  /** A series is whole after this long without new mail. */
  readonly settle: number;
  /** Time between polls of the sources. */
  readonly interval: number;
  /** The bot's own address, normalised; null if it must not send. */
  readonly address: string | null;
  readonly name: string;
  /** The list's posting address; "" if unknown. */
  readonly list: string;
  /** Where people can read about patchsig; "" if nowhere. */
  readonly about: string;
  /** Who runs it: a name and an address, for the letter. */
  readonly owner: string;
  readonly maintainers: readonly string[];
  /** Files and keyrings whose addresses are excluded too. */
  readonly excludeFiles: readonly string[];
  /** Words for "stop" in the letters' language. */
  readonly stopWords: readonly string[];
  readonly sources: readonly string[];
  /** Where copies of letters go; a source must receive them. Null: nowhere. */
  readonly copyTo: string | null;
  /** How long to wait for a copy. */
  readonly copyGrace: number;
  readonly fetch: boolean;
  readonly repository: string | null;
  readonly refs: readonly string[];
  readonly database: string | null;
  readonly templates: string | null;
  readonly metrics: string | null;
}

/** As `Config` in src/git. */
export interface BotConfig {
  readonly all: (key: string) => readonly string[];
  readonly string: (key: string) => string | null;
  readonly bool: (key: string) => boolean | null;
  readonly path: (key: string) => string | null;
  readonly paths: (key: string) => readonly string[];
  readonly settings: readonly { readonly key: string; readonly value: string }[];
}

export const DEFAULT_RULES: Rules = {
  minSeries: 3,
  minTime: 14 * DAY,
  period: 90 * DAY,
  most: 3,
  perDay: 5,
  pause: 180 * DAY,
  quiet: null,
  topics: TOPICS,
  othersSign: 3,
  maxAge: 2 * DAY,
  lists: [],
  never: [],
  excluded: new Set(),
};

const KEYS = [
  "mode",
  "suggest",
  "minSeries",
  "minTime",
  "period",
  "most",
  "perDay",
  "pause",
  "quiet",
  "timezone",
  "othersSign",
  "maxAge",
  "listId",
  "never",
  "exclude",
  "excludeFile",
  "stopWord",
  "settle",
  "interval",
  "address",
  "name",
  "list",
  "owner",
  "about",
  "maintainer",
  "source",
  "copyTo",
  "copyGrace",
  "fetch",
  "repository",
  "ref",
  "database",
  "templates",
  "metrics",
] as const;

/**
 * @param words the bot's file
 * @throws FormatError for an unknown key or a bad value; one line says which
 */
export function parseSettings(words: BotConfig): BotSettings {
  const known = new Set<string>(KEYS.map((key) => `bot.${key.toLowerCase()}`));
  for (const { key } of words.settings)
    if (key.startsWith("bot.") && !known.has(key))
      throw new FormatError(`the bot's file sets ${key}, which is not a setting`);
  const { text, number, time, addresses } = readerOf(words);
  const [address = null] = addresses("address").slice(-1);
  const [list = ""] = addresses("list").slice(-1);
  const [copyTo = null] = addresses("copyTo").slice(-1);
  const quiet = text("quiet");
  return {
    mode: text("mode") === null ? "preview" : oneOf("mode", text("mode")!, MODES),
    rules: {
      minSeries: number("minSeries", DEFAULT_RULES.minSeries),
      minTime: time("minTime", DEFAULT_RULES.minTime),
      period: time("period", DEFAULT_RULES.period),
      most: number("most", DEFAULT_RULES.most),
      perDay: number("perDay", DEFAULT_RULES.perDay),
      pause: time("pause", DEFAULT_RULES.pause),
      quiet: quiet === null ? null : parseQuiet(quiet, text("timezone") ?? "UTC"),
      topics: topicsOf(text("suggest")),
      othersSign: number("othersSign", DEFAULT_RULES.othersSign),
      maxAge: time("maxAge", DEFAULT_RULES.maxAge),
      lists: words.all("bot.listId").map((id) => id.replace(/^<|>$/g, "").toLowerCase()),
      never: [...addresses("never"), ...[address, list, copyTo].filter((one) => one)] as string[],
      excluded: new Set([
        ...words.all("bot.exclude").map(parseExcluded),
        ...addresses("maintainer"),
        ...addressIn(text("owner") ?? ""),
      ]),
    },
    settle: time("settle", 900),
    interval: time("interval", 300),
    address,
    name: text("name") ?? "patchsig bot",
    list,
    owner: text("owner") ?? "",
    about: text("about") ?? "",
    maintainers: addresses("maintainer"),
    excludeFiles: words.paths("bot.excludeFile"),
    stopWords: words.all("bot.stopWord"),
    sources: words.paths("bot.source"),
    copyTo,
    copyGrace: time("copyGrace", 7200),
    fetch: words.bool("bot.fetch") ?? false,
    repository: words.path("bot.repository"),
    refs: words.all("bot.ref"),
    database: words.path("bot.database"),
    templates: words.path("bot.templates"),
    metrics: words.path("bot.metrics"),
  };
}

type Key = (typeof KEYS)[number];

/** Reads a key's value as its type. */
function readerOf(words: BotConfig) {
  const text = (key: Key): string | null => words.string(`bot.${key}`);
  const number = (key: Key, otherwise: number): number =>
    text(key) === null ? otherwise : parseCount(key, text(key)!);
  const time = (key: Key, otherwise: number): number =>
    text(key) === null ? otherwise : parseTime(key, text(key)!);
  const addresses = (key: Key): string[] =>
    words.all(`bot.${key}`).map((value) => parseAddress(key, value));
  return { text, number, time, addresses };
}

function topicsOf(suggest: string | null): BotSettings["rules"]["topics"] {
  if (suggest === null) return TOPICS;
  return suggest.split(/[\s,]+/).map((word) => oneOf("suggest", word, TOPICS));
}

function wrong(key: string, value: string, wanted: string): FormatError {
  return new FormatError(`the bot's file: ${key} is "${value}"; it should be ${wanted}`);
}

function parseCount(key: string, value: string): number {
  const count = Number(value);
  if (!/^\d{1,9}$/.test(value)) throw wrong(key, value, "a number");
  return count;
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  second: 1,
  m: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: DAY,
  day: DAY,
  w: 7 * DAY,
  week: 7 * DAY,
};

/** `90 days`, `15m`, `2 hours`: seconds. */
function parseTime(key: string, value: string): number {
  const [, count, unit] = /^(\d{1,6}) ?([a-z]+)$/i.exec(value.trim()) ?? [];
  const name = (unit ?? "").toLowerCase();
  const seconds = UNITS[name] ?? UNITS[name.replace(/s$/, "")];
  if (count === undefined || seconds === undefined)
    throw wrong(key, value, "a time like 90 days, 2 hours or 15 minutes");
  return Number(count) * seconds;
}

function parseAddress(key: string, value: string): string {
  const identity = normaliseIdentity(value);
  if (identity === null) throw wrong(key, value, "one bare address like bot@example.org");
  return identity;
}

/** An address, or a domain as `@example.org`. */
function parseExcluded(value: string): string {
  if (!value.startsWith("@")) return parseAddress("exclude", value);
  return parseAddress("exclude", `x${value}`).slice(1);
}

/** Addresses in the owner's name: `Olga <olga@example.org>`. */
function addressIn(words: string): string[] {
  const [, address] = /([^\s<>]+@[^\s<>]+)/.exec(words) ?? [];
  return address === undefined ? [] : [normaliseIdentity(address) ?? []].flat();
}

function oneOf<T extends string>(key: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value.toLowerCase());
  if (found === undefined)
    throw wrong(key, value, words.join(", ").replace(/, ([^,]*)$/, " or $1"));
  return found;
}
