/** Patches and series of a list by month, for the list's owner. */

import type { IndexStore } from "../../store/index-store.ts";

export interface ListMonth {
  /** `2026-11` */
  readonly month: string;
  readonly patches: number;
  /** With a good signature. */
  readonly signed: number;
  /** Unsigned, but vouched for by a domain (docs/dkim.md). */
  readonly vouched: number;
  readonly series: number;
  /** Series that name their base. */
  readonly withBase: number;
}

/** The last `most` months with mails, the oldest first. Takes two statements. */
export function listMonths(index: IndexStore, most: number): ListMonth[] {
  const months = new Map<string, ListMonth>();
  const empty = (month: string): ListMonth => ({
    month,
    patches: 0,
    signed: 0,
    vouched: 0,
    series: 0,
    withBase: 0,
  });
  for (const { month, all, signed, vouched } of index.patchesByMonth())
    months.set(month, { ...empty(month), patches: all, signed, vouched });
  for (const { month, all, withBase } of index.seriesByMonth())
    months.set(month, { ...(months.get(month) ?? empty(month)), series: all, withBase });
  return [...months.values()].sort((a, b) => (a.month < b.month ? -1 : 1)).slice(-most);
}
