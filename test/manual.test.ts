/** The manual pages say all that --help says, and every reader of manual pages can read them. */

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patchsigEach, type Run } from "./support/cli.ts";
import { newFolder } from "./support/folders.ts";

const ROOT = join(import.meta.dirname, "..");
const MANUAL = join(ROOT, "dist", "man");
const PAGES = readdirSync(MANUAL, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.\d$/.test(name))
  .toSorted();

function helpOf(paths: readonly (readonly string[])[]): string[] {
  const runs = patchsigEach(
    paths.map((path) => [...path, "--help"]),
    newFolder(),
  );
  return runs.map(({ stdout }) => stdout);
}

const seen = new Map<string, string>();

/** As a reader sees it, on lines of any length. */
function read(page: string): string {
  const known = seen.get(page);
  if (known !== undefined) return known;
  const run = spawnSync("man", ["-E", "ascii", "-l", page], {
    cwd: MANUAL,
    encoding: "utf8",
    env: { ...process.env, MANWIDTH: "2000", MAN_KEEP_FORMATTING: "" },
  });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  seen.set(page, run.stdout);
  return run.stdout;
}

function missing(texts: readonly string[], page: string): string[] {
  return texts.filter((text) => !page.includes(text));
}

describe("of every command", () => {
  let names: string[];
  let helps: Map<string, string>;

  beforeAll(() => {
    const [all] = helpOf([[]]);
    names = [...all!.matchAll(/^ {2}(\S+) {2,}/gm)].map(([, name]) => name!);
    const firsts = helpOf(names.map((name) => [name]));
    // the commands of a group, by its help
    const below = firsts.flatMap((help) =>
      [...help.matchAll(/^ {2}patchsig (\w+ [\w-]+)/gm)].map(([, path]) => path!),
    );
    const rest = helpOf(below.map((path) => path.split(" ")));
    helps = new Map([
      ...names.map((name, i) => [name, firsts[i]!] as const),
      ...below.map((path, i) => [path, rest[i]!] as const),
    ]);
  });

  test("there is a page, and the first page names it", () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
    expect(PAGES).toEqual(
      [
        ...names.map((name) => `man1/git-patchsig-${name}.1`),
        "man1/git-patchsig.1",
        "man1/patchsig.1",
        "man5/git-patchsig-config.5",
      ].toSorted(),
    );
    // npm links these, and finds none itself
    const { man } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      man: string[];
    };
    expect(man.toSorted()).toEqual(PAGES.map((page) => `dist/man/${page}`));
    const first = read("man1/git-patchsig.1");
    for (const [option] of helpOf([[]])[0]!.matchAll(/--[\w-]+/g)) expect(first).toContain(option);
    for (const name of names) expect(first).toContain(`git-patchsig-${name}(1)\n`);
  });

  test("the page has all of its commands, words and options, in the same words", () => {
    expect(helps.size).toBeGreaterThan(35);
    for (const [path, help] of helps) {
      const [name = "", below] = path.split(" ");
      const page = read(`man1/git-patchsig-${name}.1`);
      const part =
        below === undefined
          ? page
          : // from its heading to the next
            new RegExp(`^ {3}${below}\n[^]*?(?=^ {0,3}\\S)`, "m").exec(page)?.[0];
      expect(part, path).toBeDefined();
      const options = [...help.matchAll(/^ {2}(?:(-\w), | {4})(--[\w-]+) /gm)];
      expect(options.length).toBeGreaterThan(0);
      for (const [, short, long] of options) {
        const place = long === "--help" ? page : part!;
        const tag = new RegExp(`^ {7}${short === undefined ? "" : `${short}, `}(\\S+)`, "gm");
        const tags = [...place.matchAll(tag)].map(([, typed]) => typed!);
        const plain = tags.map((typed) => typed.replace("[no-]", "").replace(/\[?=.*/, ""));
        expect(plain, `${path} ${long}`).toContain(long);
      }
      for (const [, word] of help.split("\n", 1)[0]!.matchAll(/[[<](\w+)/g))
        expect(part, path).toMatch(new RegExp(`^ {7}<${word}>`, "m"));
      // how each description begins: --help breaks it at the edge of the screen
      for (const [, text] of help.matchAll(/^ {2}(?:-\w, | {4})--[\w-]+ +(\S+(?: \S+){0,3})/gm))
        if (text !== "Show help") expect(missing([text!], page), path).toEqual([]);
    }
  });
});

test("every setting that the program reads is in git-patchsig-config(5)", () => {
  const page = read("man5/git-patchsig-config.5");
  const source = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, "src", name), "utf8"))
    .join("\n");
  const settings = new Set(
    [...source.matchAll(/["'`]patchsig\.(\w+)["'`]/g)].map(([, key]) => key!),
  );
  expect(settings).toContain("key");
  // git is asked for the default of what nobody sets
  settings.delete("none");
  const tags = [...settings].map((key) => `\n       patchsig.${key}\n`);
  expect(missing(tags, page)).toEqual([]);
});

function lint(program: string, args: readonly string[]): (page: string) => string {
  return (page) => {
    const { status, stdout, stderr } = spawnSync(program, [...args, page], {
      cwd: MANUAL,
      encoding: "utf8",
    });
    return status === 0 ? stdout + stderr : `${page}: ${status} ${stdout}${stderr}`;
  };
}

test("groff has nothing to say of them", () => {
  expect(PAGES.map(lint("groff", ["-ww", "-K", "utf8", "-man", "-Tascii", "-z"])).join("")).toBe(
    "",
  );
});

test("mandoc has nothing to say of them", () => {
  if (spawnSync("mandoc", ["-T", "lint"], { input: "" }).error !== undefined) {
    process.stderr.write("skipped: mandoc is not installed\n");
    return;
  }
  // `.so` it calls fragile
  const pages = PAGES.filter((page) => page !== "man1/patchsig.1");
  expect(pages.map(lint("mandoc", ["-T", "lint", "-W", "warning"])).join("")).toBe("");
});

describe("git patchsig", () => {
  function git(args: readonly string[], manual: string): Run {
    const bin = newFolder();
    symlinkSync(join(ROOT, "bin", "git-patchsig.js"), join(bin, "git-patchsig"));
    const { status, stdout, stderr } = spawnSync("git", ["patchsig", ...args], {
      encoding: "utf8",
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}`, MANPATH: manual },
    });
    return { status: status ?? -1, stdout, stderr };
  }

  test("--help opens the page", () => {
    const { status, stdout } = git(["--help"], MANUAL);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^GIT-PATCHSIG\(1\) [^]*\nNAME\n +git-patchsig - /);
  });

  test("-h and help print the help, with or without a page", () => {
    const nothing = join(newFolder(), "man");
    mkdirSync(nothing);
    for (const word of ["-h", "help"])
      expect(git([word], nothing)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^usage: patchsig <command>/) as string,
      });
  });
});
