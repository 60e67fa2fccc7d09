/** What is different on a terminal: what is said of waiting, and how lines are broken. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { PATCHSIG } from "../support/cli.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { progressLine } from "../../src/terminal/terminal.ts";
import { onTerminal, type Terminal } from "../../scripts/terminal.ts";
import { requireTool } from "../support/tools.ts";
import { expectTidy, newFolder, newHome } from "../cli/support.ts";

test.each([
  [80, "[############............] out: 1 of 2 files, 9 s left"],
  [40, "out: 1 of 2 files, 9 s left"],
  [20, "out: 1 o…, 9 s left"],
])("progress fits on a line of %s columns", (columns, line) => {
  expect(progressLine("out: 1 of 2 files", 1, 2, 9, columns)).toBe(line);
});

test.each([
  [99, 100, 99, "1 s left"],
  [1, 2, 140, "3 min left"],
  // the first mail of many took a second: nobody can tell
  [1, 1e6, 2, null],
])("what is left, with %s of %s done in %s s", (done, total, seconds, words) => {
  const line = progressLine("out", done, total, seconds, 80);
  expect(line.includes("left") ? line.slice(line.indexOf("out, ") + 5) : null).toBe(words);
});

test("progress quotes nobody unescaped", () => {
  expect(progressLine("\u001b[2J", 0, 0, 9, 80)).toBe("\\x1b[2J");
});

describe.runIf(requireTool("script"))("on a terminal", () => {
  let home: string;
  let cwd: string;
  beforeAll(() => {
    home = newHome(7);
    cwd = newRepository(join(newFolder(), "r"));
    commit(cwd, "start", { "a.txt": "a\n" });
  });

  const start = (command: string): Terminal =>
    onTerminal(`${PATCHSIG}; ${command}`, { cwd, env: { XDG_DATA_HOME: home } });
  const shown = (command: string): Promise<string> => start(command).finished();

  test("who reads it says so, unless a file is named, or there is a pipe", async () => {
    const reads = "reading from the terminal, up to Ctrl-D; or name files";
    const commands = ["sign", "verify -", "am", "attestation", "base show", "trust statement"];
    const terminal = start(commands.map((one) => `patchsig ${one}`).join("; "));
    for (const i of commands.keys()) {
      await terminal.shows(reads, i + 1);
      terminal.type("\u0004");
    }
    // nothing was typed, and that is said each time
    expect((await terminal.finished()).match(/^patchsig: /gm)).toHaveLength(commands.length);
    const other = "patchsig verify nowhere; patchsig verify --policy; echo | patchsig sign";
    expect(await shown(other)).not.toContain("Ctrl-D");
  });

  test("a long note is broken between words, and a hint to be copied is left whole", async () => {
    mkdirSync(join(cwd, "out"));
    git(cwd, ["checkout", "-q", "-b", "topic"]);
    commit(cwd, "a: more of what was there before\n\n---\n\nThis is no longer the message.", {
      "a.txt": "b\n",
    });
    const said = await shown("patchsig format-patch -o out -1 2>&1");
    expectTidy(said);
    expect(said.replace(/\n/g, " ")).toMatch(/ note: .{80,} hint: /);
    expect(await shown("patchsig format-patch -o out -1 2>&1 | cat")).toMatch(/^note: .{80,}$/m);
    git(cwd, ["config", "patchsig.recordedSince", `a-${"long-".repeat(12)}name`]);
    expect(await shown("patchsig log 2>&1")).toMatch(
      /^hint: .{40,}: git rev-parse a-(long-){12}name$/m,
    );
  });
});
