/** `patchsig diff`: what changed between two versions, as git range-diff says of the branches. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { commit, git } from "../support/repo.ts";
import {
  edited,
  expectError,
  expectStatus,
  expectTidy,
  formatPatch,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";

let work: string;
let alice: string;
/** Both versions. */
let file: string;
let v1: string[];
let v2: string[];

beforeAll(() => {
  ({ work } = newSubmission());
  alice = newHome(7);
  v1 = signedPatches(work, alice);
  git(work, ["branch", "one"]);
  // the first stays, a new one follows, the second changes, and the third is gone
  git(work, ["reset", "-q", "--hard", "HEAD~2"]);
  commit(work, "song: dates", { "docs/dates.txt": "1926\n" });
  const song = readFileSync(join(work, "song.txt"), "utf8");
  commit(work, "song: shout line 10\n\nAnd this.", {
    "song.txt": song.replace("line 10", "LINE 10").replace("line 11", "LINE 11 \x1b[31m"),
  });
  v2 = signedPatches(work, alice, ["-v2"]);
  file = mbox(...v1, ...v2);
});

function diff(args: readonly string[], cwd = work): Run {
  return patchsig(["diff", ...args], { home: newFolder(), cwd });
}

// oxlint-disable-next-line typescript/no-explicit-any -- the record as the schema has it
function record(args: readonly string[], cwd = work): Record<string, any> {
  const [one, ...more] = records(diff(["--json", ...args], cwd));
  expect(more).toEqual([]);
  expect(problems(one!, schemaOf("series"))).toEqual([]);
  return one!;
}

const CHANGES = ["1 1 unchanged", "null 2 added", "2 3 diff", "3 null removed"];

/** In no particular order. */
const changesOf = ({ patches }: Record<string, unknown>): Set<string> =>
  new Set(
    (patches as { old: number; new: number; change: string }[]).map(
      (one) => `${one.old} ${one.new} ${one.change}`,
    ),
  );

describe("by git range-diff", () => {
  test("what changed, and what did not", () => {
    const before = git(work, ["for-each-ref"]).toString() + git(work, ["status"]).toString();
    const objects = git(work, ["count-objects"]).toString();
    const run = expectStatus(diff([file]), 0);
    expectTidy(run.stdout.replaceAll("\t", " "));
    expect(run.stdout).toContain("v1, 3 patches → v2, 3 patches: song: shout line 2\n");
    expect(run.stdout).toContain("signed with the same key, by alice@example.org\n");
    expect(run.stdout).toContain("unchanged: 1\n");
    expect(run.stdout).toContain("\n3: changed (was 2): song: shout line 10\n");
    expect(run.stdout).toContain("    ++LINE 11 \\x1b[31m\n");
    expect(run.stdout).toContain("\n3: gone: song: credits\n");
    expect(run.stdout).toContain("\n2: new: song: dates\n");
    expect(git(work, ["for-each-ref"]).toString() + git(work, ["status"]).toString()).toBe(before);
    expect(git(work, ["count-objects"]).toString()).toBe(objects);
  });

  test("it is what git says of the branches", () => {
    const one = record([file, "v1", "v2"]);
    expect(one).toMatchObject({ how: "range-diff", sameKey: true, sameBase: true });
    expect(changesOf(one)).toEqual(new Set(CHANGES));
    const args = ["range-diff", "--no-color", "origin/main..one", "origin/main..HEAD"];
    const stock = git(work, args).toString();
    const indented = stock.split("\n").filter((line) => line.startsWith("    "));
    const shown = (one["patches"] as { text: string }[]).flatMap(({ text }) =>
      text === "" ? [] : text.split("\n").map((line) => `    ${line}`),
    );
    expect(shown).toEqual(indented);
  });

  test("only some patches", () => {
    expect(changesOf(record(["-P", "2-", file]))).toEqual(new Set(CHANGES.slice(1)));
    expect(changesOf(record(["-P", "1", file]))).toEqual(new Set(CHANGES.slice(0, 1)));
  });

  test("the repository's programs are not started", () => {
    const marks = join(newFolder(), "ran");
    mkdirSync(join(work, ".git", "info"), { recursive: true });
    writeFileSync(join(work, ".git", "info", "attributes"), "* diff=evil filter=evil\n");
    for (const key of ["diff.evil.textconv", "diff.external", "filter.evil.clean"])
      git(work, ["config", key, `touch ${marks}; cat`]);
    try {
      expect(record([file]).how).toBe("range-diff");
      expect(() => readFileSync(marks)).toThrow("ENOENT");
    } finally {
      writeFileSync(join(work, ".git", "info", "attributes"), "");
      for (const key of ["diff.evil.textconv", "diff.external", "filter.evil.clean"])
        git(work, ["config", "--unset", key]);
    }
  });
});

describe("as text", () => {
  test("where there is no repository, or no base", () => {
    const one = record([file], newFolder());
    expect(one).toMatchObject({ how: "text", why: "there is no repository here" });
    expect(changesOf(one)).toEqual(new Set(CHANGES));
    const texts = one["patches"] as { change: string; text: string }[];
    expect(texts.find(({ change }) => change === "diff")?.text).toContain("++LINE 11");
    const elsewhere = newSubmission().base;
    const other = record([file], elsewhere);
    expect(other["why"]).toMatch(/^the base of v1, [0-9a-f]{12}, is not in this repository$/);
    const baseless = formatPatch(work, ["--no-base"]);
    const more = baseless.map((name) => edited(name, (t) => t.replace("[PATCH ", "[PATCH v3 ")));
    expect(record([mbox(...v2, ...more), "v2", "v3"]).why).toBe("v3 names no base");
  });
});

test("other keys, and a version that failed", () => {
  const bob = newHome(9);
  const third = signedPatches(work, bob, ["-v3"]);
  const run = diff([mbox(...v2, ...third), "v2", "v3"]);
  expectStatus(run, 1);
  expect(run.stdout).toMatch(/^v3 FAILED: git patchsig verify --version 3 says why$/m);
  expect(run.stdout.replace(/\s+/g, " ")).toMatch(
    /v2 is signed with RW\S+, by alice.*; v3 is signed with RW/,
  );
  const unsigned = formatPatch(work, ["-v4"]);
  expect(diff([mbox(...unsigned, ...v1), "v1", "v4"]).stdout).toContain("v4 is not signed");
});

test("what it refuses", () => {
  expectError(diff([mbox(...v1)]), 3, "only v1 is here: nothing to compare it with");
  expectError(diff([file, "v7"]), 3, "no v7 here");
  expectError(diff([file, "v2", "v2"]), 3, "v2 cannot be compared with itself");
  expectError(diff([file, "v1", "v2", "v3"]), 2, "diff compares two versions");
  expectError(diff(["--version=2", file, "v1", "v2"]), 2, "diff compares two versions");
  expectError(diff(["--repo", newFolder(), file]), 3, /^no git repository at /);
});
