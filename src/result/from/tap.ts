/**
 * Reads TAP 12 to 14, and the kernel's KTAP. KUnit indents nested tests; kselftest writes `# ` before them.
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

/** The date before a line in logs: of the journal, of syslog (older and newer), of CI systems, and of dmesg. */
const DATED = [
  String.raw`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2}) (?:\S{1,64} kernel: )?`,
  String.raw`[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} \S{1,64} kernel: `,
].join("|");
/** What the kernel and dmesg (also with `-x`, `-T`, `-H`) write before a line: level, time, and which task or processor. */
const STAMPED = [
  String.raw`(?:<[0-9]+>|[a-z]+ *:[a-z]+ *: )?\[ *\+?[0-9]+\.[0-9]+\](?:\[ *[A-Z][0-9]*\])? `,
  String.raw`\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\] `,
  String.raw`\[[A-Z][a-z]{2}[ 0-9][0-9] [0-9]{2}:[0-9]{2}\] `,
].join("|");
const LOGGED = new RegExp(`^(?:${DATED})?(?:${STAMPED})?`);
/** Colours, also of dmesg's. */
// oxlint-disable-next-line no-control-regex -- to be taken out
const COLOUR = /\x1b\[[0-9;]*[mK]/g;
const LINE = /^(ok|not ok)\b(?:\s+([0-9]+)\b)?(?:\s*-?\s+|$)(.*)$/s;
const PLAN = /^1\.\.([0-9]{1,9})\s*(?:#\s*(skip)?.*)?$/is;
const VERSION = /^(K?)TAP version [0-9]+/;
const BAIL = /^Bail out!/;
/**
 * kselftest names the program that it runs; the program's own lines follow after `# `, and its TAP begins with a
 * version or a plan.
 */
const PROGRAM = /^# selftests: /;
const NESTED_START = /^#\s+K?TAP version [0-9]+/;
const NESTED_PLAN = /^# 1\.\.[0-9]{1,9}\s*(?:#.*)?$/;
/** `prove -v` writes a line before each file's TAP, `ok` after it, and a summary at the end. */
const PROVE_FILE = /^(?:\[[0-9:]{8}\] )?(\S+) \.{2,} ?(?:skipped(?::.*)?)?$/;
const FILE_NAME = /[./]/;
const PROVE_END = /^Result: (PASS|FAIL|NOTESTS)$/;
/** The subtests of this result follow it, up to a `}`. */
const BRACE = /(?:^|\s)\{$/;
/** Indented YAML below a result: nothing in it is a result. */
const YAML_START = /^\s+---\s*$/;
const YAML_END = /^\s+\.\.\.\s*$/;

/** What harnesses write after a description. A `#` in the description itself is written `\#` in TAP 14. */
const COMMENT = /(?:^|\s)#\s*((?:skip|todo\b|xfail\b|error\b|timeout\b|exit=).*)$/is;
const TIME = /\s#\s*time=[0-9.]+m?s(?=$|\s[#{])/;
/** A result's outcome by its directive, for `ok` and for `not ok`. */
const DIRECTIVES: readonly (readonly [RegExp, { ok: TestOutcome; "not ok": TestOutcome }])[] = [
  [/^skip\S*/i, { ok: "skip", "not ok": "skip" }],
  // it was expected to fail: if it does, that is no verdict
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
  /** How many results the plan announced; null without a plan. */
  plan: number | null;
  /** How many results came. */
  seen: number;
  /** The highest number among the results; 0 if one of them has no number. */
  highest: number;
  /** The results at this level; one that sums up subtests is replaced by these. */
  cases: TapCase[];
  /** Results of subtests that the next result at this level sums up. */
  inner: TapCase[];
  /** Subtests have begun since the last result. */
  isOpen: boolean;
  /** A result that ends with `{`: subtests follow, up to a `}`. If no `}` comes, `{` is a part of the name. */
  braced: TapCase | null;
}

/** Lines: in the largest report that is read, so many have 16 bytes each. */
const MAX_LINES = 1 << 22;

/** Throws a FormatError for what has no TAP, and for what exceeds a limit. */
export function readTap(text: string): Report {
  const reader = new TapReader();
  let lines = 0;
  for (const line of linesOf(text)) {
    if (++lines > MAX_LINES) throw new FormatError(`more than ${MAX_LINES} lines`);
    reader.line(line);
  }
  return reader.end();
}

/** The lines, without colours, the kernel's times and CRs. What kselftest nests with `# ` is indented instead. */
function* linesOf(text: string): Generator<string> {
  let prefix = "";
  let isProgram = false;
  // PowerShell begins files with a byte order mark
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length;) {
    const lf = text.indexOf("\n", at);
    const end = lf < 0 ? text.length : lf;
    // no result is longer
    const raw = text
      .slice(at, Math.min(end, at + 4096))
      .replace(/\r$/, "")
      .replace(COLOUR, "")
      .replace(LOGGED, "");
    at = end + 1;
    const isComment = raw.startsWith("#");
    if (!isComment) prefix = "";
    isProgram = isComment && (isProgram || PROGRAM.test(raw));
    if (NESTED_START.test(raw) || (isProgram && NESTED_PLAN.test(raw))) prefix = "    ";
    yield prefix === "" ? raw : prefix + raw.replace(/^# ?/, "");
  }
}

class TapReader {
  readonly #writer = new ReportWriter();
  #levels: readonly [Level, ...Level[]] = [newLevel(0)];
  #inYaml = false;
  #afterResult = false;
  /** The log itself says that the run failed. */
  #isTold = false;
  /** The file whose TAP is being read, if prove named it; and the one that prove has named since. */
  #file: string | null = null;
  #nextFile: string | null = null;
  /** prove has written its summary. */
  #hasEnded = false;

  line(line: string): void {
    if (this.#inYaml) {
      this.#inYaml = !YAML_END.test(line);
      return;
    }
    this.#inYaml = this.#afterResult && YAML_START.test(line);
    this.#afterResult = false;
    const rest = line.trimStart();
    if (BAIL.test(rest)) this.#fails("error");
    const version = VERSION.exec(rest);
    const plan = PLAN.exec(rest);
    const result = LINE.exec(rest);
    const indent = line.length - rest.length;
    if (version === null && plan === null && result === null) this.#other(line, rest, indent);
    else if (!this.#isProvesWord(line)) {
      this.#begin(version !== null, plan !== null || result?.[2] === "1", indent);
      const level = this.#levelAt(indent);
      if (version?.[1] === "K") level.isKtap = true;
      if (plan !== null) this.#plan(level, Number(plan[1]));
      if (result !== null) this.#result(level, result[1] as "ok" | "not ok", result[2], result[3]!);
    }
  }

  /** A line that is neither version, plan nor result. */
  #other(line: string, rest: string, indent: number): void {
    const file = PROVE_FILE.exec(line);
    if (file !== null && FILE_NAME.test(file[1]!)) this.#nextFile = file[1]!;
    else if ((this.#file ?? this.#nextFile) !== null && PROVE_END.test(line)) this.#proveEnds(line);
    else if (rest.trimEnd() === "}") {
      const level = this.#levels.find((one) => one.indent === indent && one.braced !== null);
      if (level === undefined) return;
      this.#levelAt(indent);
      const { names, outcome } = level.braced!;
      level.braced = null;
      this.#sum(level, [names[0]!.slice(0, -1).trimEnd()], outcome);
    }
  }

  #proveEnds(line: string): void {
    this.#hasEnded = true;
    if (line.endsWith("FAIL")) this.#fails("fail");
  }

  #fails(outcome: "fail" | "error"): void {
    this.#isTold = true;
    this.#writer.harness(outcome);
  }

  #isProvesWord(line: string): boolean {
    const [{ plan, seen }] = this.#levels;
    return this.#file !== null && line === "ok" && plan === seen;
  }

  /** A log may have the TAP of several programs or files: each begins with a version, or after prove has named it. */
  #begin(isVersion: boolean, isFirst: boolean, indent: number): void {
    const file = this.#nextFile;
    this.#nextFile = null;
    const isAnnounced = file !== null && (isVersion || isFirst);
    const isNew = isAnnounced || (isVersion && indent <= this.#levels[0].indent);
    if (isNew && !this.#isEmpty) this.#closeAll();
    if (isAnnounced) this.#file = file;
    // all of the TAP may be indented, as in a console's log
    if (isNew || (isVersion && this.#isEmpty)) this.#levels = [newLevel(indent)];
  }

  #plan(level: Level, count: number): void {
    if (level.plan !== null) this.#writer.harness("error");
    level.plan ??= count;
  }

  /** The level with this indentation; deeper levels end. */
  #levelAt(indent: number): Level {
    while (this.#levels.length > 1 && indent < this.#level.indent) this.#close();
    const level = this.#level;
    if (indent <= level.indent) return level;
    if (this.#levels.length === MAX_DEPTH)
      throw new FormatError(`subtests nested deeper than ${MAX_DEPTH}`);
    const next = newLevel(indent, level.isKtap);
    level.isOpen = true;
    this.#levels = [...this.#levels, next];
    return next;
  }

  get #level(): Level {
    return this.#levels.at(-1)!;
  }

  #result(level: Level, word: "ok" | "not ok", number: string | undefined, text: string): void {
    this.#afterResult = true;
    this.#writer.count();
    flush(level);
    level.seen++;
    const isCounted = number !== undefined && (level.highest > 0 || level.seen === 1);
    level.highest = isCounted ? Math.max(level.highest, Number(number)) : 0;
    const { name, outcome } = described(word, number, text);
    if (level.inner.length === 0 && BRACE.test(text)) level.braced = { names: [name], outcome };
    else this.#sum(level, [name], outcome);
  }

  #sum(level: Level, names: readonly string[], outcome: TestOutcome): void {
    const { inner } = level;
    level.inner = [];
    level.isOpen = false;
    if (inner.length === 0) {
      level.cases.push({ names, outcome });
      return;
    }
    for (const one of inner)
      level.cases.push({ names: [...names, ...one.names], outcome: one.outcome });
    // a failure that no subtest explains is the harness's
    const isBad = (one: TestOutcome): boolean => one === "fail" || one === "error";
    if (isBad(outcome) && !inner.some((one) => isBad(one.outcome))) this.#writer.harness(outcome);
  }

  /** Ends the innermost level, and compares it with its plan. */
  #close(): void {
    flush(this.#level);
    const { plan, seen, highest, cases, inner, isKtap, isOpen } = this.#level;
    const outer = this.#levels.at(-2);
    // subtests whose outer result never came
    if (inner.length > 0) this.#writer.harness("error");
    // a result that is missing after its subtests is no further case
    if (plan !== null && plan > seen) this.#missing(plan - seen - (isOpen ? 1 : 0));
    if (plan !== null && plan < seen) this.#writer.harness("error");
    // without a plan, results may be missing; KTAP does not require one, but all up to its last number
    if (plan === null && !isKtap) this.#writer.harness("miss");
    if (plan === null && isKtap && highest > seen) this.#missing(highest - seen);
    const all = [...cases, ...inner];
    if (outer !== undefined) {
      outer.inner.push(...all);
      this.#levels = this.#levels.slice(0, -1) as [Level, ...Level[]];
    } else
      for (const { names, outcome } of all)
        this.#writer.add(this.#file === null ? names : [this.#file, ...names], outcome);
  }

  #missing(count: number): void {
    this.#writer.harness("miss");
    this.#writer.missing(count);
  }

  get #isEmpty(): boolean {
    const [{ plan, seen, inner, isOpen }] = this.#levels;
    const isBare = plan === null && seen === 0 && inner.length === 0;
    return this.#levels.length === 1 && isBare && !isOpen;
  }

  #closeAll(): void {
    while (this.#levels.length > 1) this.#close();
    this.#close();
  }

  end(): Report {
    if (this.#isEmpty && !this.#isTold && this.#writer.size === 0)
      throw new FormatError("there is no TAP in it");
    this.#closeAll();
    // prove was cut short: further files may be missing
    if (this.#file !== null && !this.#hasEnded) this.#writer.harness("miss");
    return this.#writer.report();
  }
}

/** A result that ended with `{`, without a `}` later, is a plain result whose name ends so. */
function flush(level: Level): void {
  if (level.braced !== null) level.cases.push(level.braced);
  level.braced = null;
}

function newLevel(indent: number, isKtap = false): Level {
  const nothing = { plan: null, cases: [], inner: [], isOpen: false, braced: null };
  return { indent, isKtap, seen: 0, highest: 0, ...nothing };
}

/**
 * @param number as written. A case without a name gets its directive's reason as name, as in kselftest and git, else
 *   the number
 */
function described(
  word: "ok" | "not ok",
  number: string | undefined,
  text: string,
): { readonly name: string; readonly outcome: TestOutcome } {
  const plain = text.replace(TIME, "");
  const found = COMMENT.exec(plain);
  const written = (found === null ? plain : plain.slice(0, found.index)).trim();
  const said = found?.[1] ?? "";
  const [first, outcomes] = DIRECTIVES.find(([one]) => one.test(said)) ?? [];
  const reason = first === undefined ? "" : said.replace(first, "").trim();
  const outcome = outcomes?.[word] ?? (word === "ok" ? "pass" : "fail");
  const name = written || reason || (number ?? "");
  return { name: name.replace(/\\([\\#])/g, "$1"), outcome };
}
