/**
 * Every option and setting of git format-patch that changes what it writes. Stock git is the judge:
 * either git am of what was written makes the very commits, and all of it is signed, or format-patch
 * has said that it does not. Nothing is silent, and nothing is a crash.
 */

import { some } from "../support/long.ts";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";
import { type AmJudge, openAm, sameCommits } from "../support/soundness.ts";
import { newHome } from "./support.ts";

const scratch = mkdtempSync(join(tmpdir(), "patchsig-options-"));
const work = join(scratch, "work");
const PROGRAM = pathToFileURL(
  join(import.meta.dirname, "..", "..", "dist", "src", "cli", "main.js"),
).href;
/** By which the patches are told, in their order. */
const ORDER = ["More.", "old: to new", "data.bin"];
const ALICE = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };
const LINES = Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`);

let home: string;
let judge: AmJudge;
let honest: string[];
let next = 0;

/** Some lines of LINES, changed. */
function lines(change: Record<number, string>): string {
  return LINES.map((line, i) => change[i + 1] ?? line).join("");
}

beforeAll(() => {
  home = newHome(7);
  const base = newRepository(join(scratch, "base"));
  const head = commit(base, "start", {
    "x.txt": lines({}),
    "d/x.txt": lines({}),
    "sub/d/x.txt": lines({}),
    "old.c": "int main(void)\n{\n\treturn 0;\n}\n",
    "data.bin": Buffer.from([0, 1, 2, 3]),
  });
  git(scratch, ["clone", "-q", base, work]);
  commit(work, "sub/d: five and white space\n\nMore.", {
    "sub/d/x.txt": lines({ 5: "five\n", 12: "line  12\n", 25: "\tline 25  \n" }),
  });
  commit(work, "old: to new\n\nGr\u00fc\u00dfe.", {
    "old.c": null,
    "new.c": "int main(void)\n{\n\treturn 1;\n}\n",
    "copy.txt": lines({}),
  });
  commit(work, "data: caf\u00e9", {
    "data.bin": Buffer.from([0, 9, 13, 10, 255]),
    "x.txt": null,
    "caf\u00e9.txt": "five\n",
  });
  writeFileSync(join(scratch, "order"), "*.c\n");
  writeFileSync(join(scratch, "attributes"), "*.txt -diff\n*.c diff=odd\n");
  judge = openAm(base);
  honest = commitsSince(work, head);
});
afterAll(() => {
  judge.close();
  rmSync(scratch, { recursive: true, force: true });
});

interface Written {
  readonly status: number;
  readonly said: string;
  /** The patches, without a cover letter. */
  readonly files: readonly string[];
}

/** Options, and settings `key=value`. */
interface Row {
  readonly options: readonly string[];
  readonly settings: readonly string[];
}

/** Runs format-patch for each row, in one process: a start for each would take a minute. */
const RUNNER = `
  import { writeSync } from "node:fs";
  const [program, rows] = process.argv.slice(1);
  const { main } = await import(program);
  for (const { args, settings } of JSON.parse(rows)) {
    process.env.GIT_CONFIG_COUNT = settings.length;
    for (const [n, [key, value]] of settings.entries()) {
      process.env["GIT_CONFIG_KEY_" + n] = key;
      process.env["GIT_CONFIG_VALUE_" + n] = value;
    }
    process.exitCode = 0;
    await main(args);
    writeSync(2, "\\0" + process.exitCode + "\\0");
  }
  process.exitCode = 0;`;

function writeAll(rows: readonly Row[]): Written[] {
  const place = (text: string): string => text.replace("SCRATCH", scratch);
  const folders = rows.map(() => join(scratch, `out${next++}`));
  const jobs = rows.map(({ options, settings }, i) => {
    return {
      args: ["format-patch", "-o", folders[i], ...options.map(place), "origin/main.."],
      settings: settings.map((setting) => place(setting).split(/=(.*)/s, 2)),
    };
  });
  const run = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", RUNNER, PROGRAM, JSON.stringify(jobs)],
    { cwd: work, env: { ...process.env, ...ALICE, XDG_DATA_HOME: home }, encoding: "utf8" },
  );
  const words = run.stderr.split("\0");
  expect(words).toHaveLength(2 * rows.length + 1);
  return rows.map((_, i) => ({
    said: words[2 * i]!,
    status: Number(words[2 * i + 1]),
    files: patchesIn(folders[i]!),
  }));
}

function patchesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  const at = (text: string): number => ORDER.findIndex((words) => text.includes(words));
  return files
    .filter((text) => !/^Subject: .*\b0+\/\d+\]/m.test(text))
    .sort((a, b) => at(a) - at(b));
}

const SAID = /git am would|is not signed:|is empty|not accept/;
const isSigned = (text: string): boolean => /^untrusted comment: patchsig /m.test(text);
const withoutSignoff = (made: readonly string[]): string[] =>
  made.map((text) => text.replace(/\n*Signed-off-by: Alice <alice@example.org>\n*/, "\n"));
const plain = (made: readonly string[]): string[] =>
  withoutSignoff(made).map((text) => text.replace(/\n+\0/, "\0"));

/** Whether git am makes the very commits of what was written. */
function isHonest({ files }: Written): boolean {
  const made = judge.am(Buffer.from(files.join("\n"), "latin1"), ["--no-scissors"]);
  return made !== null && sameCommits(plain(made), plain(honest));
}

function expectNothingSilent(written: Written): void {
  const { status, said, files } = written;
  expect(said).not.toMatch(/Cannot |undefined|internal|TypeError/);
  expect([0, 1, 2, 3], said).toContain(status);
  if (status > 1) return expect(files, said).toEqual([]);
  const honest = files.every(isSigned) && isHonest(written);
  const silent = status === 0 && !SAID.test(said);
  // neither silent where git am makes something else, nor a word where it does not
  expect([silent, said, honest ? "" : files.join("\n")]).toEqual([
    honest,
    said,
    expect.any(String),
  ]);
}

/** In groups, a word each unless in quotes. */
const OPTIONS = `
  -p; --no-stat; -U0; -U1; -U10; --output-indicator-new=>; --output-indicator-old=<;
  --output-indicator-context=!; --raw; --minimal; --patience; --histogram; --anchored=five;
  --compact-summary; --numstat; --shortstat; --dirstat; --summary; --patch-with-raw; -z; --name-only;
  --name-status; --submodule=log; --color; --color=always; --color-moved=zebra --color=always;
  --color-words; --word-diff; --word-diff=porcelain; --no-renames; --check;
  --ws-error-highlight=all --color=always; --full-index; --binary; --abbrev=4; --no-abbrev; -B; -M10%;
  -C; --find-copies-harder; -D; -l1; --diff-filter=M; -Sfive; -Gfive --pickaxe-all; -OSCRATCH/order;
  --skip-to=x.txt; --rotate-to=x.txt; -R; --relative=sub; --text; --ignore-cr-at-eol;
  --ignore-space-at-eol; -b; -w; --ignore-blank-lines; -Ifive; --inter-hunk-context=20; -W;
  --exit-code; --ext-diff; --textconv; --ignore-submodules; --src-prefix=x/; --dst-prefix=y/;
  --no-prefix; --no-prefix -U1; --line-prefix=x; -n; -N; --start-number=5; -k; -s; --attach; --attach=b; --inline;
  --thread=deep; --in-reply-to=<x@y.example>; --ignore-if-in-upstream; --always;
  --subject-prefix=net-next -v2; --subject-prefix=; --subject-prefix=RFC][x; --filename-max-length=9; --rfc;
  -v2; -v2.1; -v0; -vfoo; --to=a@b.example; --from; --from=X<x@y.example>; --force-in-body-from;
  --add-header=X-A:b; --add-header=From:e@e.example; --add-header=Subject:x;
  --add-header=Content-Type:text/html; --cover-letter; --no-encode-email-headers; --interdiff=HEAD~1;
  --range-diff=HEAD~1; --notes; --signature=x; --no-signature; --suffix=.txt; --suffix=-x; --zero-commit;
  --progress; --numbered-files; --numbered-files -v3; --pretty=mboxrd; --pretty=oneline; --pretty=raw;
  --pretty=format:%s; --encoding=ISO-8859-1; --no-binary
`;
const SETTINGS = `
  diff.noprefix=true; diff.mnemonicPrefix=true; diff.relative=true; diff.submodule=diff;
  color.ui=always; color.diff=always; diff.context=0; diff.context=10; diff.interHunkContext=30;
  diff.renames=copies; diff.renames=false; diff.suppressBlankEmpty=true; diff.wordRegex=.;
  diff.external=false; diff.orderFile=SCRATCH/order; diff.ignoreSubmodules=all;
  diff.srcPrefix=x/; diff.colorMoved=zebra; core.quotePath=false; core.abbrev=4; core.abbrev=no;
  core.attributesFile=SCRATCH/attributes; core.attributesFile=SCRATCH/attributes diff.odd.textconv=wc;
  core.attributesFile=SCRATCH/attributes diff.odd.command=true;
  core.autocrlf=true; format.noprefix=true; format.attach=x; format.signOff=true; format.headers=X-A:b;
  format.headers=Subject:x; format.subjectPrefix=x; format.suffix=.txt; format.from=true;
  format.from=X<x@y.example>; format.forceInBodyFrom=true; format.encodeEmailHeaders=false;
  format.pretty=raw; format.pretty=oneline; format.thread=deep; format.numbered=false;
  format.signature=x; format.coverLetter=true; format.notes=true; format.mboxrd=true;
  format.useAutoBase=true; i18n.logOutputEncoding=ISO-8859-1; i18n.commitEncoding=ISO-8859-1;
  log.showSignature=true; log.date=iso; log.mailmap=true; log.decorate=full; diff.dirstat=files
`;
const rowsOf = (table: string): string[] =>
  some(
    table.split(";").map((row) => row.trim()),
    3,
  );

describe.each([
  ["options", rowsOf(OPTIONS).map((row) => ({ options: row.split(/\s+/), settings: [] }))],
  ["settings", rowsOf(SETTINGS).map((row) => ({ options: [], settings: row.split(/\s+/) }))],
] as [string, Row[]][])("%s", (_, rows) => {
  let all: Written[];
  beforeAll(() => {
    all = writeAll(rows);
  }, 0);
  test.each(
    rows.map(({ options, settings }, i) => [[...options, ...settings].join(" "), i] as const),
  )("%s", (_name, i) => expectNothingSilent(all[i]!));
});

test("cosmetic settings change nothing", () => {
  const settings = ["diff.noprefix=true", "color.ui=always", "diff.relative=true"];
  const [usual, ...others] = writeAll(
    [[], ...settings.map((s) => [s])].map((s) => ({ options: [], settings: s })),
  );
  expect(usual!.status).toBe(0);
  expect(isHonest(usual!)).toBe(true);
  for (const { files } of others)
    expect(files.map((text) => text.length)).toEqual(usual!.files.map((text) => text.length));
});

test("reports patches that cannot be signed, or would make another commit", () => {
  const cases: [string, number, RegExp][] = [
    ["--color=always", 3, /cannot be signed/],
    ["-v2.1", 3, /v2\.1/],
    ["-w", 1, /git am would (?:refuse it|make something else)/],
    ["-w -q", 1, /git am would (?:refuse it|make something else)/],
    ["--no-prefix", 3, /cannot be signed/],
  ];
  const all = writeAll(cases.map(([words]) => ({ options: words.split(" "), settings: [] })));
  for (const [i, [option, status, words]] of cases.entries()) {
    expect([option, all[i]!.status]).toEqual([option, status]);
    expect(all[i]!.said).toMatch(words);
  }
});
