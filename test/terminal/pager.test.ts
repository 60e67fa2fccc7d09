/** The pager is chosen as git chooses it, and never by a repository. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { onTerminal, type Terminal } from "../../scripts/terminal.ts";
import { PATCHSIG } from "../support/cli.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { formatPatch, newFolder, newHome, newSubmission, signedPatches } from "../cli/support.ts";

describe.runIf(requireTool("script"))("on a terminal", () => {
  let home: string;
  let signed: string;
  let cwd: string;
  let evil: string;
  beforeAll(() => {
    home = newHome(7);
    const { work } = newSubmission();
    signed = signedPatches(work, home).join(" ");
    // as an unpacked archive may have it
    cwd = newRepository(join(newFolder(), "r"));
    commit(cwd, "start", { "a.txt": "a\n" });
    evil = join(cwd, "evil");
    for (const name of ["core.pager", "pager.patchsig", "pager.verify"])
      git(cwd, ["config", name, `touch '${evil}'; cat`]);
  });

  function start(command: string, more: Record<string, string> = {}): Terminal {
    const unset = "unset GIT_PAGER PAGER LESS LV GIT_CONFIG_COUNT";
    const env = { XDG_DATA_HOME: home, TERM: "xterm", NO_COLOR: "1", ...more };
    return onTerminal(`${PATCHSIG}; ${unset}; S='${signed}'; ${command}`, { cwd, env });
  }

  /** A setting of the user's, as from the command line of git. */
  const set = (key: string, value: string): string =>
    `export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=${key} GIT_CONFIG_VALUE_0="${value}"`;
  const names = (name: string): string => `sed s/^/${name}:/`;
  const list = "patchsig trust list";

  test("GIT_PAGER, pager.patchsig, core.pager, PAGER; none if it is empty, cat or not wanted", async () => {
    const cases: [string, string][] = [
      [`export PAGER='${names("P")}'; ${list}`, "P:"],
      [`${set("core.pager", names("C"))}; ${list}`, "C:"],
      [`${set("pager.patchsig", names("O"))}; ${list}`, "O:"],
      [`export GIT_PAGER='${names("G")}'; ${list}`, "G:"],
      [`patchsig --no-pager trust list`, ""],
      [`GIT_PAGER=cat ${list}; GIT_PAGER= ${list}`, ""],
      [`unset GIT_PAGER; ${set("pager.patchsig", "false")}; ${list}`, ""],
      [`${set("pager.patchsig", "true")}; ${list}`, "P:"],
      [`unset GIT_CONFIG_COUNT; PAGER=no-such-program ${list}`, ""],
      [`unset PAGER; TERM=dumb ${list}`, ""],
      // what nobody reads, and what is no terminal
      [`${list} | cat; patchsig am </dev/null`, ""],
      [`PAGER='echo "$LESS $LV"; cat' ${list}`, "FRX -c\n"],
    ];
    const all = cases.map(([command], i) => `${command}; echo "== ${i}"`).join("\n");
    const shown = (await start(`patchsig verify -q $S\n${all}`).finished()).split(/^== \d+\n/m);
    for (const [i, [command, pager]] of cases.entries())
      expect(shown[i], command).toMatch(
        new RegExp(`^${pager}(?:alice@example.org |no patch|patchsig: )`),
      );
    expect(existsSync(evil)).toBe(false);
  });

  test("an error before the first line goes to the terminal; a pager that ends early ends the program, without a word", async () => {
    const paged = `export GIT_PAGER='${names("P")}'; patchsig verify $S nowhere; echo "== $?"`;
    const early = `export GIT_PAGER='head -n 2'; patchsig verify $S; echo "== ended"`;
    const [first = "", second = ""] = (await start(`${paged}; ${early}`).finished()).split(
      "== 3\n",
    );
    expect(first).toMatch(/^patchsig: no such file: nowhere\nP:ok .*\n(?:P:.*\n)*$/);
    expect(second).toMatch(/^ok .*\nok .*\n== ended\n$/);
    expect(existsSync(evil)).toBe(false);
  });

  test.runIf(requireTool("less"))(
    "less: what fits is printed; else it waits for q, and Ctrl-C does not end it",
    async () => {
      const short = await start(`LESS= ; unset LESS; patchsig verify $S; echo "== $?"`).finished();
      expect(short).toContain("3 of 3 in the signed order");
      expect(short).toContain("== 0\n");
      const { work } = newSubmission();
      const long = Array.from({ length: 9 }, () => formatPatch(work, ["--no-base"]).join(" ")).join(
        " ",
      );
      const terminal = start(
        `trap : INT; patchsig verify --require=known ${long} $S; echo "== ended"`,
      );
      await terminal.shows("\n:");
      terminal.type("\u0003");
      terminal.type(" ");
      await terminal.shows(":", 2);
      terminal.type("q");
      expect(await terminal.finished()).toContain("== ended");
    },
  );
});
