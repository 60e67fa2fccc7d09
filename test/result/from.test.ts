/** What test reports say, by small ones; those of real tools are in tools.test.ts. */

import { describe, expect, test } from "vitest";
import { readKcidb, readNipa } from "../../src/result/from/json.ts";
import { readJunit } from "../../src/result/from/junit.ts";
import { joined, pathOf, textOfReport } from "../../src/result/from/report.ts";
import { readTap } from "../../src/result/from/tap.ts";
import { paths, said } from "./support.ts";

const suite = (text: string, attributes = ""): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<testsuite ${attributes}>${text}</testsuite>`;

describe("JUnit XML", () => {
  test.each([
    ["a pass", '<testcase classname="a.B" name="c"/>', "", "pass: 1 pass"],
    ["a failure", '<testcase name="c"><failure>no</failure></testcase>', "", "fail: 1 fail"],
    ["an error", '<testcase name="c"><error/></testcase>', "", "error: 1 error"],
    ["both", '<testcase name="c"><failure/><error/></testcase>', "", "fail: 1 fail"],
    ["a skip", '<testcase name="c"><skipped/></testcase>', "", "skip: 1 skip"],
    [
      "passed when run again",
      '<testcase name="c"><flakyFailure><stackTrace/></flakyFailure></testcase>',
      "",
      "pass: 1 pass",
    ],
    [
      "failed when run again",
      '<testcase name="c"><failure/><rerunFailure/></testcase>',
      "",
      "fail: 1 fail",
    ],
    ["disabled", '<testcase name="c" status="notrun" result="suppressed"/>', "", "skip: 1 skip"],
    ["failed, by its attribute alone", '<testcase name="c" status="Failed"/>', "", "fail: 1 fail"],
    [
      "failed, by another one",
      '<testcase name="c" status="run" result="fail"/>',
      "",
      "fail: 1 fail",
    ],
    ["by one that was killed", '<testcase name="c" status="timedout"/>', "", "error: 1 error"],
    ["by one without a status", '<testcase name="c" result="suppressed"/>', "", "skip: 1 skip"],
    ["an attribute of no meaning", '<testcase name="c" status="constructor"/>', "", "pass: 1 pass"],
    [
      "to do, and failed",
      '<testcase name="c"><skipped type="todo"/><failure/></testcase>',
      'failures="1"',
      "done: 1 done",
    ],
    [
      "CTest could not start it",
      '<testcase name="c" status="notrun"><skipped message="Unable to find executable"/></testcase>',
      'skipped="1"',
      "miss: 1 miss",
    ],
    [
      "CTest was told to skip it",
      '<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>',
      "",
      "skip: 1 skip",
    ],
    [
      "skipped, and failed",
      '<testcase name="c"><skipped/><failure/></testcase>',
      "",
      "fail: 1 fail",
    ],
    [
      "failed, and skipped",
      '<testcase name="c"><failure/><skipped/></testcase>',
      "",
      "fail: 1 fail",
    ],
    ["no case", "", 'tests="0"', "miss: "],
    ["an error of the suite", "<error/><testcase name='c'/>", "", "error: 1 pass"],
    ["lost cases", "<testcase/><testsuite tests='3'></testsuite>", "", "miss: 1 pass"],
    ["a count of something else", '<testcase name="c"/>', 'tests="3"', "pass: 1 pass"],
    ["lost failures", '<testcase name="c"/>', 'tests="1" failures="2"', "fail: 1 pass"],
    ["lost errors", '<testcase name="c"/>', 'errors="1"', "error: 1 pass"],
    [
      "what text, comments and CDATA say",
      '<testcase name="c"><system-out><![CDATA[<failure/>]]> &lt;failure/&gt;</system-out><!-- <failure/> --></testcase>',
      "",
      "pass: 1 pass",
    ],
  ])("%s", (_, text, attributes, expected) => {
    expect(said(readJunit(suite(text, attributes)))).toBe(expected);
  });

  test("suites nest, and names are read", () => {
    const text = `<testsuites tests="2"><testsuite tests="1"><testcase classname="a/b::C" name="d &#x5b;1&#93;"/></testsuite>
      <testsuite><testcase classname='x' name='"q"'/></testsuite></testsuites>`;
    const report = readJunit(text);
    expect(report.cases).toEqual([
      { path: "a.b.C.d_1", label: "a/b::C d [1]", outcome: "pass" },
      { path: "x.q", label: 'x "q"', outcome: "pass" },
    ]);
  });

  const NESTED = "<testsuite>".repeat(70) + "</testsuite>".repeat(70);
  test.each([
    ["a DTD", '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "DTD"],
    [
      "a DTD behind a comment",
      "<!-- --><!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite/>",
      "DTD",
    ],
    ["an entity in text", "<testsuite>&xxe;</testsuite>", "entity"],
    ["an entity in an attribute", '<testsuite name="&lol9;"/>', "entity"],
    ["an ampersand", '<testsuite name="a & b"/>', "entity"],
    ["an end that is not there", "<testsuite><testcase/>", "cut short"],
    ["a job that was killed", '<testsuite><testcase name="a"><failure message="n', "cut short"],
    ["a job that was killed in CDATA", "<testsuite><testcase><![CDATA[ab", "cut short"],
    [
      "a million attributes",
      `<testsuite ${Array.from({ length: 1001 }, (_, i) => `a${i}=""`).join(" ")}/>`,
      "more than 1000 attributes",
    ],
    ["nothing", "", "cut short"],
    ["another end", "<testsuite></testsuites>", "not well-formed XML in line 1"],
    ["text behind it", "<testsuite/>\nx", "not well-formed XML in line"],
    ["two roots", "<testsuite/>\n<testsuite/>", "not well-formed XML in line 2"],
    ["an attribute twice", '<testsuite a="1" a="2"/>', "not well-formed"],
    ["a comment without an end", "<testsuite><!-- </testsuite>", "not well-formed"],
    ["a page", "<html><body/></html>", "not JUnit XML: it begins with <html>"],
    [
      "a case in a case",
      "<testsuite><testcase><failure/><testcase/></testcase></testsuite>",
      "within a",
    ],
    ["another encoding", "<?xml version='1.0' encoding='UTF-7'?><testsuite/>", "UTF-7"],
    ["suites in suites", NESTED, "nested deeper than 64"],
  ])("%s is refused by name", (_, text, why) => {
    expect(() => readJunit(text)).toThrow(why);
  });

  test.each(["ISO-8859-1", "utf-16", "Windows-1252"])("in %s, tags are read", (encoding) => {
    const text = `<?xml version="1.0" encoding="${encoding}"?>\n<testsuite><testcase name="gr`;
    const bytes = [Buffer.from(text), Buffer.from([0xfc]), Buffer.from('n"/></testsuite>')];
    expect(said(readJunit(textOfReport(Buffer.concat(bytes))))).toBe("pass: 1 pass");
  });

  test("of millions of references only the first are resolved; one that is none is refused wherever it stands", () => {
    const many = "&amp;".repeat(1_000_000);
    const report = readJunit(suite(`<testcase name="${many}"/>${many}`));
    expect(report.cases[0]!.label).toMatch(/^&{200}$/);
    expect(() => readJunit(suite(`<testcase name="${many}&x;"/>`))).toThrow("entity");
    expect(() => readJunit(suite(`<testcase/>${many}&x;`))).toThrow("entity");
    // cut in the middle of one
    const name = `${"x".repeat(4094)}&amp;`;
    expect(readJunit(suite(`<testcase name="${name}"/>`)).cases[0]!.label).toMatch(/^x+$/);
  });

  test("a million cases are refused", () => {
    const cases = "<testcase/>".repeat(100_001);
    expect(() => readJunit(`<testsuite>${cases}</testsuite>`)).toThrow(
      "more than 100000 test cases",
    );
  });
});

