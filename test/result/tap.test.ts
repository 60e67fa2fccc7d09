/** What TAP and KTAP say, by small ones; those of real tools are in tools.test.ts. */

import { describe, expect, test } from "vitest";
import { outcomeOf } from "../../src/result/from/report.ts";
import { readTap } from "../../src/result/from/tap.ts";
import { randomOf } from "../support/reshape.ts";
import { paths, said } from "./support.ts";

describe("TAP", () => {
  test.each([
    ["a pass", "1..1\nok 1 - a", "pass: 1 pass"],
    ["the plan at the end", "ok 1\nnot ok 2\n1..2", "fail: 1 fail, 1 pass"],
    ["no plan: it may be cut", "TAP version 13\nok 1\nok 2\n", "miss: 2 pass"],
    ["fewer than planned", "1..4\nok 1\nok 2", "miss: 2 miss, 2 pass"],
    ["more than planned", "1..1\nok 1\nok 2", "error: 2 pass"],
    ["two plans", "1..1\nok 1\n1..1", "error: 1 pass"],
    ["bail out", "1..2\nok 1\nBail out! no disk", "error: 1 miss, 1 pass"],
    ["nothing but bail out", "Bail out!", "error: "],
    ["nothing to run", "1..0 # SKIP no hardware", "skip: "],
    ["skips", "1..3\nok 1 # SKIP no net\nnot ok 2 b # skipped\nok 3 - # Skip", "skip: 3 skip"],
    ["to do", "1..2\nnot ok 1 a # TODO later\nok 2 b # TODO works", "pass: 1 pass, 1 done"],
    ["not a directive", "1..2\nnot ok 1 a \\# TODO\nnot ok 2 a #TODOS", "fail: 2 fail"],
    ["an issue's number", "1..1\nok 1 issue #12 # SKIP as #13", "skip: 1 skip"],
    [
      "KTAP's words",
      "1..3\nok 1 # XFAIL known\nnot ok 2 # TIMEOUT 45 seconds\nnot ok 3 # ERROR x",
      "fail: 1 fail, 1 error, 1 done",
    ],
    ["words that only begin so", "1..1\nokay 1\nok 1\nnot okay", "pass: 1 pass"],
    ["YAML", "1..2\nnot ok 1\n  ---\n  got: |\n    ok 3\n  ...\nok 2", "fail: 1 fail, 1 pass"],
    ["CRLF", "1..1\r\nok 1 - a\r\n", "pass: 1 pass"],
    [
      "subtests",
      "1..1\n    # Subtest: x\n    ok 1 - a\n    ok 2 - b\n    1..2\nok 1 - x",
      "pass: 2 pass",
    ],
    [
      "a failed subtest",
      "1..1\n    1..2\n    ok 1\n    not ok 2\nnot ok 1 - x",
      "fail: 1 fail, 1 pass",
    ],
    [
      "a failure that no subtest explains",
      "1..1\n    1..1\n    ok 1\nnot ok 1 - x",
      "fail: 1 pass",
    ],
    ["a subtest that is cut", "1..2\nok 1\n    1..2\n    ok 1\n", "error: 1 miss, 2 pass"],
    ["a subtest that never began", "1..2\nok 1\n    1..2\n", "miss: 2 miss, 1 pass"],
    ["subtests that lack some", "1..1\n    1..3\n    ok 1\nok 1 - x", "miss: 2 miss, 1 pass"],
    [
      "KTAP without an inner plan",
      "KTAP version 1\n1..1\n  KTAP version 1\n  ok 1 a\nok 1 b",
      "pass: 1 pass",
    ],
    [
      "KTAP whose plan is not there, and a line that the kernel wrote into",
      "KTAP version 1\nok 1 a\n[ 1.2] usb: new[ 1.3] not ok 2 b\nok 4 c",
      "miss: 2 miss, 2 pass",
    ],
    [
      "parameters of KUnit, without a plan",
      "KTAP version 1\n1..1\n  KTAP version 1\n  ok 1 a\n  boo not ok 2 b\n  ok 3 c\nok 1 s",
      "miss: 1 miss, 2 pass",
    ],
    ["a byte order mark", "\ufeff1..1\nok 1 - a", "pass: 1 pass"],
    ["KTAP without numbers", "KTAP version 1\nok a\nok 5 b", "pass: 2 pass"],
    [
      "all of it indented",
      "boot\n TAP version 14\n 1..1\n \t1..1\n \tok 1 a\n ok 1 b",
      "pass: 1 pass",
    ],
    [
      "from dmesg",
      "[    1.234567] KTAP version 1\n[    1.2] 1..1\n<6>[   1.3] ok 1 a",
      "pass: 1 pass",
    ],
    [
      "kselftest's nesting",
      "TAP version 13\n1..1\n# selftests: x: y\n# TAP version 13\n# 1..2\n# ok 1 a\n# not ok 2 b\n# # Totals: pass:1\nnot ok 1 selftests: x: y # exit=1",
      "fail: 1 fail, 1 pass",
    ],
    [
      "as journalctl writes it",
      "Nov  2 15:38:41 host kernel: KTAP version 1\nNov  2 15:38:41 host kernel: 1..1\nNov  2 15:38:41 host kernel: ok 1 a",
      "pass: 1 pass",
    ],
    [
      "dmesg -T, and -x",
      "[Mon Nov  2 15:38:41 2026] 1..2\n[Mon Nov  2 15:38:41 2026] ok 1\nkern  :info  : [    1.2] ok 2",
      "pass: 2 pass",
    ],
    ...[
      "Nov 28 10:00:00 host kernel: [    1.234567] ",
      "2026-11-28T10:00:00.123456+00:00 host kernel: [    1.2] ",
      "2026-11-28T10:00:00+0000 host kernel: ",
      "2026-11-28T10:00:00,123456+00:00 ",
      "2026-11-28T10:00:00.1234567Z ",
      "[Nov28 10:00] ",
      "[  +0.000012] ",
      "\x1b[32m[    1.000000] \x1b[0m",
    ].map((front) => [
      `behind ${JSON.stringify(front)}`,
      "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    not ok 1 b\nnot ok 1 a"
        .split("\n")
        .map((line) => front + line)
        .join("\n"),
      "fail: 1 fail",
    ]),
    [
      "in colours",
      "\x1b[0;32mok\x1b[0m 1 - a\n\x1b[31mnot ok\x1b[0m 2\n1..2",
      "fail: 1 fail, 1 pass",
    ],
    [
      "programs one after the other",
      "TAP version 13\n1..1\nok 1\nTAP version 13\n1..2\nok 1",
      "miss: 1 miss, 2 pass",
    ],
    [
      "a version in the middle hides no failure",
      "1..2\nnot ok 1 a\nTAP version 13\n1..1\nok 1",
      "fail: 1 fail, 1 miss, 1 pass",
    ],
    [
      "subtests in braces",
      "1..2\nok 1 - x {\n    ok 1 - a\n    1..1\n}\nnot ok 2 - y {\n    not ok 1\n    1..1\n}",
      "fail: 1 fail, 1 pass",
    ],
    ["a brace in a name", "1..2\nok 1 - x {\n    1..1\n    ok 1 - in y\nok 2 - y", "pass: 2 pass"],
    ["braces that are cut", "1..2\nok 1 - x {\n    ok 1 - a\n", "error: 2 pass"],
    ["subtests of one without a name", "1..1\nok 1 {\n  ok 1\n  1..1\n}", "pass: 1 pass"],
    ["a brace alone", "1..1\n}\nok 1 - x {\n  }\n}\n}", "pass: 1 pass"],
    [
      "what prove says behind a file",
      "t/a.t .. \n1..1\nok 1\nok\nt/b.t .. \nok 1\n1..1\nok\nResult: PASS",
      "pass: 2 pass",
    ],
    ["a file that prove calls failed", "t/a.t .. \n1..1\nok 1\nResult: FAIL", "fail: 1 pass"],
    ["a log of prove's that is cut", "t/a.t .. \n1..1\nok 1\nok\n", "miss: 1 pass"],
    ["nothing but a file that prove calls failed", "t/a.t .. \nResult: FAIL", "fail: "],
    ["no file of prove's", "1..2\nok 1\nReading t/a.t ...\nt/a.t ...\nok 2", "pass: 2 pass"],
    [
      "kselftest that only plans",
      "1..1\n# selftests: a: b\n# 1..2\n# ok 1\n# not ok 2\nok 1 selftests: a: b",
      "fail: 1 fail, 1 pass",
    ],
    ["a comment that looks like a result", "1..1\n# 1..3\n# not ok 2 b\nok 1", "pass: 1 pass"],
  ])("%s", (_, text, expected) => {
    expect(said(readTap(text))).toBe(expected);
  });

  test("names come from all levels", () => {
    const text =
      "1..2\n# TAP version 13\n# 1..1\n# ok 1 first case\nok 1 selftests: net: a.sh\nnot ok 2 selftests: net: b.sh # exit=1";
    expect(paths(readTap(text))).toEqual(["selftests.net.a.sh.first_case", "selftests.net.b.sh"]);
  });

  test("a case without a name has its directive's, or its number; a time is none", () => {
    const text =
      "1..4\nok 1 # SKIP CLOCK_TAI\nok 2 # TODO\nok 3 - a # time=1.5ms\nok 4 \\# b # time=2ms # SKIP x";
    const report = readTap(text);
    expect(paths(report)).toEqual(["CLOCK_TAI", "2", "a", "b"]);
    expect(report.cases.map(({ outcome }) => outcome)).toEqual(["skip", "pass", "pass", "skip"]);
  });

  test.each([
    ["no TAP", "all is well\n", "no TAP"],
    [
      "levels without an end",
      Array.from({ length: 70 }, (_, i) => `${" ".repeat(i)}ok 1`).join("\n"),
      "nested deeper than 64",
    ],
    ["a million results", "ok\n".repeat(100_001), "more than 100000 test cases"],
    ["millions of lines", `1..1\nok 1\n${"\n".repeat(1 << 22)}`, "more than 4194304 lines"],
  ])("%s is refused by name", (_, text, why) => {
    expect(() => readTap(text)).toThrow(why);
  });

  test("no failure is lost, whatever stands around it", () => {
    const around =
      "ok 1 - a|ok 2 b {|ok|not ok 3 - c # TODO x|1..2|1..1|1..3|TAP version 13|KTAP version 1|# selftests: a: b|# TAP version 13|# 1..2|# ok 1|# not ok 2|}|    ok 1|    1..1|        ok 1 x {|        }|    }|t/a.t .. |Result: PASS|Bail out!|ok 1 # SKIP x|# Subtest: z|noise|    KTAP version 1|[    1.2] ok 4|  not ok 1 deep {".split(
        "|",
      );
    const next = randomOf(7);
    for (let i = 0; i < 1000; i++) {
      const lines = Array.from({ length: next(14) }, () => around[next(around.length)]!);
      lines.splice(next(lines.length + 1), 0, next(2) === 0 ? "not ok 1 x" : "not ok 7 - x {");
      const { result, counts } = outcomeOf(readTap(lines.join("\n")));
      expect([lines, result]).toEqual([lines, "fail"]);
      expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(0);
    }
  });

  test("a plan of nearly a billion costs nothing", () => {
    expect(said(readTap("1..999999999\nok 1"))).toBe("miss: 999999998 miss, 1 pass");
  });
});
