/**
 * npm run mutate -- ROOM [--seed N] [--from N] [--count N] [--near]: changes one place of src/ROOM at a time,
 * in a copy, and looks whether a test fails. Which places, the seed decides: the same ones each
 * time, so that a room can be gone through in portions (docs/testing.md). With --near only the quick
 * tests of the room itself are asked.
 *
 * Exit status 0 if all were killed, 1 if some survived, 2 if the tests fail as it is.
 */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseAst } from "rolldown/parseAst";

const ROOT = process.cwd();

/**
 * By room: the tests that are to notice, the quickest first; these do not start the program. Rooms of the core, and what judges: what
 * writes files, or starts programs, is not let loose with its conditions negated.
 */
const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "app/verify": [
    ["test/app/verify"],
    ["test/trust/attacks.test.ts", "test/cli/verify.test.ts", "test/cli/series.test.ts"],
  ],
  minisign: [["test/minisign"], ["test/vectors.test.ts"]],
  patch: [
    ["test/patch"],
    ["test/vectors.test.ts", "test/mail", "test/verify", "test/cli/sign.test.ts"],
  ],
  report: [["test/report"], ["test/cli/verify.test.ts", "test/cli/base"]],
  series: [["test/series"], ["test/cli/series.test.ts", "test/cli/am.test.ts"]],
  trust: [
    ["decide", "identity", "keyring", "lookalike", "statement", "table"].map(
      (name) => `test/trust/${name}.test.ts`,
    ),
    ["test/trust", "test/store/trust-store.test.ts", "test/cli/own-keyring.test.ts"],
  ],
  verify: [
    [
      "added-trailers",
      "attacks",
      "base-disagrees",
      "duties",
      "outline",
      "policy",
      "series-mails",
    ].map((name) => `test/verify/${name}.test.ts`),
    ["test/verify", "test/vectors.test.ts", "test/trust/attacks.test.ts"],
    ["test/cli/series.test.ts", "test/cli/am.test.ts", "test/cli/verify.test.ts", "test/cli/base"],
  ],
};

/** A mutant that never ends is killed, too. */
const LONGEST = 300_000;

interface Mutant {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const SWAPPED: Readonly<Record<string, string>> = {
  "&&": "||",
  "||": "&&",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
};
const WITH_CALLBACK = /^(?:filter|some|every|find|findIndex|findLast)$/;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** All mutants of a file, in the order of their places. */
function mutantsOf(file: string): Mutant[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const mutants: Mutant[] = [];
  const add = ({ start, end }: { start: number; end: number }, text: string): unknown =>
    mutants.push({ file, start, end, text });
  const textOf = ({ start, end }: Node): string => source.slice(start, end);

  function visit(node: Node): void {
    const { type, test, left, right, consequent, callee, value } = node;
    if (isNode(test) && type !== "SwitchCase") add(test, `!(${textOf(test)})`);
    if (isNode(left) && isNode(right) && typeof node["operator"] === "string") {
      const { operator } = node;
      const between = source.slice(left.end, right.start);
      const swapped = SWAPPED[operator];
      // parentheses, since && and || do not bind alike
      if (swapped !== undefined)
        add(node, `(${textOf(left)}${between.replace(operator, swapped)}${textOf(right)})`);
    }
    if (type === "IfStatement" && node["alternate"] === null && isNode(consequent)) {
      if (/^(?:return|continue|break)\b/.test(textOf(consequent))) add(consequent, "{}");
    }
    if (type === "Literal" && typeof value === "number")
      for (const other of [value - 1, value + 1]) add(node, `(${other})`);
    if (type === "CallExpression" && isNode(callee) && isNode(callee["property"])) {
      const [callback] = node["arguments"] as Node[];
      if (callback !== undefined && WITH_CALLBACK.test(textOf(callee["property"])))
        for (const always of ["true", "false"]) add(callback, `() => ${always}`);
    }
    for (const child of Object.values(node))
      for (const one of Array.isArray(child) ? child : [child])
        if (isNode(one) && (!one.type.startsWith("TS") || isNode(one["expression"]))) visit(one);
  }

  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return mutants.sort((a, b) => a.start - b.start);
}

/** The same order for the same seed (mulberry32). */
function shuffled<T>(values: readonly T[], seed: number): T[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return values
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** Everything but what git and npm keep; packages are shared. */
function copyOf(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), "patchsig-mutate-"));
  for (const name of readdirSync(root))
    if (![".git", "node_modules", "dist"].includes(name))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function isGood(copy: string, tests: readonly string[], at: number): boolean {
  const run = (tool: string, args: readonly string[]): boolean =>
    spawnSync(join(copy, "node_modules/.bin", tool), args, {
      cwd: copy,
      // whatever is negated, the user's own keys are elsewhere
      env: { ...process.env, HOME: copy, XDG_DATA_HOME: copy, XDG_CONFIG_HOME: copy },
      stdio: "ignore",
      timeout: LONGEST,
      killSignal: "SIGKILL",
    }).status === 0;
  // what users start is tested, too
  return (at === 0 || run("rolldown", ["-c"])) && run("vitest", ["run", ...tests, "--bail", "1"]);
}

/** `file:line:column  what it was → what it is` */
function nameOf({ file, start, end, text }: Mutant): string {
  const source = readFileSync(join(ROOT, file), "utf8");
  const lines = source.slice(0, start).split("\n");
  const short = (code: string): string => code.replace(/\s+/g, " ").slice(0, 70);
  return `${file}:${lines.length}:${lines.at(-1)!.length + 1}  ${short(source.slice(start, end))} → ${short(text)}`;
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      from: { type: "string", default: "0" },
      count: { type: "string", default: "20" },
      near: { type: "boolean", default: false },
    },
  });
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const [room = ""] = positionals;
  const groups = ROOMS[room]?.slice(0, values.near ? 1 : undefined);
  if (groups === undefined) {
    say(
      `usage: npm run mutate -- ROOM [--seed N] [--from N] [--count N] [--near]; of ${Object.keys(ROOMS).join(", ")}`,
    );
    return 2;
  }
  const files = readdirSync(join(ROOT, "src", room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("src", room, name))
    .sort();
  const all = shuffled(files.flatMap(mutantsOf), Number(values.seed));
  const from = Number(values.from);
  const chosen = all.slice(from, from + Number(values.count));
  const copy = copyOf(ROOT);
  try {
    if (!groups.every((tests, at) => isGood(copy, tests, at))) {
      say("the tests fail as it is");
      return 2;
    }
    let survived = 0;
    for (const mutant of chosen) {
      const { file, start, end, text } = mutant;
      const source = readFileSync(join(ROOT, file), "utf8");
      writeFileSync(join(copy, file), source.slice(0, start) + text + source.slice(end));
      const lives = groups.every((tests, at) => isGood(copy, tests, at));
      writeFileSync(join(copy, file), source);
      if (lives) survived++;
      say(`${lives ? "SURVIVED" : "killed  "} ${nameOf(mutant)}`);
    }
    say(
      `${room}: ${chosen.length - survived} of ${chosen.length} killed, of ${all.length} (seed ${values.seed}, from ${from})`,
    );
    return survived === 0 ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

process.exitCode = main();
