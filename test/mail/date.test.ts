import { assert, date as dates, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDate } from "../../src/mail/date.ts";

describe("a Date header", () => {
  test.each([
    ["Tue, 24 Nov 2026 10:00:00 +0000", "2026-11-24T10:00:00Z"],
    ["Tue, 24 Nov 2026 10:00:00 +0130", "2026-11-24T08:30:00Z"],
    ["24 Nov 2026 10:00 -0800", "2026-11-24T18:00:00Z"],
    ["Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"],
    ["Tue,  3 Nov 2026 10:00:00 +0000 (UTC)", "2026-11-03T10:00:00Z"],
    ["Tue, 3 nov 2026\t10:00:00 EST", "2026-11-03T15:00:00Z"],
  ])("%s", (text, iso) => {
    expect(parseDate(text)).toBe(Date.parse(iso) / 1000);
  });

  test.each([
    "",
    "yesterday",
    "2026-11-24",
    "Tue, 32 Nov 2026 10:00:00 +0000",
    "1 Foo 2026 10:00:00",
  ])("%s is invalid", (text) => expect(parseDate(text)).toBeNull());

  test("on any day", () => {
    const days = dates({
      min: new Date("1900-01-01T00:00:00Z"),
      max: new Date("2399-12-31T00:00:00Z"),
      noInvalidDate: true,
    });
    assert(
      property(days, (date) => {
        expect(parseDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000));
      }),
    );
  });
});
