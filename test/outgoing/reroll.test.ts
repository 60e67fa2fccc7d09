import { describe, expect, test } from "vitest";
import {
  afterSending,
  changeIdFor,
  changeLog,
  coverOf,
  editable,
  edited,
  newSeries,
  threadParent,
} from "../../src/outgoing/reroll.ts";
import type { SentVersion } from "../../src/outgoing/state.ts";

const OBJECT = "1".repeat(40);

function sent(version: number, id: string): SentVersion {
  const mails = [{ index: 0, messageId: `<${id}>`, patch: null }];
  return { version, time: 0, tip: OBJECT, base: null, mails };
}

const FIRST = newSeries("x");
const SECOND = afterSending(FIRST, sent(1, "v1@x"), "");
const THIRD = afterSending(
  { ...SECOND, changes: "- two\n" },
  sent(2, "v2@x"),
  "Changes in v2:\n- two\n",
);

test.each([
  ["net-timer", "20261128-net-timer-010203040506"],
  ["User/Topic__X ü", "20261128-user-topic-x-010203040506"],
  ["日本", "20261128-010203040506"],
])("a change-id of branch %s", (branch, expected) => {
  expect(changeIdFor(branch, 1_795_838_400, Buffer.from([1, 2, 3, 4, 5, 6]))).toBe(expected);
});

describe("after a version was sent", () => {
  test("the next one has the next number, and no changes yet", () => {
    expect(THIRD.settings.version).toBe(3);
    expect(THIRD.changes).toBe("");
    expect(THIRD.sent.map(({ version }) => version)).toEqual([1, 2]);
  });

  test("resending a version replaces it, and moves no number", () => {
    const again = afterSending(THIRD, sent(1, "again@x"), "");
    expect(again.settings.version).toBe(3);
    expect(again.sent.map(({ mails }) => mails[0]!.messageId)).toEqual(["<again@x>", "<v2@x>"]);
  });
});

test.each([
  ["new", 3, null],
  ["first", 3, "<v1@x>"],
  ["previous", 3, "<v2@x>"],
  ["previous", 2, "<v1@x>"],
  ["first", 1, null],
  ["previous", 1, null],
] as const)("thread %s: v%i replies to %s", (mode, version, parent) => {
  expect(threadParent(THIRD, version, mode)).toBe(parent);
});

describe("a cover letter", () => {
  test.each([
    ["title\n\ntext\nmore\n", { title: "title", body: "text\nmore" }],
    ["\n title \n", { title: "title", body: "" }],
    ["", null],
    [" \n\n", null],
  ])("%j", (text, expected) => {
    expect(coverOf(text)).toEqual(expected);
  });

  test("is edited with the changes, once there is an earlier version", () => {
    const cover = { ...FIRST, cover: "title\n\ntext\n" };
    expect(editable(cover)).toBe("title\n\ntext\n");
    const again = { ...SECOND, cover: "title\n\ntext\n", changes: "- one\n" };
    expect(editable(again)).toBe("title\n\ntext\n\nChanges in v2:\n- one\n");
    expect(edited(again, editable(again))).toEqual(again);
    const text = "new title\r\n\r\ntext\r\n\r\nChanges in v2:\r\n- more\r\n";
    expect(edited(again, text)).toMatchObject({
      cover: "new title\n\ntext\n",
      changes: "- more\n",
    });
  });

  test("of the first version may speak of changes itself", () => {
    const text = "title\n\nChanges in v1:\nnone\n";
    expect(edited(FIRST, text)).toMatchObject({ cover: text, changes: "" });
  });
});

describe("the change log", () => {
  test("of a first version is empty", () => {
    expect(changeLog({ ...FIRST, changes: "- x\n" }, 1, null)).toBe("");
  });

  test("has what is new, the way to the previous version, and what was before", () => {
    const state = { ...THIRD, changes: "- three\n" };
    expect(changeLog(state, 3, "https://lore.example/r/%s")).toBe(
      "Changes in v3:\n- three\n- Link to v2: https://lore.example/r/v2@x\n\nChanges in v2:\n- two\n",
    );
    expect(changeLog(state, 3, null)).toBe("Changes in v3:\n- three\n\nChanges in v2:\n- two\n");
  });

  test("says nothing of a version with nothing to say", () => {
    expect(changeLog(SECOND, 2, null)).toBe("");
  });
});
