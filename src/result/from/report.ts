/**
 * A test tool's report, whatever its format: cases, each with an outcome. The readers of formats throw a FormatError that
 * says what is wrong. A report contains what tests printed, so it is not trusted.
 */

import { FormatError } from "../../errors.ts";
import { type CaseCounts, TEST_OUTCOMES, type TestOutcome, worstCase } from "../text.ts";

/** Bytes of a file; larger ones are not read. */
export const MAX_REPORT = 64 << 20;
/** Cases in all reports of a run together. */
const MAX_CASES = 100_000;
/** Levels of nesting. */
export const MAX_DEPTH = 64;
/** Characters of a name; longer ones are cut. */
const MAX_NAME = 200;

export interface ReportedCase {
  /** In KCIDB's syntax: `net.tcp.retries`. */
  readonly path: string;
  /** The name as the tool wrote it, on one line, if it had to be changed to make a path; else "". */
  readonly label: string;
  readonly outcome: TestOutcome;
}

/** What reports say together. */
export interface Report {
  readonly cases: readonly ReportedCase[];
  /** The worst that is wrong besides the cases, such as a harness that broke; null if nothing is. */
  readonly harness: TestOutcome | null;
  /** How many cases were announced, but not reported. */
  readonly missing: number;
}

/** Collects the cases of a report. */
export class ReportWriter {
  readonly #cases: ReportedCase[] = [];
  #counted = 0;
  #harness: TestOutcome | null = null;
  #missing = 0;

  /** @param names from the outermost suite to the case, as the tool wrote them */
  add(names: readonly string[], outcome: TestOutcome): void {
    if (this.#cases.length === MAX_CASES)
      throw new FormatError(`more than ${MAX_CASES} test cases`);
    this.#cases.push({ ...named(names), outcome });
  }

  /** Counts a case for which `add` is called later. Throws a FormatError for too many. */
  count(): void {
    if (++this.#counted > MAX_CASES) throw new FormatError(`more than ${MAX_CASES} test cases`);
  }

  /** Notes an outcome of the run as a whole. Only bad ones count, and of several, the worst. */
  harness(outcome: TestOutcome): void {
    if (outcome !== "fail" && outcome !== "error" && outcome !== "miss") return;
    this.#harness = this.#harness === null ? outcome : worse(this.#harness, outcome);
  }

  /** Notes that cases were announced, but not reported. */
  missing(count: number): void {
    this.#missing += count;
    if (count > 0) this.harness("miss");
  }

  get size(): number {
    return this.#cases.length;
  }

  report(): Report {
    return { cases: this.#cases, harness: this.#harness, missing: this.#missing };
  }
}

/** Joins reports. Throws a FormatError if they have too many cases. */
export function joined(reports: readonly Report[]): Report {
  const cases = reports.flatMap((one) => one.cases);
  if (cases.length > MAX_CASES) throw new FormatError(`more than ${MAX_CASES} test cases`);
  const harness = reports.flatMap((one) => one.harness ?? []);
  return {
    cases,
    harness: harness.length === 0 ? null : harness.reduce(worse),
    missing: reports.reduce((sum, one) => sum + one.missing, 0),
  };
}

/** The outcome of a report, and the counts of its cases. */
export function outcomeOf({ cases, harness, missing }: Report): {
  readonly result: TestOutcome;
  readonly counts: CaseCounts;
} {
  const counts: Record<TestOutcome, number> = {
    fail: 0,
    error: 0,
    miss: missing,
    pass: 0,
    done: 0,
    skip: 0,
  };
  for (const { outcome } of cases) counts[outcome]++;
  const worst = worstCase(counts);
  return { result: harness === null ? worst : worse(harness, worst), counts };
}

/** The worse of two outcomes. */
export function worse(a: TestOutcome, b: TestOutcome): TestOutcome {
  return TEST_OUTCOMES.indexOf(a) < TEST_OUTCOMES.indexOf(b) ? a : b;
}

function named(names: readonly string[]): Pick<ReportedCase, "path" | "label"> {
  const written = names.map(plain).filter((name) => name !== "");
  const path = pathOf(written);
  const label = written.join(" ").slice(0, MAX_NAME);
  return { path, label: written.join(".") === path ? "" : label };
}

/**
 * Makes a path in KCIDB's syntax, which allows dots between words and no other punctuation: `a/b::c > d e` becomes
 * `a.b.c.d_e`.
 */
export function pathOf(names: readonly string[]): string {
  const words = names
    .map(plain)
    .join(".")
    .slice(0, 4 * MAX_NAME)
    .replace(/::|[/\\]|: | > /g, ".")
    .replace(/[^A-Za-z0-9_.-]+/g, "_")
    .replace(/_{2,}/g, "_")
    .split(".")
    // by now there is at most one at either end
    .map((word) => word.replace(/^_|_$/g, ""))
    .filter((word) => word !== "");
  const path = words.join(".").slice(0, MAX_NAME).replace(/[._]$/, "");
  return path === "" ? "unnamed" : path;
}

/** Text on one line, without control characters and terminal sequences. */
function plain(name: string): string {
  return (
    name
      .slice(0, 8 * MAX_NAME)
      // oxlint-disable-next-line no-control-regex -- to be taken out
      .replace(/\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g, "")
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu, " ")
      .replace(/ +/g, " ")
      .trim()
  );
}

const UTF8 = new TextDecoder("utf-8");

/**
 * Decodes a report. Tests may print any bytes, and tools write them as they are, even into XML: bytes that are not UTF-8
 * become U+FFFD. Throws a FormatError for a report that is too large, or in UTF-16.
 */
export function textOfReport(bytes: Buffer): string {
  if (bytes.length > MAX_REPORT) throw new FormatError("larger than 64 MiB");
  if (bytes.length >= 2 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0)))
    throw new FormatError("in UTF-16: only UTF-8 is read");
  return UTF8.decode(bytes);
}
