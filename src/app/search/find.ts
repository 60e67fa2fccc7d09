/** Finds mails in the index by a query. */

import { PatchsigError } from "../../errors.ts";
import { runGit } from "../../git/run.ts";
import { NO_REPOSITORY } from "../../git/scope.ts";
import { parseQuery, type Query, sectionsIn, timesIn } from "../../search/query.ts";
import { readSections } from "./sections.ts";
import { type Condition, conditionOf } from "../../search/sql.ts";
import type { MailRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";

export interface FoundMails {
  /** The newest first. */
  readonly mails: readonly MailRow[];
  /** True if there are more. */
  readonly more: boolean;
  /** Lines of MAINTAINERS that the search could not use: `SECTION: K: PATTERN`. */
  readonly unread: readonly string[];
}

/** A mail that was found: a record of `search --json`. */
export interface FoundRecord extends Omit<MailRow, "id" | "thread"> {
  readonly type: "mail";
}

/** A mail as a record of `search --json`. */
export function foundRecord({ id: _id, thread: _thread, ...mail }: MailRow): FoundRecord {
  return { type: "mail", ...mail };
}

/** The mail after which a page of results begins. */
type After = Pick<MailRow, "date" | "id">;

export interface FindOptions {
  /** Most mails to return. */
  readonly most: number;
  /** Only mails of these sources; null, or not given: of all that the index has. */
  readonly sources?: readonly string[] | null;
  /** The last mail of the page before. */
  readonly after?: After | null;
  /** The repository whose MAINTAINERS `maintainers:` reads. Default: the one of the current folder. */
  readonly directory?: string | undefined;
}

/** A query with all that it names: nothing of it can be wrong any more. */
export interface ReadyQuery {
  readonly condition: Condition;
  /** As of FoundMails. */
  readonly unread: readonly string[];
}

/**
 * @param text the query (docs/search.md)
 * @param directory as of FindOptions
 * @throws PatchsigError "usage" for a query that cannot be read, "not-found" as `readSections`
 */
export async function readQuery(text: string, directory?: string): Promise<ReadyQuery> {
  const reading = parseQuery(text);
  if (!reading.ok)
    throw new PatchsigError("usage", `this query cannot be read: ${reading.why}`, {
      hint: 's:title f:author l:list d:2.weeks.ago.. dfn:file "some words", as for lei',
    });
  const times = await readTimes(reading.query);
  const sections = await readSections(sectionsIn(reading.query), directory);
  const condition = conditionOf(reading.query, {
    timeOf: (words) => times.get(words)!,
    sectionOf: (name) => sections.get(name)!,
  });
  const unread = [...sections].flatMap(([name, section]) =>
    section.unread.map((line) => `${name}: ${line}`),
  );
  return { condition, unread };
}

/** @throws PatchsigError as `readQuery` */
export async function findMails(
  index: IndexStore,
  text: string,
  { directory, ...options }: FindOptions,
): Promise<FoundMails> {
  return findReady(index, await readQuery(text, directory), options);
}

/** Finds mails by a query that was read before: nothing can be wrong with it. */
export function findReady(
  index: IndexStore,
  { condition, unread }: ReadyQuery,
  { most, sources = null, after = null }: Omit<FindOptions, "directory">,
): FoundMails {
  const mails = index.find(condition, sources, most + 1, after);
  return { mails: mails.slice(0, most), more: mails.length > most, unread };
}

/** All times that a query names, in seconds since the epoch, by their words. */
async function readTimes(query: Query): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const words of timesIn(query)) times.set(words, await timeOf(words));
  return times;
}

async function timeOf(words: string): Promise<number> {
  const digits = /^(\d{4})-?(\d{2})-?(\d{2})(?:(\d{2})(\d{2})(\d{2}))?$/.exec(words);
  if (digits === null) return approxidate(words.replaceAll(/[._]/g, " "));
  const [year, month, ...rest] = digits.slice(1).map((one) => Number(one ?? 0));
  const time = Date.UTC(year!, month! - 1, ...rest) / 1000;
  // a date that does not exist, such as the 31st of June, ends up in another month
  const [day] = rest;
  const found = new Date(time * 1000);
  if (found.getUTCMonth() !== month! - 1 || found.getUTCDate() !== day) throw notATime(words);
  return time;
}

/** git config reads `now` as the end of time, and most versions of git do not know `today`. */
const OURS: Readonly<Record<string, string>> = { now: "0.seconds.ago", today: "midnight" };

/** Asks git for a time in its words: `2.weeks.ago`, `yesterday`. */
async function approxidate(words: string): Promise<number> {
  const asked = Object.hasOwn(OURS, words) ? OURS[words]! : words;
  const args = ["config", "--type=expiry-date", "--default", asked, "--get", "patchsig.none"];
  const { status, stdout } = await runGit(args, {
    cwd: process.cwd(),
    purpose: "settings",
    env: NO_REPOSITORY,
  });
  if (status !== 0) throw notATime(words);
  return Number(stdout.toString());
}

function notATime(words: string): PatchsigError {
  return new PatchsigError("usage", `"${words}" is not a time`, {
    hint: "d:2026-11-01.. d:2.weeks.ago..yesterday",
  });
}
