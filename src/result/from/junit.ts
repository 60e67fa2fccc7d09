/**
 * JUnit XML, as pytest, Go's tools, Maven, Jest, GoogleTest, CTest, meson and others write it: there is no
 * standard, only what they have in common.
 */

import { FormatError } from "../../errors.ts";
import type { TestOutcome } from "../text.ts";
import { type Report, ReportWriter, worse } from "./report.ts";
import { type XmlTag, xmlTags } from "./xml.ts";

/** What an element in a case says of it. Surefire's `flakyFailure` and `rerunFailure` say nothing of the last try. */
const SAYS: Readonly<Record<string, TestOutcome>> = {
  failure: "fail",
  error: "error",
  skipped: "skip",
};

/** What a suite's attributes announce, and what was seen in it. */
interface Suite {
  readonly announced: Readonly<Record<"tests" | "failures" | "errors", number>>;
  tests: number;
  failures: number;
  errors: number;
}

/** Throws a FormatError. */
export function readJunit(text: string): Report {
  const writer = new ReportWriter();
  const suites: Suite[] = [];
  let unit: { readonly names: string[]; outcome: TestOutcome } | null = null;
  let isFirst = true;
  for (const tag of xmlTags(text)) {
    const { kind, name } = tag;
    if (isFirst && name !== "testsuites" && name !== "testsuite")
      throw new FormatError(`not JUnit XML: it begins with <${name.slice(0, 40)}>`);
    isFirst = false;
    if (name === "testsuite" || name === "testsuites") {
      if (kind === "open") suites.push(suiteOf(tag));
      else settle(suites.pop()!, writer);
    } else if (name === "testcase") {
      if (kind === "open") unit = caseOf(tag);
      else if (unit !== null) {
        writer.add(unit.names, unit.outcome);
        for (const suite of suites) count(suite, unit.outcome);
        unit = null;
      }
    } else if (kind === "open") {
      const said = SAYS[name];
      if (said === undefined) continue;
      // of the suite itself, such as a class that could not be set up
      if (unit === null) writer.harness(said);
      else unit.outcome = unit.outcome === "pass" ? said : worse(unit.outcome, said);
    }
  }
  // a tool that found nothing to run has not tested anything
  if (writer.size === 0) writer.harness("miss");
  return writer.report();
}

function caseOf({ attributes }: XmlTag): { names: string[]; outcome: TestOutcome } {
  const names = [attributes.get("classname") ?? "", attributes.get("name") ?? ""];
  // GoogleTest and CTest name what was disabled
  const status = attributes.get("status") ?? "";
  const outcome = /^(?:notrun|disabled|skipped)$/.test(status) ? "skip" : "pass";
  return { names, outcome };
}

function suiteOf({ attributes }: XmlTag): Suite {
  const number = (name: string): number => {
    const text = attributes.get(name) ?? "";
    return /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  };
  const announced = {
    tests: number("tests"),
    failures: number("failures"),
    errors: number("errors"),
  };
  return { announced, tests: 0, failures: 0, errors: 0 };
}

function count(suite: Suite, outcome: TestOutcome): void {
  suite.tests++;
  if (outcome === "fail") suite.failures++;
  if (outcome === "error") suite.errors++;
}

/** A suite that announces failures of which no case tells has failed; one that lacks cases lost them. */
function settle({ announced, ...seen }: Suite, writer: ReportWriter): void {
  const bad = seen.failures + seen.errors;
  if (announced.failures > bad) writer.harness("fail");
  if (announced.errors > bad) writer.harness("error");
  if (announced.tests > seen.tests) writer.harness("miss");
}
