/** Lists of works, however many versions somebody sends of one. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { type IndexPortion, IndexStore } from "../../src/store/index-store.ts";
import { newestOfWorks, worksInOrder } from "../../src/store/index-works.ts";
import { newFolder } from "../support/folders.ts";

type NewSeries = IndexPortion["series"][number];
/** Version, whether it has patches, and date. */
type Version = readonly [version: number, applicable: 0 | 1, date: number];

function newSeries(name: string, [version, applicable, date]: Version): NewSeries {
  const latest = date + 7;
  const text = { name, signer: "", record: "{}", versions: "{}", verdict: "warn" as const };
  return { ...text, date, latest, version, applicable, names: [], mails: [] };
}

/** Stores series in place of those of the threads. @param workOf the work of each, by its name */
function put(
  index: IndexStore,
  series: readonly NewSeries[],
  workOf: (name: string) => number,
  threads: readonly number[] = [],
): void {
  const nothing = { gone: [], withdrawn: [], mails: [], again: [], cursors: new Map() };
  index.put({ ...nothing, threads, series }, (stored) =>
    stored.map(({ id, name }) => [id, workOf(name)]),
  );
}

function newIndex(): IndexStore {
  return new IndexStore(join(newFolder(), "index.db"));
}

function latest(
  index: IndexStore,
  most: number,
  after: Parameters<typeof worksInOrder>[2] = null,
): number[] {
  return worksInOrder(index, most, after).map(({ work }) => work);
}

test("a work of very many versions is one of the latest", () => {
  const index = newIndex();
  const versions = Array.from({ length: 2000 }, (_, i) => newSeries(`${i + 1}`, [i + 1, 1, i + 1]));
  put(index, versions, (name) => (Number(name) % 500 === 0 ? Number(name) : 1));
  expect(latest(index, 10)).toEqual([2000, 1, 1500, 1000, 500]);
  expect(latest(index, 2, [2007, 2000])).toEqual([1, 1500]);
  expect(newestOfWorks(index, [1])).toMatchObject([{ id: 1999, workLatest: 2006 }]);
});

test.each([
  ["the highest version, whenever it was sent", "2 1 90, 1 1 95", 1],
  ["of one version sent twice, the later", "2 1 90, 2 1 95, 2 1 80", 2],
  ["of two at once, the one stored last", "2 1 90, 2 1 90", 2],
  ["none that only has a cover letter", "2 1 90, 3 0 95", 1],
  ["unless there is no other", "2 0 90, 3 0 95", 2],
])("lists show of a work %s", (_, text, newest) => {
  const index = newIndex();
  const versions = text.split(", ").map((one) => one.split(" ").map(Number) as unknown as Version);
  put(
    index,
    versions.map((one, i) => newSeries(`${i}`, one)),
    () => 1,
  );
  const workLatest = Math.max(...versions.map(([, , date]) => date)) + 7;
  expect(newestOfWorks(index, [1])).toMatchObject([{ id: newest, workLatest }]);
});

test("works are listed in the order that was asked for", () => {
  const index = newIndex();
  put(
    index,
    ["1", "2", "3"].map((name) => newSeries(name, [1, 1, 1])),
    Number,
  );
  expect(newestOfWorks(index, [2, 9, 3, 1]).map(({ work }) => work)).toEqual([2, 3, 1]);
});

test("a work that joined another, or whose series are gone, is no longer listed", () => {
  const index = newIndex();
  const [one, two] = [newSeries("1", [1, 1, 10]), newSeries("2", [2, 1, 20])];
  put(index, [one, two], Number);
  expect(latest(index, 9)).toEqual([2, 1]);
  // series without mails are of thread 0; those stored again keep their ids
  put(index, [one, two], () => 1, [0]);
  expect(latest(index, 9)).toEqual([1]);
  expect(newestOfWorks(index, [1])).toMatchObject([{ id: 2, workLatest: 27 }]);
  put(index, [one], () => 1, [0]);
  expect(newestOfWorks(index, [1])).toMatchObject([{ id: 1, workLatest: 17 }]);
  put(index, [], () => 1, [0]);
  expect(latest(index, 9)).toEqual([]);
});
