/**
 * Collects mails as they stream by, in portions: the mails that a thread, a signature or a label connects. A closed
 * portion is assembled into series. Since whole archives stream by, memory is bounded: when too many portions are open,
 * the one that got no mail for the longest time is closed.
 */

import { assemble, type SeriesEntry } from "./assemble.ts";
import { type AssembledSeries, followed, type SeriesItem, type ThreadMail } from "./item.ts";

/** `T` is the caller's own data about a mail. */
export interface SeriesCollector<T> {
  /** Takes a mail. @returns the series that had to be closed to make room */
  add(item: SeriesItem, value: T): AssembledSeries<T>[];
  /** Takes a mail without a patch, which merely connects others. @returns as `add` */
  link(mail: ThreadMail): AssembledSeries<T>[];
  /** Closes the portions for whose values `when` is true, in the order in which they began. */
  close(when: (values: readonly T[]) => boolean): AssembledSeries<T>[];
  /** Closes all that is open, in the order in which it began. */
  end(): AssembledSeries<T>[];
}

/** Most open portions with a patch. */
const MAX_OPEN = 256;
/** Most mails of one portion: a hostile archive must not grow it without end. */
export const MAX_MAILS = 5_000;
/** Most names by which portions are found. */
const MAX_NAMES = 20_000;

interface OrderedEntry<T> extends SeriesEntry<T> {
  /** How many mails had been added before. */
  readonly at: number;
}

interface Portion<T> {
  readonly parts: OrderedEntry<T>[];
  readonly links: ThreadMail[];
  /** The portion that it was merged into; null if it was not. */
  into: Portion<T> | null;
  closed: boolean;
}

export function createSeriesCollector<T>(): SeriesCollector<T> {
  const portions = new Portions<T>();
  let count = 0;
  return {
    add(item, value) {
      const part = { item, value, at: count++ };
      return portions.take({ parts: [part], links: [], into: null, closed: false }, namesOf(item));
    },
    link: (mail) =>
      portions.take({ parts: [], links: [mail], into: null, closed: false }, threadNames(mail)),
    close: (when) => portions.closeAll((parts) => when(parts.map(({ value }) => value))),
    end: () => portions.closeAll(() => true),
  };
}

class Portions<T> {
  readonly #byName = new Map<string, Portion<T>>();
  /** Those with a patch, in the order in which they last got a mail. */
  readonly #open = new Set<Portion<T>>();

  /** Merges a new portion with all that these names connect it to. @returns the series that had to be closed */
  take(fresh: Portion<T>, names: readonly string[]): AssembledSeries<T>[] {
    const closed: AssembledSeries<T>[] = [];
    let portion = fresh;
    for (const name of names) {
      const other = this.#find(name);
      if (other === null || other === portion) continue;
      if (sizeOf(other) + sizeOf(portion) > MAX_MAILS) closed.push(...this.#close(other, true));
      else portion = this.#join(portion, other);
    }
    for (const name of names) this.#remember(name, portion);
    this.#touch(portion);
    if (this.#open.size > MAX_OPEN) closed.push(...this.#close(this.#open.values().next().value!));
    return closed;
  }

  /** In the order in which they began. */
  closeAll(when: (parts: readonly SeriesEntry<T>[]) => boolean): AssembledSeries<T>[] {
    const quiet = [...this.#open].filter(({ parts }) => when(parts));
    const ordered = sortedBy(quiet, ({ parts }) => least(parts, ({ at }) => at));
    return ordered.flatMap((portion) => this.#close(portion));
  }

  #find(name: string): Portion<T> | null {
    let portion = this.#byName.get(name) ?? null;
    while (portion?.into) portion = portion.into;
    return portion === null || portion.closed ? null : portion;
  }

  #remember(name: string, portion: Portion<T>): void {
    this.#byName.delete(name);
    this.#byName.set(name, portion);
    if (this.#byName.size > MAX_NAMES) this.#byName.delete(this.#byName.keys().next().value!);
  }

  #touch(portion: Portion<T>): void {
    this.#open.delete(portion);
    if (portion.parts.length > 0) this.#open.add(portion);
  }

  #join(a: Portion<T>, b: Portion<T>): Portion<T> {
    const [small, large] = sizeOf(a) < sizeOf(b) ? [a, b] : [b, a];
    large.parts.push(...small.parts.splice(0));
    large.links.push(...small.links.splice(0));
    small.into = large;
    this.#open.delete(small);
    return large;
  }

  #close(portion: Portion<T>, isCut = false): AssembledSeries<T>[] {
    portion.closed = true;
    this.#open.delete(portion);
    // emptied, since its names refer to it long after its mails are needed
    const [parts, links] = [portion.parts.splice(0), portion.links.splice(0)];
    const arrival = new Map(parts.map(({ item, at }) => [item, at]));
    return sortedBy(assemble(parts, links, isCut), ({ members }) =>
      least(members, ({ item }) => arrival.get(item)!),
    );
  }
}

function sizeOf<T>({ parts, links }: Portion<T>): number {
  return parts.length + links.length;
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

/** The names that connect a patch to others. */
function namesOf(item: SeriesItem): string[] {
  const { signing, number, sender, references } = item;
  const names = threadNames(item);
  if (signing !== null) names.push(`signed ${signing}`);
  // a patch without number or references stands alone
  if (references.length === 0 && number.total > 1)
    names.push(`label ${sender} ${number.version} ${number.total}`);
  return names;
}

function threadNames(mail: ThreadMail): string[] {
  const ids = [...mail.references.slice(0, 1), ...followed(mail), mail.messageId];
  return [...new Set(ids)].filter((id) => id !== "").map((id) => `mail ${id}`);
}
