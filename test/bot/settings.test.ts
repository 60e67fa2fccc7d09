import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byDate } from "../../src/bot/by-date.ts";
import { afterQuiet, isQuiet, parseQuiet } from "../../src/bot/quiet.ts";
import { DEFAULT_RULES, parseSettings } from "../../src/bot/settings.ts";
import { parseConfig } from "../../src/git/config.ts";

const settings = (...lines: readonly string[]) =>
  parseSettings(parseConfig(lines.map((line) => `file:x\0${line.replace("=", "\n")}`).join("\0")));

describe("the bot's file", () => {
  test("if empty, gives the defaults, and sends nothing", () => {
    expect(settings()).toMatchObject({ mode: "preview", rules: DEFAULT_RULES, address: null });
  });

  test("values become numbers", () => {
    const { rules, settle, mode } = settings(
      "bot.mode=private",
      "bot.minseries=5",
      "bot.mintime=2 weeks",
      "bot.period=30d",
      "bot.settle=90 minutes",
      "bot.suggest=base",
      "bot.listid=<Net.Example.Org>",
      "bot.address=Bot@Example.org",
      "bot.list=net@example.org",
    );
    expect({ mode, settle }).toEqual({ mode: "private", settle: 5400 });
    expect(rules).toMatchObject({
      minSeries: 5,
      minTime: 14 * 86_400,
      period: 30 * 86_400,
      topics: ["base"],
      lists: ["net.example.org"],
    });
    expect(rules.never).toEqual(["bot@example.org", "net@example.org"]);
  });

  test.each([
    ["bot.colour=red", "which is not a setting"],
    ["bot.mode=loud", "should be preview, digest, private or list"],
    ["bot.period=90", "should be a time like"],
    ["bot.period=90 moons", "should be a time like"],
    ["bot.most=-1", "should be a number"],
    ["bot.most=1e3", "should be a number"],
    ["bot.address=Bot <bot@example.org>", "should be one bare address"],
    ["bot.suggest=sign,loud", "should be sign or base"],
    ["bot.quiet=22-07", "should be like 22:00-07:00"],
    ["bot.quiet=25:00-07:00", "should be like 22:00-07:00"],
  ])("%s is refused", (line, why) => {
    expect(() => settings(line)).toThrow(why);
  });

  test("an invalid time zone is refused", () => {
    expect(() => settings("bot.quiet=22:00-07:00", "bot.timezone=Mars")).toThrow(
      "no timezone Mars",
    );
  });
});

describe("quiet hours", () => {
  test("end at the first minute that is not quiet, never earlier, also across clock changes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
        fc.constantFrom("22:00-07:00", "01:30-02:45", "09:00-17:30", "02:00-01:00"),
        fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
        (time, hours, zone) => {
          const quiet = parseQuiet(hours, zone);
          const end = afterQuiet(quiet, time);
          expect(isQuiet(quiet, end)).toBe(false);
          expect(end).toBeGreaterThanOrEqual(time);
          expect(end - time).toBeLessThanOrEqual(25 * 3600);
        },
      ),
    );
  });

  test("may be off", () => {
    expect(isQuiet(null, 0)).toBe(false);
    expect(afterQuiet(null, 77)).toBe(77);
  });
});

describe("sorting an archive by date", () => {
  const sorted = (dates: readonly (number | null)[], most: number): (number | null)[] => {
    const order = byDate<number | null>(most);
    return [...dates.flatMap((date) => order.add(date, date, 0)), ...order.end()];
  };

  test("as a whole if it is small; mails without a date keep their place", () => {
    expect(sorted([3, 1, null, 2], 1e6)).toEqual([1, null, 2, 3]);
  });

  test("within a window if it is large: no mail is lost", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), fc.integer({ min: 100, max: 5000 }), (dates, most) => {
        const found = sorted(dates, most);
        expect(found).toHaveLength(dates.length);
        expect(new Set(found)).toEqual(new Set(dates));
      }),
    );
    const nearly = Array.from({ length: 1000 }, (_, i) => i + (i % 7));
    const found = sorted(nearly, 10_000) as number[];
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });
});
