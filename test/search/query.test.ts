/** Queries as people write them, and what SQL they become. */

import { describe, expect, test } from "vitest";
import { TRUST_WORDS } from "../../src/report/columns.ts";
import { TEST_OUTCOMES } from "../../src/result/text.ts";
import { parseQuery, type Query, timesIn, VALUES } from "../../src/search/query.ts";
import { conditionOf } from "../../src/search/sql.ts";
import type { MailKind } from "../../src/store/index-sql.ts";

/** A query with all its brackets; or why it is none. */
function shown(text: string): string {
  const reading = parseQuery(text);
  return reading.ok ? lines(reading.query) : `refused: ${reading.why}`;
}

const NO_SECTION = { paths: [], excluded: [], words: [], unread: [] };

/** By the number of their columns. */
const NAMES: Readonly<Record<number, string>> = { 9: "body", 11: "all" };

function lines(query: Query): string {
  switch (query.kind) {
    case "all":
      return "all";
    case "and":
    case "or":
      return `(${query.of.map(lines).join(` ${query.kind} `)})`;
    case "not":
      return `not ${lines(query.of)}`;
    case "text":
      return `${NAMES[query.fields.length] ?? query.fields.map((field) => field[0]).join("")}:${query.text}${query.isPrefix ? "*" : ""}`;
    case "exact":
      return `${query.field}=${query.value}${query.isPrefix ? "*" : ""}`;
    case "section":
      return `section[${query.name}]`;
    case "time":
      return `${query.inDays ? "days of " : ""}${query.field}[${query.from ?? ""},${query.to ?? ""}]`;
  }
}

describe("queries", () => {
  test.each([
    ["", "all"],
    ["  ", "all"],
    ["i2c", "all:i2c"],
    ["s:i2c f:wolfram", "(s:i2c and s:wolfram)"],
    ['s:"two words" OR b:x*', "(s:two words or body:x*)"],
    ["a b OR c d", "((all:a and all:b) or (all:c and all:d))"],
    ["a (b OR c) NOT d", "(all:a and (all:b or all:c) and not all:d)"],
    ["-l:lkml x AND y", "(not list=lkml and all:x and all:y)"],
    [
      "m:<a@x> kind:patch trust:pinned by:a@x",
      "(message=<a@x> and kind=patch and trust=pinned and by=a@x)",
    ],
    [
      "test:kselftest.* result:fail env:arch=arm64",
      "(test=kselftest.* and result=fail and env=arch=arm64)",
    ],
    ["d:2020-01-01..", "days of date[2020-01-01,]"],
    ["dt:20200101120000..", "date[20200101120000,]"],
    ["rt:..yesterday", "received[,yesterday]"],
    ["d:20200101..20200201", "days of date[20200101,20200201]"],
    ["d:2020-01-01", "days of date[2020-01-01,2020-01-01]"],
    ["rt:2020-01-01", "days of received[2020-01-01,2020-01-01]"],
    ['maintainers:"I2C SUBSYSTEM" -s:x', "(section[I2C SUBSYSTEM] and not s:x)"],
    ["dfn:drivers/i2c/i2c-core.c", "f:drivers/i2c/i2c-core.c"],
    ["not and or", "(all:not and all:and and all:or)"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test.each([
    ["zz:x", /^refused: there is no zz: \(there are s, f,/],
    ["s:", /^refused: nothing stands after s:/],
    ["*", /^refused: nothing stands after/],
    ['s:"open', /^refused: a " is not closed/],
    ["(a", /^refused: a \( is not closed/],
    ["a)", /^refused: a \) has no \(/],
    ["a OR", /^refused: it ends too early/],
    ["AND a", /^refused: AND stands where a word is expected/],
    ["d:..", /^refused: d: has neither/],
    ["d:1..2..3", /^refused: d:1..2..3 is no range/],
    ["(".repeat(60), /^refused: it is nested too deeply/],
    ["NOT ".repeat(60), /^refused: it is nested too deeply/],
    ["a ".repeat(300), /^refused: it has more than 200 words/],
    ["a".repeat(5_000), /^refused: it is longer than/],
  ])("%.20s is refused", (text, why) => {
    expect(shown(text)).toMatch(why);
  });

  test("terms that are not wanted are not nested, however many", () => {
    expect(shown("-a ".repeat(90))).toMatch(/^\(not all:a and .*not all:a\)$/);
  });

  test("times are the caller's to read", () => {
    const reading = parseQuery("d:yesterday.. (NOT rt:..2020-01-01 OR x)");
    expect(reading.ok && timesIn(reading.query)).toEqual(["yesterday", "2020-01-01"]);
  });
});

test("what a query says is never SQL, nor FTS5's syntax", () => {
  const reading = parseQuery(`s:"a' OR 1=1 --" l:x'y b:{subject}:z NEAR(a`);
  expect(reading.ok).toBe(false);
  const good = parseQuery(`s:"a' OR 1=1 --" l:x'y b:^z`);
  const condition = good.ok
    ? conditionOf(good.query, { timeOf: () => 0, sectionOf: () => NO_SECTION })
    : null;
  expect(condition?.sql).not.toMatch(/'|--|1=1/);
  expect(condition?.values).toEqual([
    '{subject} : "a\' OR 1=1 --"',
    "x'y",
    '{body files removed added hunks context preimage postimage quoted} : "^z"',
  ]);
});

test("of what has few values, no other is looked for", () => {
  const kinds: Record<MailKind, true> = {
    patch: true,
    cover: true,
    answer: true,
    reply: true,
    note: true,
    result: true,
    mail: true,
    refused: true,
  };
  expect(new Set(VALUES.kind)).toEqual(new Set(Object.keys(kinds)));
  expect(new Set(VALUES.trust)).toEqual(new Set([...Object.keys(TRUST_WORDS), "vouched"]));
  expect(VALUES.result).toEqual(TEST_OUTCOMES);
  expect(shown("kind:Patch trust:re* result:fail")).toMatch(/^\(kind=Patch and trust=re\*/);
  expect(shown("result:failed")).toBe(
    "refused: result: is one of fail, error, miss, pass, done, skip",
  );
  expect(shown("trust:x*")).toMatch(/^refused: trust: is one of pinned, /);
});
