/** Reads the parameters of a list, as in Patchwork's REST API. Pure. */

import { messageIdIn } from "../names.ts";
import { type WalkOrder, WALK_ORDERS } from "../../store/index-walk.ts";

/** What is wrong with a query; the answer is status 400 with its message. */
export class BadQuery extends Error {}

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly order: WalkOrder;
  /** Text that stands in the name, in lower case; "" for any. */
  readonly words: string;
  /** Seconds since the epoch; 0 and Infinity if they are not given. */
  readonly since: number;
  readonly before: number;
  /** Addresses in lower case, or ids of people; [] for anybody. */
  readonly submitters: readonly string[];
  readonly states: readonly string[];
  readonly archived: boolean | null;
  readonly category: string;
  /** With angle brackets; "" for any. */
  readonly messageId: string;
  /** True if it asks for a delegate or a hash, which nothing here has: the list is empty. */
  readonly foreign: boolean;
  /** Ids: only patches of this series, and events about this series, patch or cover letter. Null for any. */
  readonly series: number | null;
  readonly patch: number | null;
  readonly cover: number | null;
}

/** Patchwork's own default. */
const PER_PAGE = 30;
const MAX_PER_PAGE = 250;
const MAX_PAGE = 1_000_000;
const MAX_VALUES = 50;
const FOREIGN = ["delegate", "hash"] as const;

/** @throws BadQuery for a parameter that cannot be read */
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
  if (!(number <= most)) throw new BadQuery(`${name}: not a valid number`);
  return number;
}

function orderIn(text: string): WalkOrder {
  if (text === "") return "id";
  const order = WALK_ORDERS.find((one) => one === text);
  if (order === undefined) throw new BadQuery(`order: not one of ${WALK_ORDERS.join(", ")}`);
  return order;
}

function timeIn(text: string, name: string): number | null {
  if (text === "") return null;
  // as in Patchwork, a time without a zone is UTC
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const time = Date.parse(zoned);
  if (Number.isNaN(time)) throw new BadQuery(`${name}: not a time`);
  return time / 1000;
}
