/** Reads reports in JSON: KCIDB's, and those of NIPA, the CI of the kernel's netdev list. */

import { FormatError } from "../../errors.ts";
import { TEST_OUTCOMES, type TestOutcome } from "../text.ts";
import { MAX_DEPTH, pathOf, type Report, ReportWriter, worse } from "./report.ts";

type ReportObject = Readonly<Record<string, unknown>>;

/** Values in a report: 40 for each of the most cases. In memory, a value is many times as large as its text. */
const MAX_VALUES = 1 << 22;

/** Counts before JSON.parse builds anything: 64 MiB of brackets would take gigabytes. */
function checkSize(text: string): void {
  let [depth, values, inString] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === "\\") at++;
    else if (sign === '"') inString = !inString;
    if (inString) continue;
    if (sign === "[" || sign === "{") depth++;
    else if (sign === "]" || sign === "}") depth--;
    else if (sign !== ",") continue;
    if (depth > MAX_DEPTH) throw new FormatError(`nested deeper than ${MAX_DEPTH}`);
    if (++values > MAX_VALUES) throw new FormatError(`more than ${MAX_VALUES} values`);
  }
}

function parsed(text: string): unknown {
  checkSize(text);
  try {
    // PowerShell begins files with a byte order mark
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    throw new FormatError("not JSON");
  }
}

function isObject(value: unknown): value is ReportObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of an array, which may be missing. */
function objectsIn(json: ReportObject, name: string): readonly ReportObject[] {
  const value = json[name] ?? [];
  if (!Array.isArray(value) || !value.every(isObject))
    throw new FormatError(`"${name}" is not a list of objects`);
  return value;
}

function textIn(json: ReportObject, name: string): string {
  const value = json[name];
  return typeof value === "string" ? value : "";
}

/** KCIDB's status; a test without one should have run, and did not. */
function outcomeIn(json: ReportObject): TestOutcome {
  const word = textIn(json, "status").toLowerCase();
  return TEST_OUTCOMES.find((outcome) => outcome === word) ?? "miss";
}

/**
 * Reads KCIDB's JSON, versions 4 and 5: the tests below a path, or the builds if it has no tests. Throws a FormatError.
 *
 * @param test the path; an entry for the path itself sums up those below it
 */
export function readKcidb(text: string, test: string): Report {
  const json = parsed(text);
  if (
    !isObject(json) ||
    !isObject(json["version"]) ||
    ![4, 5].includes(Number(json["version"]["major"]))
  )
    throw new FormatError("not KCIDB's JSON of version 4 or 5");
  const tests = objectsIn(json, "tests");
  if (tests.length === 0) return readBuilds(objectsIn(json, "builds"));
  const writer = new ReportWriter();
  for (const one of tests) {
    const path = textIn(one, "path");
    if (path.startsWith(`${test}.`)) writer.add([path.slice(test.length + 1)], outcomeIn(one));
  }
  const sums = tests.filter((one) => textIn(one, "path") === test).map(outcomeIn);
  if (writer.size === 0) {
    if (sums.length === 0) throw new FormatError(`no test ${test} in it`);
    // without cases below it, the test itself is the only case
    writer.add([test.slice(test.lastIndexOf(".") + 1)], sums.reduce(worse));
  } else sums.forEach((sum) => writer.harness(sum));
  return writer.report();
}

function readBuilds(builds: readonly ReportObject[]): Report {
  if (builds.length === 0) throw new FormatError("no tests and no builds in it");
  const writer = new ReportWriter();
  for (const build of builds)
    writer.add([textIn(build, "config_name") || "build"], outcomeIn(build));
  return writer.report();
}

const NIPA: Readonly<Record<string, TestOutcome>> = {
  pass: "pass",
  fail: "fail",
  skip: "skip",
  // people look at it, and decide
  warn: "done",
};

/**
 * Reads a run of NIPA. A test that was run again has the outcome of the second run. Throws a FormatError, also for the
 * manifest that merely lists runs.
 */
export function readNipa(text: string): Report {
  const json = parsed(text);
  if (Array.isArray(json))
    throw new FormatError('this is a list of runs: give the file that its "url" names');
  if (!isObject(json) || !Array.isArray(json["results"]))
    throw new FormatError("not a run of NIPA");
  const writer = new ReportWriter();
  const add = (one: ReportObject, names: readonly string[]): void => {
    if (names.length > MAX_DEPTH) throw new FormatError(`nested deeper than ${MAX_DEPTH}`);
    const inner = objectsIn(one, "results");
    const own = [...names, textIn(one, "test")];
    for (const each of inner) add(each, own);
    const word = textIn(one, "retry") || textIn(one, "result");
    const outcome = Object.hasOwn(NIPA, word) ? NIPA[word]! : "error";
    if (inner.length === 0) writer.add(own, outcome);
    else if (outcome !== "pass" && outcome !== "done") writer.harness(outcome);
  };
  for (const one of objectsIn(json, "results")) add(one, [pathOf([textIn(one, "group")])]);
  if (writer.size === 0) writer.harness("miss");
  return writer.report();
}
