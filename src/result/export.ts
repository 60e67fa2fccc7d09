/** A result in the forms of other tools; what they have no word for is refused, with a FormatError. */

import { FormatError } from "../errors.ts";
import { kcidbDetails } from "./details.ts";
import type { TestOutcome, TestResult } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

/** By the table of docs/results.md. */
const PATCHWORK: Readonly<Record<TestOutcome, string>> = {
  pass: "success",
  fail: "fail",
  error: "warning",
  miss: "warning",
  done: "success",
  skip: "success",
};
const B4: Readonly<Record<TestOutcome, string>> = {
  pass: "pass",
  fail: "fail",
  error: "warn",
  miss: "warn",
  done: "pass",
  skip: "pass",
};

/** A line of JSON or text each, with its LF. */
type Exporter = (result: TestResult, details: Buffer | null) => string;

const json = (value: object): string => `${JSON.stringify(value)}\n`;

/** How a result is called there, by what `--as` says. */
export const EXPORTS: Readonly<Record<string, Exporter>> = {
  kcidb: (result, details) => (details ?? kcidbDetails(result, null)).toString(),
  "in-toto": inToto,
  patchwork: (result) => json(patchworkCheck(result)),
  b4: (result) => json([b4Check(result)]),
  trailer: testedBy,
};

/**
 * An in-toto Statement with the test-result predicate 0.1, not signed: `cosign attest-blob` or the like does that.
 * It knows neither the environment, but for a configuration, nor the attempt and the time.
 */
function inToto(result: TestResult): string {
  const word = result.result === "pass" ? "PASSED" : result.result === "fail" ? "FAILED" : null;
  if (word === null) throw new FormatError(`in-toto has no word for "${result.result}"`);
  const { tree, commit, test, config, log, via } = result;
  const url = log ?? via;
  return json({
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      { name: "tree", digest: { gitTree: tree } },
      ...(commit === null ? [] : [{ name: "commit", digest: { gitCommit: commit } }]),
    ],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: word,
      configuration: config === null ? [] : [{ name: "config", digest: { sha256: config } }],
      ...(url === null ? {} : { url }),
      [word === "PASSED" ? "passedTests" : "failedTests"]: [test],
    },
  });
}

/** The body of a POST to `/api/patches/ID/checks/`. A check is of one patch, and has no environment of its own. */
function patchworkCheck(result: TestResult): object {
  const url = result.log ?? result.via;
  return {
    state: PATCHWORK[result.result],
    ...(url === null ? {} : { target_url: url }),
    // a slug: the name of the test, and what of the environment fits
    context: [result.test, ...result.env.map((entry) => entry.slice(entry.indexOf("=") + 1))]
      .join("-")
      .replace(/[^A-Za-z0-9_-]+/g, "-")
      .slice(0, 255),
    description: wordsOf(result),
  };
}

/** As b4's check commands print it. */
function b4Check(result: TestResult): object {
  const url = result.log ?? result.via;
  return {
    tool: result.test,
    status: B4[result.result],
    summary: wordsOf(result),
    ...(url === null ? {} : { url }),
  };
}

/** For a person to add, or not: nobody but the signer's own people may give it. */
function testedBy(result: TestResult): string {
  if (result.result !== "pass") throw new FormatError(`there is no trailer for "${result.result}"`);
  const about = [result.test, ...result.env].join(" ");
  return `Tested-by: ${result.by} # ${about}\n`;
}

function wordsOf({ result, env, counts, tree }: TestResult): string {
  const cases = Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  const where = env.length === 0 ? [] : [`on ${env.join(" ")}`];
  return [[result, ...where].join(" "), ...cases, `tree ${shortName(tree)}`]
    .join(", ")
    .slice(0, 250);
}
