/** What the shells offer for what was typed, by the shells themselves. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { patchsigEach } from "./support/cli.ts";
import { newFolder } from "./support/folders.ts";
import { LONG } from "./support/long.ts";

const ROOT = join(import.meta.dirname, "..");
const COMPLETION = join(ROOT, "dist", "completion");

/** What is typed, and all that is offered. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  "patchsig ver": ["verify"],
  "patchsig trust ac": ["accept"],
  "patchsig trust accept --a": ["--also"],
  "patchsig am --no-k": ["--no-keep-cr"],
  "patchsig verify x --re": ["--repo", "--require"],
  "patchsig verify trust sh": [],
  "patchsig --v": ["--version"],
  "git patchsig ver": ["verify"],
  "git patchsig trust ac": ["accept"],
  "git -C . patchsig bot pre": ["preview"],
  "git patchsig am --on": ["--on-base"],
  "git patchsig format-patch --password": ["--password-fd", "--password-file"],
};

/** What git's own completion of format-patch adds. */
const OF_GIT: Readonly<Record<string, readonly string[]>> = {
  "git patchsig format-patch --cover-l": ["--cover-letter"],
  "git patchsig format-patch --ke": ["--keep-subject", "--key"],
};

/** A folder for PATH, with the program by both of its names. */
function programFolder(): string {
  const bin = newFolder();
  for (const name of ["patchsig", "git-patchsig"])
    symlinkSync(join(ROOT, "bin", `${name}.js`), join(bin, name));
  return bin;
}

function shell(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const home = newFolder();
  const run = spawnSync(program, args, {
    cwd: home,
    encoding: "utf8",
    env: { ...process.env, HOME: home, PATH: `${programFolder()}:${process.env["PATH"]}`, ...env },
  });
  expect(run.stderr).toBe("");
  return run.stdout;
}

const has = (program: string): boolean =>
  spawnSync(program, ["-c", ":"], { input: "" }).error === undefined;

describe("bash", () => {
  const GIT = "/usr/share/bash-completion/completions/git";
  /** Words as they are, `typed` to complete; then what is offered, a line each. */
  const EACH = `
    . "$1"; [ ! -e "$2" ] || . "$2"; shift 2
    # git format-patch says what its options are in a repository alone
    git init -q
    for typed; do
      read -ra COMP_WORDS <<<"$typed"
      [[ $typed != *" " ]] || COMP_WORDS+=("")
      COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE=$typed COMP_POINT=\${#typed} COMPREPLY=()
      if [ "\${COMP_WORDS[0]}" = git ]; then __git_wrap__git_main; else _patchsig; fi
      printf '%s,' "\${COMPREPLY[@]}"; echo
    done`;

  function offered(typed: readonly string[]): string[][] {
    const file = join(COMPLETION, "bash", "git-patchsig");
    const lines = shell("bash", ["-c", EACH, "bash", file, GIT, ...typed]).split("\n");
    return typed.map((_, i) => lines[i]!.split(",").filter((word) => word !== ""));
  }

  test("offers commands and options", () => {
    const cases = Object.entries({ ...CASES, ...OF_GIT }).filter(
      ([typed]) => existsSync(GIT) || !typed.startsWith("git"),
    );
    const all = offered(cases.map(([typed]) => typed));
    for (const [i, [typed, words]] of cases.entries())
      // a value follows `=`, another word follows a space
      expect(all[i]!.map((word) => word.replace(/[= ]$/, "")).toSorted(), typed).toEqual(words);
  });

  test("goes on where a value follows, and ends the word elsewhere", () => {
    expect(offered(["patchsig am --b", "patchsig am --par"])).toEqual([
      ["--branch="],
      ["--partial "],
    ]);
  });

  test("offers every option of every command", () => {
    const paths = [["verify"], ["am"], ["sign"], ["trust", "revoke"], ["key", "import"]];
    const helps = patchsigEach(
      paths.map((path) => [...path, "--help"]),
      newFolder(),
    );
    const all = offered(paths.map((path) => `patchsig ${path.join(" ")} --`));
    for (const [i, { stdout }] of helps.entries()) {
      const words = new Set(all[i]!.map((word) => word.replace(/[= ]$/, "")));
      for (const [, option] of stdout.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+) /gm))
        expect(words).toContain(option);
    }
  });
});

describe.runIf(LONG && has("zsh"))("zsh", () => {
  /** A terminal, in which every word that is offered is printed. */
  const TERMINAL = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    line() { zpty -w z "$1" }
    line 'PROMPT='
    line "fpath=($1 \\$fpath)"
    line 'autoload -Uz compinit; compinit -u -D'
    line 'compadd() {
      local -a hits
      if (( ! \${@[(I)-[OAD]]} )); then builtin compadd -A hits "$@"; print -l -- "" "HIT:"\${^hits}; fi
      builtin compadd "$@"
    }'
    line 'finish() { print -r DONE; exit }; comppostfuncs=(finish)'
    line 'bindkey "^I" complete-word; print REA""DY'
    zpty -r z out '*READY*'
    zpty -w -n z "$2"$'\\t'
    zpty -r z out '*DONE*'
    print -r -- "$out"
    zpty -d z`;

  test.each(Object.entries({ ...CASES, ...OF_GIT }))("%s", (typed, words) => {
    const out = shell("zsh", ["-f", "-c", TERMINAL, "zsh", join(COMPLETION, "zsh"), typed]);
    const hits = [...out.matchAll(/HIT:(\S+)/g)].map(([, word]) => word!);
    expect([...new Set(hits)].toSorted()).toEqual(words);
  });
});

describe.runIf(LONG && has("fish"))("fish", () => {
  function offered(typed: string): string[] {
    const data = newFolder();
    const folder = (name: string): string => join(data, "fish", name);
    for (const name of ["vendor_completions.d", "vendor_conf.d"])
      mkdirSync(folder(name), { recursive: true });
    copyFileSync(
      join(COMPLETION, "fish", "patchsig.fish"),
      join(folder("vendor_completions.d"), "patchsig.fish"),
    );
    copyFileSync(
      join(COMPLETION, "fish", "git-of-patchsig.fish"),
      join(folder("vendor_conf.d"), "patchsig.fish"),
    );
    const env = { XDG_DATA_DIRS: `${data}:/usr/share` };
    const lines = shell("fish", ["-c", "complete -C $argv[1]", typed], env).trim().split("\n");
    return lines.map((line) => line.split("\t", 1)[0]!).filter((word) => word !== "");
  }

  test.each(Object.entries(CASES))("%s", (typed, words) => {
    expect(offered(typed).toSorted()).toEqual(words);
  });

  test("files where a file is due", () => {
    expect(offered("git patchsig verify /etc/pass")).toContain("/etc/passwd");
  });
});
