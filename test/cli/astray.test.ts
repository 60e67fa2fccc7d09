/** What people do that no page tells them to: what they are told then, and with which exit status. */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PatchsigError } from "../../src/errors.ts";
import { renderFound } from "../../src/report/found-mails.ts";
import { sayingOnce } from "../../src/web/open.ts";
import { writeMbox } from "../app/search/index.ts";
import { mail } from "../app/series/thread.ts";
import { patchsig, PROGRAM, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { commit, newRepository } from "../support/repo.ts";

let home: string;
let cwd: string;
beforeAll(() => {
  home = newFolder();
  cwd = newRepository(join(home, "repo"));
  commit(cwd, "one", { file: "1\n" });
  mkdirSync(join(home, "folder"));
  writeFileSync(join(home, "text"), "hello\n");
  writeMbox(join(home, "list"), [mail("a", "[PATCH] for everybody")]);
  writeMbox(join(home, "private"), [mail("b", "[PATCH] for nobody")]);
});

function run(words: string, env: Record<string, string> = {}): Run {
  const args = words.split(" ").map((word) => word.replace(/^~/, home));
  return patchsig(args, { home, cwd, env: { XDG_CACHE_HOME: join(home, "cache"), ...env } });
}

test.each<[string, number, string]>([
  ["result sign --test a --tap ~/folder", 3, "cannot read ~/folder: it is a folder\n"],
  [
    "result sign --test a --status pass --log nowhere",
    3,
    "--log: cannot read nowhere: no such file or folder\nhint: a log is an address",
  ],
  ["feed follow /a\tb", 2, "/a\\x09b: it holds blanks or control characters (%20 is a blank)\n"],
  [
    "feed init /dev/null/x --name x",
    3,
    "cannot make /dev/null/x: a part of its path is not a folder\n",
  ],
  ["web --port 0 ~/nowhere", 3, "no such file: ~/nowhere\n"],
  ["web --port 0 ~/text", 3, "~/text is neither a mail nor an mbox\nhint: "],
  [
    "web --port 0 ~/folder",
    2,
    "~/folder: nobody can tell what is new in it\nhint: of an uncompressed mbox",
  ],
  ["search --source ~/folder x", 2, "~/folder: nobody can tell what is new in it\nhint: "],
  ["web --repo ~/nowhere ~/list", 3, "no such folder: ~/nowhere\n"],
  [
    "tested --test a nowhere",
    2,
    "nowhere names no commit, no tree and no mails here\nhint: HEAD, ",
  ],
  ["search kind:patches --source ~/list", 2, "this query cannot be read: kind: is one of patch, "],
  ["search d:20261301.. --source ~/list", 2, '"20261301" is not a time\nhint: '],
])("%s", (words, status, said) => {
  const { stderr, ...found } = run(words);
  expect(found).toEqual({ status, stdout: "" });
  expect(stderr.replaceAll(home, "~")).toContain(`patchsig: ${said}`);
});

test("what nothing was indexed for was not tested as far as is known, and it is said why", () => {
  const { status, stdout, stderr } = run("tested --test a");
  expect([status, stdout]).toEqual([3, expect.stringMatching(/: not tested\n$/)]);
  expect(stderr).toMatch(/^nothing is indexed yet: --update reads patchsig.source/);
});

test("a wrong query is said before mails are read", () => {
  const cache = newFolder();
  expect(run("search zz:x --source ~/list", { XDG_CACHE_HOME: cache }).status).toBe(2);
  expect(run("search x --no-update --source ~/list", { XDG_CACHE_HOME: cache }).status).toBe(1);
  expect(run("search everybody --source ~/list", { XDG_CACHE_HOME: cache }).status).toBe(0);
});

test("no git, and a cache folder that cannot be", () => {
  expect(run("log", { PATH: "/nowhere" })).toEqual({
    status: 3,
    stdout: "",
    stderr: "patchsig: git is not installed, or not on the PATH\n",
  });
  expect(run("search x --source ~/list", { XDG_CACHE_HOME: "/dev/null/x" }).stderr).toMatch(
    /hint: make it writable, or keep it elsewhere: XDG_CACHE_HOME\n$/,
  );
});

test("help that cannot be written", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "search", "--help"], {
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  expect([status, stderr.toString()]).toEqual([3, "patchsig: the disk is full\n"]);
});

test("what others read is made of the named sources alone, whatever was looked for once", () => {
  expect(run("search nobody --source ~/private").status).toBe(0);
  expect(run("web --export ~/out ~/list")).toMatchObject({ status: 0, stderr: "" });
  const files = readdirSync(join(home, "out"), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath, one.name), "latin1"));
  expect(files.some((text) => text.includes("for everybody"))).toBe(true);
  expect(files.filter((text) => text.includes("for nobody"))).toEqual([]);
  expect(existsSync(join(home, "out", "index.html"))).toBe(true);
});

test("a server says once what every update meets", () => {
  const said: string[] = [];
  const reporter = {
    say: () => {},
    sayError: (e: PatchsigError) => void said.push(e.message),
    progress: null,
  };
  const { sayError } = sayingOnce(reporter);
  for (const name of ["a", "b", "a"]) sayError(new PatchsigError("not-found", name));
  expect(said).toEqual(["a", "b"]);
});

test("on a narrow screen, titles stay", () => {
  const [date, kind, sender, subject, verdict] = [0, "patch", "Alice", "[PATCH] one", "pass"];
  const one = { messageId: "<a@x>", date, kind, sender, subject, verdict };
  const lines = (columns: number): string[] =>
    renderFound([one], { columns, color: false }).map(String);
  expect(lines(80)).toEqual(["1970-01-01  patch    ok    Alice  [PATCH] one"]);
  expect(lines(40)).toEqual(["1970-01-01  patch    ok    [PATCH] one"]);
  const list = run("series list ~/list", { COLUMNS: "40" });
  expect(list.stdout).toBe("1  v1  1/1  none  2026-11-06  for every…\n");
});

test("a mail that two sources have is one line, and two records", () => {
  cpSync(join(home, "list"), join(home, "mirror"));
  const both = "everybody --source ~/list --source ~/mirror";
  expect(run(`search ${both}`).stdout).toMatch(/^[^\n]+\n$/);
  expect(run(`search --json ${both}`).stdout.trim().split("\n")).toHaveLength(2);
});
