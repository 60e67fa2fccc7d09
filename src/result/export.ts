/** Writes results in the formats of other tools. An outcome for which a tool has no word is left out. */

import { FormatError } from "../errors.ts";
import { FLAW_WORDS, type FlawedResult, type FoundResult, isFlawed } from "./found.ts";
import { sha256 } from "../patch/attestation.ts";
import { kcidbDetails } from "./details.ts";
import type { TestOutcome, TestResult } from "./text.ts";
import { shortName } from "../primitives/object-name.ts";

/** Outcomes in other tools' words, as in the table of docs/results.md. */
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

/**
 * Writes one result as a line of text or JSON, without an LF. Throws a FormatError if the format has no word for it.
 */
type Exporter = (result: Exported) => string;

/** By the value of `--as`. */
const EXPORTS: Readonly<Record<string, Exporter>> = {
  kcidb: ({ said, details }) => oneLine(details) ?? oneLine(kcidbDetails(said, null))!,
  "in-toto": ({ said }) => JSON.stringify(inToto(said)),
  patchwork: ({ said }) => JSON.stringify(patchworkCheck(said)),
  b4: ({ said }) => JSON.stringify(b4Check(said)),
  trailer: ({ said }) => testedBy(said),
};

/** The values of `--as`. */
export const EXPORT_NAMES = Object.keys(EXPORTS);

/** What to write before, between and after results: they are lines, except for b4, which wants one JSON list. */
export function frameOf(as: string): Readonly<Record<"begin" | "between" | "end", string>> {
  return as === "b4"
    ? { begin: "[", between: ",\n ", end: "]\n" }
    : { begin: "", between: "\n", end: "\n" };
}

/**
 * A result in the format of `as`.
 *
 * @returns `line` is null if the result is bad, its key is revoked, or the format has no word for it: `why` says which
 */
export function exported(
  as: string,
  found: FoundResult | FlawedResult,
): { readonly line: string | null; readonly why: string } {
  if (isFlawed(found))
    return { line: null, why: `a result does not count: ${FLAW_WORDS[found.why]}` };
  if (found.worth === "void") return { line: null, why: "its key is revoked" };
  try {
    return { line: EXPORTS[as]!({ said: found.signed.said, details: found.details }), why: "" };
  } catch (error) {
    if (error instanceof FormatError) return { line: null, why: error.message };
    throw error;
  }
}

/** JSON on one line, however its signer wrote it; null if it is not a JSON object. */
function oneLine(json: Buffer | null): string | null {
  try {
    const said: unknown = JSON.parse(json?.toString() ?? "");
    return typeof said === "object" && said !== null ? JSON.stringify(said) : null;
  } catch {
    return null;
  }
}

/**
 * An in-toto Statement with the test-result predicate 0.1, unsigned: `cosign attest-blob` can sign it. The predicate has
 * neither the attempt nor the time; the environment goes into its configuration.
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

/** The body of a POST to `/api/patches/ID/checks/`. A check has no environment, so its context names that too. */
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

/** Characters of a slug; a longer one is cut at CUT, and a digest keeps it apart from others that begin alike. */
const SLUG = 255;
const CUT = SLUG - 9;

function slugOf(words: string): string {
  const slug = words.replace(/[^A-Za-z0-9_-]+/g, "-");
  return slug.length <= SLUG ? slug : `${slug.slice(0, CUT)}-${sha256(words).slice(0, 8)}`;
}

/** By the rules of Django's URLField: at most 200 characters, and a host with a dot, an IPv4 address, or localhost. */
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

/** As b4 reads it from a check command. */
function b4Check(result: TestResult): object {
  const url = result.log ?? result.via;
  return {
    tool: result.test,
    status: B4[result.result],
    summary: wordsOf(result),
    ...(url === null ? {} : { url }),
  };
}

/** A trailer that the signer, or somebody who may speak for the signer, can give. Nobody else may. */
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
