import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import {
  formatSent,
  formatSeriesSettings,
  parseSent,
  parseSeriesSettings,
  type SentVersion,
  type SeriesSettings,
} from "../../src/outgoing/state.ts";

const SETTINGS: SeriesSettings = {
  changeId: "20261128-net-timer-3f2a81c09d4e",
  version: 3,
  prefix: ["RFC", "net-next"],
  base: "origin/main",
  to: ["list@example.org"],
  cc: ["Zoë <zoe@example.org>", "bob@example.org"],
  thread: "first",
};
const OBJECT = "1".repeat(40);
const DIGEST = "a".repeat(64);
const SENT: SentVersion = {
  version: 2,
  time: 1_796_000_000,
  tip: OBJECT,
  base: null,
  mails: [
    { index: 0, messageId: "<c@x>", patch: null },
    { index: 1, messageId: "<1@x>", patch: { commit: OBJECT, message: DIGEST, diff: DIGEST } },
  ],
};

describe("settings", () => {
  test("are read as they were written", () => {
    expect(parseSeriesSettings(formatSeriesSettings(SETTINGS))).toEqual(SETTINGS);
  });

  test("only change-id and version have to be there", () => {
    const text = "change-id: x\nversion: 1\n";
    const settings = parseSeriesSettings(text);
    expect(settings).toMatchObject({ prefix: [], base: null, to: [], cc: [], thread: null });
    expect(formatSeriesSettings(settings)).toBe(text);
  });

  test.each([
    ["no change-id", "version: 1\n"],
    ["a change-id that could be an option", "change-id: -x\nversion: 1\n"],
    ["no version", "change-id: x\n"],
    ["version 0", "change-id: x\nversion: 0\n"],
    ["a field twice", "change-id: x\nversion: 1\nversion: 2\n"],
    ["an unknown field", "change-id: x\nversion: 1\nbcc: a@x\n"],
    ["a base that git would take for an option", "change-id: x\nversion: 1\nbase: --output=x\n"],
    ["an unknown thread", "change-id: x\nversion: 1\nthread: deep\n"],
    ["no end", "change-id: x\nversion: 1"],
    ["a control character", "change-id: x\nversion: 1\nto: a\x1b[2J@x\n"],
    ["bidi", "change-id: x\nversion: 1\nto: a\u202e@x\n"],
    ["a long line", `change-id: x\nversion: 1\nto: ${"a".repeat(1000)}\n`],
  ])("refused: %s", (_, text) => {
    expect(() => parseSeriesSettings(text)).toThrow(FormatError);
  });
});

describe("what was sent", () => {
  test("is read as it was written", () => {
    expect(parseSent(2, formatSent(SENT))).toEqual(SENT);
    expect(parseSent(2, formatSent({ ...SENT, base: OBJECT })).base).toBe(OBJECT);
  });

  test.each([
    ["nothing", ""],
    ["no tip", "t: 1\nbase: -\n"],
    ["a short object name", "t: 1\ntip: 123\nbase: -\n"],
    ["a base that is no object", `t: 1\ntip: ${OBJECT}\nbase: main\n`],
    ["a Message-ID with a blank", `t: 1\ntip: ${OBJECT}\nbase: -\nmail: 0 <a b@x>\n`],
    ["no angle brackets", `t: 1\ntip: ${OBJECT}\nbase: -\nmail: 0 a@x\n`],
    ["half a patch", `t: 1\ntip: ${OBJECT}\nbase: -\nmail: 1 <a@x> ${OBJECT}\n`],
    ["something behind", `${formatSent(SENT).trimEnd()} x\n`],
  ])("refused: %s", (_, text) => {
    expect(() => parseSent(1, text)).toThrow(FormatError);
  });
});
