/** What is asked of a list, as Patchwork's REST API has it. Pure. */

import { messageIdIn } from "../names.ts";
import { type WalkOrder, WALK_ORDERS } from "../../store/index-walk.ts";

/** Answered with status 400 and these words. */
export class BadQuery extends Error {}

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly order: WalkOrder;
  /** A part of the name, lower case; "" for any. */
  readonly words: string;
  /** Seconds since the epoch. */
  readonly since: number;
  readonly before: number;
  /** Addresses, lower case, or numbers of people; none for any. */
  readonly submitters: readonly string[];
  readonly states: readonly string[];
  readonly archived: boolean | null;
  readonly category: string;
  /** As a mail has it; "" for any. */
  readonly messageId: string;
  /** What nothing here has: lists that ask for it are empty. */
  readonly foreign: boolean;
  /** Only patches of it, and events about it. */
  readonly series: number | null;
  readonly patch: number | null;
  readonly cover: number | null;
}

/** As Patchwork's own. */
const PER_PAGE = 30;
const MAX_PER_PAGE = 250;
const MAX_PAGE = 1_000_000;
const MAX_VALUES = 50;
const FOREIGN = ["delegate", "hash"] as const;

/** @throws BadQuery if it cannot be answered as asked */
export function listQuery(given: URLSearchParams): ListQuery {
  const one = (name: string): string => given.get(name) ?? "";
  const several = (name: string): string[] =>
    given
      .getAll(name)
      .filter((value) => value !== "")
      .slice(0, MAX_VALUES)
      .map((value) => value.toLowerCase());
  return {
    page: numberIn(one("page"), "page", MAX_PAGE) ?? 1,
    perPage: Math.min(numberIn(one("per_page"), "per_page", 10_000) ?? PER_PAGE, MAX_PER_PAGE),
    order: orderIn(one("order")),
    words: one("q").toLowerCase(),
    since: timeIn(one("since"), "since") ?? 0,
    before: timeIn(one("before"), "before") ?? Infinity,
    submitters: several("submitter"),
    states: several("state"),
    archived: one("archived") === "" ? null : /^(?:true|1)$/i.test(one("archived")),
    category: one("category"),
    messageId: one("msgid") === "" ? "" : messageIdIn(one("msgid")),
    foreign: FOREIGN.some((name) => one(name) !== ""),
    series: numberIn(one("series"), "series", Number.MAX_SAFE_INTEGER),
    patch: numberIn(one("patch"), "patch", Number.MAX_SAFE_INTEGER),
    cover: numberIn(one("cover"), "cover", Number.MAX_SAFE_INTEGER),
  };
}

function numberIn(text: string, name: string, most: number): number | null {
  if (text === "") return null;
  const number = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (!(number <= most)) throw new BadQuery(`${name}: not a number that can be`);
  return number;
}

function orderIn(text: string): WalkOrder {
  if (text === "") return "id";
  const order = WALK_ORDERS.find((one) => one === text);
  if (order === undefined) throw new BadQuery(`order: ${WALK_ORDERS.join(", ")}`);
  return order;
}

function timeIn(text: string, name: string): number | null {
  if (text === "") return null;
  // a time without a zone is UTC, as Patchwork writes it
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const time = Date.parse(zoned);
  if (Number.isNaN(time)) throw new BadQuery(`${name}: not a time`);
  return time / 1000;
}