describe("KCIDB", () => {
  const kcidb = (tests: object[], more: object = {}): string =>
    JSON.stringify({ version: { major: 5, minor: 3 }, tests, ...more });
  const one = (path: string, status?: string): object => ({ id: "x:1", path, status });

  test.each([
    ["a suite without cases", kcidb([one("net", "PASS")]), "pass: 1 pass"],
    [
      "its cases",
      kcidb([one("net.a", "PASS"), one("net.b", "FAIL"), one("other", "FAIL")]),
      "fail: 1 fail, 1 pass",
    ],
    ["a sum that is worse", kcidb([one("net", "ERROR"), one("net.a", "PASS")]), "error: 1 pass"],
    ["a sum that is better", kcidb([one("net", "PASS"), one("net.a", "FAIL")]), "fail: 1 fail"],
    ["one that was to run", kcidb([one("net.a")]), "miss: 1 miss"],
    ["a longer word", kcidb([one("network.a", "FAIL"), one("net", "DONE")]), "done: 1 done"],
    [
      "builds",
      kcidb([], { builds: [{ status: "PASS", config_name: "defconfig" }] }),
      "pass: 1 pass",
    ],
  ])("%s", (_, text, expected) => {
    expect(said(readKcidb(text, "net"))).toBe(expected);
  });

  test.each([
    ["nothing of the test", kcidb([one("other", "PASS")]), "no test net in it"],
    ["another version", '{"version":{"major":6,"minor":0}}', "version 4 or 5"],
    ["no JSON", "{", "not JSON"],
    ["a list", "[]", "version 4 or 5"],
    ["a million brackets", "[".repeat(1 << 20), "nested deeper than 64"],
    ["strings without an end", `["${'\\\\"'.repeat(1 << 20)}`, "not JSON"],
    ["millions of values", `[${"[],".repeat(1 << 21)}[]]`, "more than 4194304 values"],
    [
      "tests that are none",
      '{"version":{"major":5},"tests":[1]}',
      '"tests" is not a list of objects',
    ],
  ])("%s is refused by name", (_, text, why) => {
    expect(() => readKcidb(text, "net")).toThrow(why);
  });
});

