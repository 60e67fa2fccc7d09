import { expect, test } from "vitest";
import { objections, type SendFacts } from "../../src/outgoing/checks.ts";

const GOOD: SendFacts = {
  titles: ["one", "two"],
  merges: 0,
  basePrivate: null,
  coverMissing: false,
  previous: null,
  unchanged: false,
  now: 100_000,
};
const LIMITS = { maxPatches: 3, minInterval: 86_400 };
const SENT = { version: 1, time: 90_000, tip: "", base: null, mails: [] };

function found(facts: Partial<SendFacts>): string[] {
  return objections({ ...GOOD, ...facts }, LIMITS).map(({ check }) => check);
}

test("nothing speaks against a good series", () => {
  expect(found({})).toEqual([]);
  expect(found({ previous: { ...SENT, time: 100_000 - 86_400 } })).toEqual([]);
  expect(objections({ ...GOOD, previous: SENT }, { ...LIMITS, minInterval: 0 })).toEqual([]);
});

test.each([
  ["private-base", { basePrivate: "no remote has it" }],
  ["merges", { merges: 1 }],
  ["many", { titles: ["1", "2", "3", "4"] }],
  ["no-cover", { coverMissing: true }],
  ["recent", { previous: SENT }],
  ["unchanged", { previous: { ...SENT, time: 0 }, unchanged: true }],
])("%s", (check, facts) => {
  expect(found(facts)).toEqual([check]);
});

test.each([
  "fixup! one",
  "squash! one",
  "amend! x",
  "WIP",
  "WIP: x",
  "[WIP] x",
  "wip: y",
  "DROP x",
])("not finished: %s", (title) => {
  expect(found({ titles: ["one", title] })).toEqual(["unfinished"]);
});

test.each(["wiper: fix a leak", "todos: list them", "drop the lock", "mm: fixup! handling"])(
  "finished: %s",
  (title) => {
    expect(found({ titles: [title] })).toEqual([]);
  },
);
