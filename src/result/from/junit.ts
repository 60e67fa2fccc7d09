/**
 * Reads JUnit XML as pytest, Go's tools, Maven, Jest, GoogleTest, CTest, meson and others write it. There is no standard:
 * this is what they have in common.
 */

import { FormatError } from "../../errors.ts";
import type { TestOutcome } from "../text.ts";
import { type Report, ReportWriter, worse } from "./report.ts";
import { type XmlTag, xmlTags } from "./xml.ts";

/** Elements that tell a case's outcome. Surefire's `flakyFailure` and `rerunFailure` are about earlier tries. */
const SAYS: Readonly<Record<string, TestOutcome>> = {
  failure: "fail",
  error: "error",
  skipped: "skip",
};

/** Values of a case's attributes `status` and `result`: some tools tell what was disabled, or failed, in no other way. */
const STATUS: Readonly<Record<string, TestOutcome>> = {
  notrun: "skip",
  disabled: "skip",
  skipped: "skip",
  suppressed: "skip",
  fail: "fail",
  failed: "fail",
  failure: "fail",
  error: "error",
  crashed: "error",
  timeout: "error",
  timedout: "error",
};

/** The counts that a suite's attributes announce, and those of the cases in it. */
interface Suite {
  readonly announced: Readonly<Record<"tests" | "failures" | "errors", number>>;
  tests: number;
  failures: number;
  errors: number;
}

/** Throws a FormatError for what is not JUnit XML. */
export function readJunit(text: string): Report {
  const reader = new JunitReader();
  let isFirst = true;
  for (const tag of xmlTags(text)) {
    if (isFirst && !isSuite(tag))
      throw new FormatError(`not JUnit XML: it begins with <${tag.name.slice(0, 40)}>`);
    isFirst = false;
    if (tag.kind === "open") reader.open(tag);
    else reader.close(tag);
  }
  return reader.report();
}

function isSuite({ name }: XmlTag): boolean {
  return name === "testsuite" || name === "testsuites";
}

class JunitReader {
  readonly #writer = new ReportWriter();
  readonly #suites: Suite[] = [];
  #case: ReadCase | null = null;

  open(tag: XmlTag): void {
    // refused: a failure of the outer case would be lost
    if (this.#case !== null && (isSuite(tag) || tag.name === "testcase"))
      throw new FormatError(`a <${tag.name}> within a <testcase>`);
    if (isSuite(tag)) this.#suites.push(suiteOf(tag));
    else if (tag.name === "testcase") this.#case = caseOf(tag);
    else if (Object.hasOwn(SAYS, tag.name)) this.#say(tag);
  }

  #say(tag: XmlTag): void {
    const said = SAYS[tag.name]!;
    const one = this.#case;
    // it is the suite's own, such as a class that could not be set up
    if (one === null) this.#writer.harness(said);
    else if (said === "skip") skip(one, tag);
    else one.outcome = one.outcome === "pass" ? said : worse(one.outcome, said);
  }

  close(tag: XmlTag): void {
    if (isSuite(tag)) settle(this.#suites.pop()!, this.#writer);
    if (tag.name !== "testcase" || this.#case === null) return;
    const { names, outcome, isTodo } = this.#case;
    this.#case = null;
    this.#writer.add(names, isTodo ? "done" : outcome);
    for (const suite of this.#suites) count(suite, outcome);
  }

  report(): Report {
    // without a case, nothing was tested
    if (this.#writer.size === 0) this.#writer.harness("miss");
    return this.#writer.report();
  }
}

/** The case that is being read. */
interface ReadCase {
  readonly names: string[];
  /** Its attribute, in lower case. */
  readonly status: string;
  outcome: TestOutcome;
  /** It is expected to fail, as node's tests can say. */
  isTodo: boolean;
}

function caseOf({ attributes }: XmlTag): ReadCase {
  const names = [attributes.get("classname") ?? "", attributes.get("name") ?? ""];
  const [status = "", result = ""] = ["status", "result"].map((name) =>
    (attributes.get(name) ?? "").toLowerCase(),
  );
  const said = [status, result].flatMap((word) =>
    Object.hasOwn(STATUS, word) ? STATUS[word]! : [],
  );
  const outcome = said.length === 0 ? "pass" : said.reduce(worse);
  return { names, status, outcome, isTodo: false };
}

/**
 * CTest also writes `skipped` for a test that it could not start. If a test asked to be skipped, its message begins
 * with "SKIP_".
 */
function skip(one: ReadCase, { attributes }: XmlTag): void {
  const message = attributes.get("message") ?? "";
  const isLost = one.status === "notrun" && message !== "" && !message.startsWith("SKIP_");
  one.isTodo ||= attributes.get("type") === "todo";
  if (one.outcome === "pass" || one.outcome === "skip") one.outcome = isLost ? "miss" : "skip";
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

/**
 * Compares what a suite announced with its cases: failures that no case tells count, and so does a suite that lost all of
 * its cases. More tests than cases say nothing: pytest counts subtests, Catch2 and doctest count assertions.
 */
function settle({ announced, ...seen }: Suite, writer: ReportWriter): void {
  const bad = seen.failures + seen.errors;
  if (announced.failures > bad) writer.harness("fail");
  if (announced.errors > bad) writer.harness("error");
  if (announced.tests > 0 && seen.tests === 0) writer.harness("miss");
}