describe("NIPA", () => {
  test("a run, with what was run again", () => {
    const results = [
      { test: "ping-sh", group: "selftests-net", result: "pass" },
      { test: "bpf-sh", group: "selftests-net", result: "fail", retry: "pass" },
      { test: "x", group: "g", result: "warn" },
      { test: "y", group: "g", result: "pass", results: [{ test: "y1", result: "skip" }] },
    ];
    const report = readNipa(JSON.stringify({ executor: "vmksft-net", results }));
    expect(said(report)).toBe("pass: 2 pass, 1 done, 1 skip");
    expect(paths(report)).toEqual([
      "selftests-net.ping-sh",
      "selftests-net.bpf-sh",
      "g.x",
      "g.y.y1",
    ]);
  });

  test.each(["constructor", "__proto__", "PASS", ""])(
    "an unknown result is an error: %j",
    (result) =>
      expect(said(readNipa(`\ufeff${JSON.stringify({ results: [{ test: "a", result }] })}`))).toBe(
        "error: 1 error",
      ),
  );

  test("its list of runs is not one", () => {
    expect(() => readNipa('[{"url":"https://x"}]')).toThrow('"url"');
    const deep = `{"results":${'[{"results":'.repeat(100)}[]${"}]".repeat(100)}}`;
    expect(() => readNipa(deep)).toThrow("nested deeper than 64");
  });
});

test("names become paths, and lose what acts on a terminal", () => {
  expect(pathOf(["\x1b[31ma\x1b[0m::b", "c/d e", "..", "é"])).toBe("a.b.c.d_e");
  expect(pathOf(["\x1b]8;;http://x\x07a\u202eb"])).toBe("a_b");
  expect([pathOf([]), pathOf(["???"]), pathOf(["x".repeat(1000)]).length]).toEqual([
    "unnamed",
    "unnamed",
    200,
  ]);
});

test("a path is made in one go, whatever the name is", () => {
  const long = "_".repeat(700);
  expect(pathOf([`${long}a${long}`])).toBe("a");
  expect(pathOf([`a${".".repeat(700)}b`])).toBe("a.b");
  expect(said(readTap(`1..1\nok${" ".repeat(4000)}\u2028x`))).toBe("pass: 1 pass");
  const lines = [
    "a/.".repeat(1300),
    "a.".repeat(2000),
    `ok x${" ".repeat(4000)}{x`,
    "# ".repeat(2000),
  ];
  const all = `1..2000\n${lines.map((line) => `${line} ..x\n`.repeat(2000)).join("")}`;
  expect(said(readTap(all))).toBe("pass: 2000 pass");
});

test("bytes are text, and not too many", () => {
  expect(() => textOfReport(Buffer.from([0xff, 0xfe, 0x3c, 0]))).toThrow("UTF-16");
  expect(() => textOfReport(Buffer.alloc((64 << 20) + 1))).toThrow("larger than 64 MiB");
  expect(textOfReport(Buffer.from("\ufeff<a/>"))).toBe("<a/>");
  const printed = Buffer.from(
    '<testsuite><testcase name="a\xe9\xc0\xbc"><failure>\xff</failure></testcase></testsuite>',
    "latin1",
  );
  expect(readJunit(textOfReport(printed)).cases[0]).toEqual({
    path: "a",
    label: "a\ufffd\ufffd\ufffd",
    outcome: "fail",
  });
});

test("several reports are one", () => {
  const two = joined([readTap("1..1\nok 1"), readTap("1..2\nnot ok 1")]);
  expect(said(two)).toBe("fail: 1 fail, 1 miss, 1 pass");
});
