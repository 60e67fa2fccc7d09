import { expect, test } from "vitest";
import type { Dependency } from "../../src/base/lines.ts";
import { type SeriesIdentity, neededBefore, seriesFor } from "../../src/base/needs.ts";

function named(id: string, ...needs: readonly string[]): SeriesIdentity {
  const dependencies = needs.map((need): Dependency => ({ kind: "message", id: need }));
  return { messageIds: [id], changeId: null, version: 1, dependencies };
}

const ids = (all: readonly SeriesIdentity[]): (string | undefined)[] =>
  all.map((s) => s.messageIds[0]);

test("each series comes after those that it needs", () => {
  const all = [named("a", "b", "c"), named("b", "d"), named("c", "d", "gone"), named("d")];
  expect(ids(neededBefore(all[0]!, all))).toEqual(["d", "b", "c"]);
});

test("a cycle ends", () => {
  const all = [named("a", "b"), named("b", "c"), named("c", "a", "b")];
  expect(ids(neededBefore(all[0]!, all))).toEqual(["c", "b"]);
});

test("a chain of 10,000", () => {
  const all = Array.from({ length: 10_000 }, (_, i) => named(`${i}`, `${i + 1}`));
  expect(neededBefore(all[0]!, all)).toHaveLength(9_999);
});

test("for a change-id, the named version, else the newest", () => {
  const all = [1, 3, 2].map((version) => ({ ...named(`${version}`), changeId: "x", version }));
  const find = (version: number | null) => seriesFor({ kind: "change", id: "x", version }, all);
  expect(find(2)?.version).toBe(2);
  expect(find(null)?.version).toBe(3);
  expect(find(4)).toBeUndefined();
  expect(seriesFor({ kind: "other", id: "1" }, all)).toBeUndefined();
});
