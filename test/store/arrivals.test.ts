/** What a dry run remembers of arrivals gives the answers that the database would. */

import { expect, test } from "vitest";
import { Arrivals, MAX_OF_A_WORK, notYet } from "../../src/store/arrivals.ts";
import type { Arrival } from "../../src/trust/replay.ts";

const WORK = Buffer.from("one work");

/** The version is when it was signed, too. */
function arrival(version: number): Arrival {
  const digest = Buffer.from(`text ${version}`);
  return { digest, work: WORK, version, signedAt: version, at: 1, messageId: `<${version}@x>` };
}

test.each([
  [[2, 3, 4], 4],
  [[4, 3, 2], 4],
  [[3, 4, 2], 4],
  [[1, 2], 2],
  [[1], null],
])("if versions %j came before version 1, names the newest: %j", (versions, newest) => {
  const arrivals = new Arrivals();
  for (const version of versions) arrivals.add(arrival(version));
  const { id } = notYet(arrival(1));
  expect(arrivals.newer(arrival(1), id)?.version ?? null).toBe(newest);
});

test("a version that came later does not count", () => {
  const arrivals = new Arrivals();
  const { id } = arrivals.add(arrival(1));
  arrivals.add(arrival(2));
  expect(arrivals.newer(arrival(1), id)).toBeNull();
});

test("a repeated text keeps the time of its first arrival", () => {
  const arrivals = new Arrivals();
  const first = arrivals.add(arrival(1));
  expect(arrivals.add({ ...arrival(1), messageId: "<other@x>" })).toBe(first);
  expect(arrivals.find(arrival(1).digest)).toBe(first);
  expect(arrivals.find(arrival(2).digest)).toBeNull();
});

test("only the latest versions of a series are kept", () => {
  const arrivals = new Arrivals();
  for (let version = 1; version <= MAX_OF_A_WORK + 1; version++) arrivals.add(arrival(version));
  expect(arrivals.find(arrival(1).digest)).toBeNull();
  expect(arrivals.find(arrival(2).digest)).not.toBeNull();
});
