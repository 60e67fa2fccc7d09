/** Sorts an archive's mails by date, as far as memory allows. Pure. */

interface Dated<T> {
  readonly date: number;
  readonly size: number;
  readonly value: T;
}

export interface ByDate<T> {
  /**
   * @param date seconds since the epoch; null counts as the one before
   * @param size bytes
   * @returns what no longer has to wait, oldest first
   */
  add(value: T, date: number | null, size: number): T[];
  /** What is left. */
  end(): T[];
}

/** @param most bytes held back: a smaller archive is sorted as a whole */
export function byDate<T>(most: number): ByDate<T> {
  let waiting: Dated<T>[] = [];
  let held = 0;
  let last = 0;

  function take(until: number): T[] {
    // equal dates keep their order: the sort is stable
    waiting.sort((a, b) => a.date - b.date);
    let n = 0;
    while (n < waiting.length && held > until) held -= waiting[n++]!.size;
    const taken = waiting.slice(0, n);
    waiting = waiting.slice(n);
    return taken.map(({ value }) => value);
  }

  return {
    add(value, date, size) {
      last = date ?? last;
      // a mail without bytes takes some memory too
      const weight = size + 100;
      waiting.push({ date: last, size: weight, value });
      held += weight;
      return held > most ? take(most / 2) : [];
    },
    end: () => take(0),
  };
}
