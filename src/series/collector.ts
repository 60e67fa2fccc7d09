/**
 * Mails as they come, in portions that can be assembled: those that a thread, a signature or a label
 * connects. Bounded: an archive streams through it, so the portion that has been quiet for longest
 * is closed when too many are open.
 */

import { assemble, type Part } from "./assemble.ts";
import type { AssembledSeries, SeriesItem } from "./item.ts";

export interface SeriesCollector<T> {
  /** Takes a mail; gives back the series that had to be closed for it. */
  add(item: SeriesItem, value: T): AssembledSeries<T>[];
  /** Closes what consists of mails of which this is true. */
  close(when: (values: readonly T[]) => boolean): AssembledSeries<T>[];
  /** Closes all that is open, in the order in which it began. */
  end(): AssembledSeries<T>[];
}

/** Portions with a patch in them that are open at a time. */
const MAX_OPEN = 256;
/** Mails of one portion, so that a hostile archive cannot grow it without end. */
const MAX_MAILS = 5_000;
/** Names by which portions are found. */
const MAX_NAMES = 20_000;
/** References of a mail that are looked at: the first, and the nearest ones. */
const MAX_REFERENCES = 20;

interface Arrival<T> extends Part<T> {
  /** How many mails came before. */
  readonly at: number;
}

interface Portion<T> {
  readonly parts: Arrival<T>[];
  /** Mails in it that are patches or cover letters. */
  patches: number;
  /** Where it went when it was put to another one. */
  into: Portion<T> | null;
  closed: boolean;
}

export function createSeriesCollector<T>(): SeriesCollector<T> {
  const byName = new Map<string, Portion<T>>();
  // in the order in which something last came to them
  const open = new Set<Portion<T>>();
  let count = 0;

  function find(name: string): Portion<T> | null {
    let portion = byName.get(name) ?? null;
    while (portion?.into) portion = portion.into;
    return portion === null || portion.closed ? null : portion;
  }

  function remember(name: string, portion: Portion<T>): void {
    byName.delete(name);
    byName.set(name, portion);
    if (byName.size > MAX_NAMES) byName.delete(byName.keys().next().value!);
  }

  function touch(portion: Portion<T>): void {
    open.delete(portion);
    if (portion.patches > 0) open.add(portion);
  }

  function join(a: Portion<T>, b: Portion<T>): Portion<T> {
    const [small, large] = a.parts.length < b.parts.length ? [a, b] : [b, a];
    large.parts.push(...small.parts);
    large.patches += small.patches;
    small.into = large;
    open.delete(small);
    return large;
  }

  function close(portion: Portion<T>): AssembledSeries<T>[] {
    portion.closed = true;
    open.delete(portion);
    const arrival = new Map(portion.parts.map(({ item, at }) => [item, at]));
    return sortedBy(assemble(portion.parts), ({ members }) =>
      least(members, ({ item }) => arrival.get(item)!),
    );
  }

  return {
    add(item, value) {
      const closed: AssembledSeries<T>[] = [];
      const part = { item, value, at: count++ };
      let portion: Portion<T> = { parts: [part], patches: 0, into: null, closed: false };
      if (item.kind !== "link") portion.patches = 1;
      const names = namesOf(item);
      for (const name of names) {
        const other = find(name);
        if (other === null || other === portion) continue;
        if (other.parts.length + portion.parts.length > MAX_MAILS) closed.push(...close(other));
        else portion = join(portion, other);
      }
      for (const name of names) remember(name, portion);
      touch(portion);
      if (open.size > MAX_OPEN) closed.push(...close(open.values().next().value!));
      return closed;
    },
    close(when) {
      const quiet = [...open].filter(({ parts }) => when(valuesOf(parts)));
      return quiet.flatMap(close);
    },
    end: () => sortedBy([...open], ({ parts }) => least(parts, ({ at }) => at)).flatMap(close),
  };
}

function valuesOf<T>(parts: readonly Part<T>[]): T[] {
  return parts.filter(({ item }) => item.kind !== "link").map(({ value }) => value);
}

function least<V>(values: readonly V[], of: (value: V) => number): number {
  return values.reduce((low, value) => Math.min(low, of(value)), Infinity);
}

function sortedBy<V>(values: readonly V[], of: (value: V) => number): V[] {
  return values
    .map((value) => ({ value, at: of(value) }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** What connects a mail to others. */
function namesOf({ kind, messageId, references, signing, number, sender }: SeriesItem): string[] {
  const near = references.slice(-MAX_REFERENCES);
  const names = new Set([...references.slice(0, 1), ...near].map((id) => `mail ${id}`));
  if (messageId !== "") names.add(`mail ${messageId}`);
  if (signing !== null) names.add(`signed ${signing}`);
  // a patch without number or references stands alone
  if (kind !== "link" && references.length === 0 && number.total > 1)
    names.add(`label ${sender} ${number.version} ${number.total}`);
  return [...names];
}
