/** A result in the forms of other tools; what they have no word for is refused, with a FormatError. */

import { FormatError } from "../errors.ts";
import { type FlawedResult, type FoundResult, isFlawed } from "./found.ts";
import { sha256 } from "../patch/attestation.ts";
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

/** What is exported: the result, and the JSON that came with it. */
interface Exported {
  readonly said: TestResult;
  readonly details: Buffer | null;
}

/** One result: text or JSON in a line, without its LF. */
type Exporter = (result: Exported) => string;

/** How a result is called there, by what `--as` says. */
const EXPORTS: Readonly<Record<string, Exporter>> = {
  kcidb: ({ said, details }) => oneLine(details) ?? oneLine(kcidbDetails(said, null))!,
  "in-toto": ({ said }) => JSON.stringify(inToto(said)),
  patchwork: ({ said }) => JSON.stringify(patchworkCheck(said)),
  b4: ({ said }) => JSON.stringify(b4Check(said)),
  trailer: ({ said }) => testedBy(said),
};

/** What `--as` takes. */
export const EXPORT_NAMES = Object.keys(EXPORTS);

/** What stands before, between and behind them: a line each, but for b4, which wants one list. */
export function frameOf(as: string): Readonly<Record<"begin" | "between" | "end", string>> {
  return as === "b4"
    ? { begin: "[", between: ",\n ", end: "]\n" }
    : { begin: "", between: "\n", end: "\n" };
}

/** A result for `as`; null with the reason why there is none: it is bad, revoked, or has no word there. */
export function exported(
  as: string,
  found: FoundResult | FlawedResult,
): { readonly line: string | null; readonly why: string } {
  if (isFlawed(found)) return { line: null, why: `a result is ${found.why}` };
  if (found.worth === "void") return { line: null, why: "its key is revoked" };
  try {
    return { line: EXPORTS[as]!({ said: found.signed.said, details: found.details }), why: "" };
  } catch (error) {
    if (error instanceof FormatError) return { line: null, why: error.message };
    throw error;
  }
}

/** JSON as one line, however its signer wrote it; null if it is none. */
function oneLine(json: Buffer | null): string | null {
  try {
    const said: unknown = JSON.parse(json?.toString() ?? "");
    return typeof said === "object" && said !== null ? JSON.stringify(said) : null;
  } catch {
    return null;
  }
}

/**
 * An in-toto Statement with the test-result predicate 0.1, not signed: `cosign attest-blob` or the like does that.
 * It knows neither the attempt nor the time; the environment is a part of its configuration.
 */
function inToto(result: TestResult): object {
  const word = result.result === "pass" ? "PASSED" : result.result === "fail" ? "FAILED" : null;
  if (word === null) throw new FormatError(`in-toto has no word for "${result.result}"`);
  const { tree, commit, test, env, config, log, via } = result;
  const url = log ?? via;
  const environment = Buffer.from(env.map((entry) => `${entry}\n`).join("")).toString("base64");
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      { name: "tree", digest: { gitTree: tree } },
      ...(commit === null ? [] : [{ name: "commit", digest: { gitCommit: commit } }]),
    ],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: word,
      configuration: [
        ...(config === null ? [] : [{ name: "config", digest: { sha256: config } }]),
        ...(env.length === 0
          ? []
          : [{ name: "environment", content: environment, mediaType: "text/plain" }]),
      ],
      ...(url === null ? {} : { url }),
      [word === "PASSED" ? "passedTests" : "failedTests"]: [test],
    },
  };
}

/** The body of a POST to `/api/patches/ID/checks/`. A check is of one patch, and has no environment of its own. */
function patchworkCheck(result: TestResult): object {
  const url = [result.log, result.via].find((one) => one !== null && isPatchworkUrl(one));
  const words = [result.test, ...result.env.map((entry) => entry.slice(entry.indexOf("=") + 1))];
  return {
    state: PATCHWORK[result.result],
    ...(url ? { target_url: url } : {}),
    context: slugOf(words.join("-")),
    description: wordsOf(result),
  };
}

/** Of a slug's length, what is left for words when a digest keeps it apart from others that begin like it. */
const SLUG = 255;
const CUT = SLUG - 9;

function slugOf(words: string): string {
  const slug = words.replace(/[^A-Za-z0-9_-]+/g, "-");
  return slug.length <= SLUG ? slug : `${slug.slice(0, CUT)}-${sha256(words).slice(0, 8)}`;
}

/** As Django's URLField has them: at most 200 characters, and a host that a name server could know. */
function isPatchworkUrl(url: string): boolean {
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  const name = `(?:${label}\\.)+(?!-)(?:[a-z-]{2,63}|xn--[a-z0-9]{1,59})(?<!-)|localhost`;
  const byte = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
  const host = `(?:${name}|${byte}(?:\\.${byte}){3})`;
  return (
    url.length <= 200 &&
    new RegExp(`^https?://${host}(?::[0-9]{1,5})?(?:[/?#]\\S*)?$`, "i").test(url)
  );
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
  return `Tested-by: ${result.by} # ${about}`;
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
