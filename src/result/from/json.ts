/** Reports in JSON: KCIDB's, of which some fields are read, and those of netdev's NIPA. */

import { FormatError } from "../../errors.ts";
import { TEST_OUTCOMES, type TestOutcome } from "../text.ts";
import { MAX_DEPTH, pathOf, type Report, ReportWriter, worse } from "./report.ts";

type ReportObject = Readonly<Record<string, unknown>>;

/** Of a report with the most cases: 40 a case. What JSON.parse makes of each is many times as large. */
const MAX_VALUES = 1 << 22;

/** Before anything is made of it: the brackets of 64 MiB would take gigabytes. */
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
    return JSON.parse(text) as unknown;
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

/** KCIDB's word; a run without one was to be, and is not. */
function outcomeIn(json: ReportObject): TestOutcome {
  const word = textIn(json, "status").toLowerCase();
  return TEST_OUTCOMES.find((outcome) => outcome === word) ?? "miss";
}

/**
 * KCIDB's JSON, versions 4 and 5: the tests at and below a path, or the builds if there are no tests in it.
 *
 * @param test what of it is to be read; its own entry sums up those below it
 * Throws a FormatError.
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
    // there are no cases: it is one itself
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
  // seen by people, who may wave it through
  warn: "done",
};

/**
 * A run of NIPA, the CI of the kernel's netdev list. What was run again has the outcome of that.
 *
 * Throws a FormatError, also for the manifest that only names runs.
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
    const outcome = NIPA[textIn(one, "retry") || textIn(one, "result")] ?? "error";
    if (inner.length === 0) writer.add(own, outcome);
    else if (outcome !== "pass" && outcome !== "done") writer.harness(outcome);
  };
  for (const one of objectsIn(json, "results")) add(one, [pathOf([textIn(one, "group")])]);
  if (writer.size === 0) writer.harness("miss");
  return writer.report();
}
