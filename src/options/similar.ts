/** What somebody may have meant who typed a word that is none. Only errors load it. */

/** A longer word is no slip of the finger. */
const MAX_LENGTH = 40;
const MAX_NAMED = 3;

/**
 * Which of the names are like a word: those that it begins, and else those that are nearest, if they
 * differ in no more than one letter of three.
 *
 * @returns at most three, in their order
 */
export function similar(word: string, names: readonly string[]): string[] {
  if (word === "" || word.length > MAX_LENGTH) return [];
  const lower = word.toLowerCase();
  const begun = names.filter((name) => name.toLowerCase().startsWith(lower));
  if (begun.length > 0) return begun.slice(0, MAX_NAMED);
  const distances = names.map((name) => distance(lower, name.toLowerCase()));
  const nearest = Math.min(...distances);
  if (nearest > Math.max(1, Math.floor(word.length / 3))) return [];
  return names.filter((_, i) => distances[i] === nearest).slice(0, MAX_NAMED);
}

/** `did you mean a, b or c?`; undefined if there is none. */
export function didYouMean(names: readonly string[]): string | undefined {
  const last = names.at(-1);
  if (last === undefined) return undefined;
  const first = names.slice(0, -1).join(", ");
  return `did you mean ${first === "" ? "" : `${first} or `}${last}?`;
}

/** Letters to insert, drop or replace, or neighbours to swap, to make one word of the other. */
function distance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(
          rows[i - 1]![j]! + 1,
          row[j - 1]! + 1,
          rows[i - 1]![j - 1]! + same,
          swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
        ),
      );
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
