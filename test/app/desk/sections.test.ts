/** Where a work stands on the morning page. */

import { describe, expect, test } from "vitest";
import { type DeskFacts, sectionOf } from "../../../src/app/desk/sections.ts";
import type { DeskSeries, DeskWork } from "../../../src/app/desk/works.ts";
import type { SeriesMark } from "../../../src/store/series-marks.ts";

const NOW = 1_795_600_000;
const HOUR = 3_600;

const SUMMARY = {
  complete: true,
  applicable: true,
  proof: "signed",
  trust: "known",
  base: { commit: "1".repeat(40), tree: null },
  findings: [] as string[],
  reviewed: { all: 0, proven: 0 },
  acked: { all: 0, proven: 0 },
};
/** As most are. */
const UNSIGNED = { proof: "none", trust: null, reviewed: { all: 1, proven: 0 } };

/** A work that is ready, by its changes. Its version came ten hours ago, the last mail five. */
function work(
  mark: Partial<SeriesMark> | null,
  { summary = {}, latest = NOW - 5 * HOUR }: { summary?: object; latest?: number } = {},
): DeskWork {
  const newest = {
    date: NOW - 10 * HOUR,
    verdict: "pass",
    summary: { ...SUMMARY, ...summary },
  } as unknown as DeskSeries;
  const noted =
    mark === null
      ? null
      : { messageId: "<a@x>", state: "waiting" as const, note: "", at: NOW, until: 0, ...mark };
  return { work: 1, newest, latest, mark: noted };
}

const FACTS: DeskFacts = {
  applied: new Set(),
  inBranch: new Map(),
  mine: new Set(),
  tests: new Map(),
  now: NOW,
};

describe("a series that", () => {
  test.each([
    ["nobody marked", work(null), "ready"],
    ["waits for its author", work({}), "waiting-for-author"],
    ["waited, and somebody wrote", work({ at: NOW - 6 * HOUR }), "waiting-for-me"],
    ["has a new version since", work({ state: "dropped", at: NOW - 11 * HOUR }), "waiting-for-me"],
    ["was dropped", work({ state: "dropped" }), "done"],
    ["was dropped, and somebody wrote", work({ state: "dropped", at: NOW - 6 * HOUR }), "done"],
    ["was applied", work({ state: "applied" }), "done"],
    ["is snoozed", work({ state: "snoozed", until: NOW + 1 }), "done"],
    ["was snoozed until now", work({ state: "snoozed", until: NOW }), "waiting-for-me"],
    ["is new again", work({ state: "new" }), "ready"],
    ["fails", work(null, { summary: { findings: ["signature-bad"] } }), "alarm"],
    ["has no base", work(null, { summary: { base: { commit: null, tree: null } } }), "new"],
    ["has a key that nobody knows", work(null, { summary: { trust: "first-use" } }), "new"],
    ["nobody signed, and somebody reviewed", work(null, { summary: UNSIGNED }), "reviewed"],
    [
      "nobody signed, and somebody reviewed a part of it",
      work(null, { summary: { ...UNSIGNED, complete: false } }),
      "waiting-for-author",
    ],
    ["lacks a patch", work(null, { summary: { complete: false } }), "waiting-for-author"],
  ])("%s", (_, one, section) => expect(sectionOf(one, FACTS)).toBe(section));

  test("a person found elsewhere", () => {
    const those = new Set([1]);
    const tests = { pass: 9, fail: 0, disputed: 0, other: 1 };
    const tested = (changes: object): DeskFacts => ({
      ...FACTS,
      tests: new Map([[1, { ...tests, ...changes }]]),
    });
    expect(sectionOf(work(null), tested({}))).toBe("ready");
    expect(sectionOf(work(null), tested({ fail: 1 }))).toBe("failing");
    expect(sectionOf(work(null), tested({ disputed: 1 }))).toBe("failing");
    expect(sectionOf(work(null), { ...FACTS, applied: those })).toBe("done");
    const unsigned = work(null, { summary: { proof: "none" } });
    expect(sectionOf(unsigned, { ...FACTS, mine: those })).toBe("in-my-paths");
  });
});
