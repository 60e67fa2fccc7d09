/** The commands of a letter, as stock git runs them in repositories of each shape. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { parseSettings } from "../../../src/bot/settings.ts";
import type { View } from "../../../src/bot/letter.ts";
import { suggestionView } from "../../../src/app/bot/letters.ts";
import type { DecidedSeries } from "../../../src/app/bot/deciding.ts";
import { parseConfig } from "../../../src/git/config.ts";
import { some } from "../../support/long.ts";
import { commit, git, newRepository, temporaryFolder } from "../../support/repo.ts";
import { newHome } from "../../cli/support.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const SETTINGS = parseSettings(parseConfig("file:x\0bot.list\nnet@example.org\0"));

/** What a letter about such a series names; without a guess. */
function commands(version: number, total: number, cover: boolean): Record<string, string> {
  const decided = {
    decision: { kind: "suggest", topics: ["sign", "base"], at: 0 },
    series: { first: { title: "x", subject: "x", sender: null } },
    situation: { list: { signers: 3 } },
    guessed: null,
    version,
    total,
    cover,
  } as unknown as DecidedSeries;
  const view: View = suggestionView(decided, SETTINGS);
  return Object.fromEntries(
    Object.entries(view).map(([name, value]) => [name, typeof value === "string" ? value : ""]),
  );
}

let work: string;
let base: string;
let home: string;
beforeEach(() => {
  const folder = temporaryFolder();
  work = newRepository(join(folder, "work"));
  base = commit(work, "start", { a: "1\n" });
  for (const n of [2, 3]) commit(work, `number ${n}`, { a: `${n}\n` });
  home = newHome();
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(ROOT, "bin", "git-patchsig.js"), join(folder, "bin", "git-patchsig"));
});

function shell(command: string): string {
  const env = {
    ...process.env,
    PATH: `${join(work, "..", "bin")}:${process.env["PATH"]}`,
    XDG_DATA_HOME: home,
    GIT_AUTHOR_EMAIL: "alice@example.org",
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.org",
  };
  const run = spawnSync("sh", ["-c", command], { cwd: work, env, encoding: "utf8" });
  expect(run.stderr + run.stdout, command).not.toMatch(/^fatal|^error/m);
  expect(run.status, command).toBe(0);
  return run.stdout;
}

const SHAPES: readonly (readonly [string, () => void])[] = [
  ["a branch without an upstream", () => undefined],
  ["no branch", () => git(work, ["checkout", "-q", "--detach"])],
  [
    "an upstream that is behind",
    () => {
      git(work, ["branch", "up", base]);
      git(work, ["branch", "-q", "--set-upstream-to=up"]);
    },
  ],
  [
    "settings that ask for a base already",
    () => git(work, ["config", "format.useAutoBase", "whenAble"]),
  ],
  [
    "an older version lies there",
    () => {
      mkdirSync(join(work, "out"));
      writeFileSync(join(work, "out", "0001-old.patch"), "no patch\n");
    },
  ],
];

describe.each(SHAPES)("%s", (name, shape) => {
  const letters: [number, number, boolean][] = [
    [1, 1, false],
    [1, 2, false],
    [2, 2, true],
  ];
  const nth = SHAPES.findIndex(([one]) => one === name);
  test.each(some(letters, 3, nth))("version %i of %i, cover %s", (version, total, cover) => {
    shape();
    const { baseCommand, signCommand, sendCommand } = commands(version, total, cover);
    const files = shell(baseCommand!).trim().split("\n");
    expect(files).toHaveLength(total + Number(cover));
    const named = files.map((file) => readFileSync(join(work, file), "utf8")).join("");
    const parent = git(work, ["rev-parse", `HEAD~${total}`])
      .toString()
      .trim();
    expect(named).toContain(`base-commit: ${parent}`);
    shell(signCommand!);
    const made = readdirSync(join(work, "out")).filter((name) => name.startsWith("v"));
    expect(made).toHaveLength(total + Number(cover));
    for (const name of made.filter((one) => !one.includes("cover")))
      expect(readFileSync(join(work, "out", name), "utf8")).toContain("untrusted comment: ");
    const options = "--dry-run --quiet --confirm=never --force --smtp-server=/bin/true";
    shell(sendCommand!.replace("send-email", `send-email ${options}`));
  });
});
