/**
 * TAP 12 to 14, and the kernel's KTAP: KUnit indents what is nested, kselftest writes `# ` before it.
 *
 *     TAP version 14
 *     1..2
 *         # Subtest: inner
 *         1..1
 *         ok 1 - all is well
 *     ok 1 - outer
 *     not ok 2 - other # TODO later
 */

import { FormatError } from "../../errors.ts";
import type { TestOutcome } from "../text.ts";
import { MAX_DEPTH, type Report, ReportWriter } from "./report.ts";

/** dmesg writes the time before what the kernel says, and its level before that. */
const DMESG = /^(?:<[0-9]+>)?\[ *[0-9]+\.[0-9]+\](?:\[ *[A-Z][0-9]*\])? /;
const LINE = /^(ok|not ok)\b(?:\s+([0-9]+)\b)?(?:\s*-?\s+|$)(.*)$/s;
const PLAN = /^1\.\.([0-9]{1,9})\s*(?:#\s*(skip)?.*)?$/is;
const VERSION = /^(K?)TAP version [0-9]+/;
const BAIL = /^Bail out!/;
/** YAML below a result, indented: what is in it is no result. */
const YAML_START = /^\s+---\s*$/;
const YAML_END = /^\s+\.\.\.\s*$/;

/** What harnesses write behind a description. TAP 14 writes "\\#" for a "#" that is text. */
const COMMENT = /(?:^|\s)#\s*((?:skip|todo\b|xfail\b|error\b|timeout\b|exit=).*)$/is;
/** By its first word, for results with these words. */
const DIRECTIVES: readonly (readonly [RegExp, { ok: TestOutcome; "not ok": TestOutcome }])[] = [
  [/^skip/i, { ok: "skip", "not ok": "skip" }],
  // it was expected to fail: that it does is no verdict
  [/^todo\b/i, { ok: "pass", "not ok": "done" }],
  [/^xfail\b/i, { ok: "done", "not ok": "done" }],
  [/^error\b/i, { ok: "error", "not ok": "error" }],
];

interface TapCase {
  readonly names: readonly string[];
  readonly outcome: TestOutcome;
}

/** One level of nesting. */
interface Level {
  readonly indent: number;
  isKtap: boolean;
  /** How many results were announced; null if nothing was. */
  plan: number | null;
  seen: number;
  /** The results at this level, in place of each that sums up inner ones those. */
  cases: TapCase[];
  /** Inner results that the next result at this level sums up. */
  inner: TapCase[];
}

/** Those of a log of the most bytes that is read have 16 each. */
const MAX_LINES = 1 << 22;

/** Throws a FormatError. */
export function readTap(text: string): Report {
  const reader = new TapReader();
  let lines = 0;
  for (const line of linesOf(text)) {
    if (++lines > MAX_LINES) throw new FormatError(`more than ${MAX_LINES} lines`);
    reader.line(line);
  }
  return reader.end();
}

/** Without the kernel's times and CRs; what kselftest nests with `# ` is indented instead. */
function* linesOf(text: string): Generator<string> {
  let prefix = "";
  for (let at = 0; at < text.length;) {
    const lf = text.indexOf("\n", at);
    const end = lf < 0 ? text.length : lf;
    // nobody's result is longer
    const raw = text
      .slice(at, Math.min(end, at + 4096))
      .replace(/\r$/, "")
      .replace(DMESG, "");
    at = end + 1;
    const isNested = prefix !== "" && raw.startsWith("#");
    if (!isNested) prefix = "";
    if (/^#\s+K?TAP version [0-9]+/.test(raw)) prefix = "    ";
    yield prefix === "" ? raw : prefix + raw.replace(/^# ?/, "");
  }
}

class TapReader {
  readonly #writer = new ReportWriter();
  #levels: readonly [Level, ...Level[]] = [newLevel(0)];
  #inYaml = false;
  #afterResult = false;
  #bailed = false;

  line(line: string): void {
    if (this.#inYaml) {
      this.#inYaml = !YAML_END.test(line);
      return;
    }
    this.#inYaml = this.#afterResult && YAML_START.test(line);
    this.#afterResult = false;
    const rest = line.trimStart();
    if (BAIL.test(rest)) {
      this.#bailed = true;
      this.#writer.harness("error");
    }
    const version = VERSION.exec(rest);
    const plan = PLAN.exec(rest);
    const result = LINE.exec(rest);
    if (version === null && plan === null && result === null) return;
    const indent = line.length - rest.length;
    // the whole of it can be indented, as in a console's log
    if (version !== null && this.#isEmpty) this.#levels = [newLevel(indent)];
    const level = this.#levelAt(indent);
    if (version?.[1] === "K") level.isKtap = true;
    if (plan !== null) {
      if (level.plan !== null) this.#writer.harness("error");
      level.plan ??= Number(plan[1]);
    }
    if (result !== null) this.#result(level, result[1] as "ok" | "not ok", result[3]!);
  }

  /** The level of this indentation; a line further out ends those within. */
  #levelAt(indent: number): Level {
    while (this.#levels.length > 1 && indent < this.#level.indent) this.#close();
    const level = this.#level;
    if (indent <= level.indent) return level;
    if (this.#levels.length === MAX_DEPTH)
      throw new FormatError(`subtests nested deeper than ${MAX_DEPTH}`);
    const next = newLevel(indent, level.isKtap);
    this.#levels = [...this.#levels, next];
    return next;
  }

  get #level(): Level {
    return this.#levels.at(-1)!;
  }

  #result(level: Level, word: "ok" | "not ok", text: string): void {
    this.#afterResult = true;
    this.#writer.count();
    level.seen++;
    const { name, outcome } = described(word, text);
    const { inner } = level;
    level.inner = [];
    if (inner.length === 0) {
      level.cases.push({ names: [name], outcome });
      return;
    }
    for (const one of inner)
      level.cases.push({ names: [name, ...one.names], outcome: one.outcome });
    // a failure that none of the inner ones explains is the harness's
    const isBad = (one: TestOutcome): boolean => one === "fail" || one === "error";
    if (isBad(outcome) && !inner.some((one) => isBad(one.outcome))) this.#writer.harness(outcome);
  }

  /** The innermost level ends: are all here that were announced? */
  #close(): void {
    const { plan, seen, cases, inner, isKtap } = this.#level;
    const outer = this.#levels.at(-2);
    // inner results of which the outer one never came
    if (inner.length > 0) this.#writer.harness("error");
    if (plan !== null && plan > seen) this.#writer.missing(plan - seen);
    if (plan !== null && plan < seen) this.#writer.harness("error");
    // without a plan nobody knows that it is whole; KTAP may have none
    if (plan === null && !isKtap) this.#writer.harness("miss");
    const all = [...cases, ...inner];
    if (outer === undefined) for (const { names, outcome } of all) this.#writer.add(names, outcome);
    else {
      outer.inner.push(...all);
      this.#levels = this.#levels.slice(0, -1) as [Level, ...Level[]];
    }
  }

  get #isEmpty(): boolean {
    const [{ plan, seen, inner }] = this.#levels;
    return this.#levels.length === 1 && plan === null && seen === 0 && inner.length === 0;
  }

  end(): Report {
    if (this.#isEmpty && !this.#bailed) throw new FormatError("there is no TAP in it");
    while (this.#levels.length > 1) this.#close();
    this.#close();
    return this.#writer.report();
  }
}

function newLevel(indent: number, isKtap = false): Level {
  return { indent, isKtap, plan: null, seen: 0, cases: [], inner: [] };
}

function described(
  word: "ok" | "not ok",
  text: string,
): { readonly name: string; readonly outcome: TestOutcome } {
  const found = COMMENT.exec(text);
  const name = found === null ? text : text.slice(0, found.index);
  const said = DIRECTIVES.find(([first]) => first.test(found?.[1] ?? ""));
  return { name: name.trim(), outcome: said?.[1][word] ?? (word === "ok" ? "pass" : "fail") };
}
