/**
 * Two CI systems on two homes, which share nothing but a static web server: what the first one passed, the second
 * skips, and nothing else.
 */

import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patchsig, type Run } from "../support/cli.ts";
import { type FeedServer, servePython } from "../support/feed-server.ts";
import { newFolder } from "../support/folders.ts";
import { LONG } from "../support/long.ts";
import { commit, git, newRepository } from "../support/repo.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures", "result");
const KEY = readFileSync(join(FIXTURES, "ci.pub"), "utf8").split("\n")[1]!;
const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;

let server: FeedServer;
/** What the web server serves: the project, and the feed of the first CI. */
let www: string;
let feed: string;
/** The first CI, and its clone of the project. */
let first: string;
let firstClone: string;
/** The second one, before it has heard of the first. */
let second: string;
let clone: string;

beforeAll(async () => {
  www = newFolder();
  feed = join(www, "ci-a");
  const project = newRepository(join(www, "project"));
  for (const n of [1, 2, 3, 4]) commit(project, `change ${n}`, { file: `${n}\n` });
  git(project, ["update-server-info"]);
  server = await servePython(www);

  first = newFolder();
  copyFileSync(join(FIXTURES, "ci.key"), join(first, "ci.key"));
  chmodSync(join(first, "ci.key"), 0o600);
  firstClone = cloneTo(first);
  const init = ["feed", "init", feed, "--name", "ci-a", "--url", `${server.url}/ci-a`];
  atFirst([...init, "--kinds", "results"]);
  sign("HEAD~3", "1..1\nok 1 - words\n");
  sign("HEAD~2", "1..1\nnot ok 1 - words\n");
  publish();
  cpSync(feed, join(www, "ci-b"), { recursive: true });

  second = newFolder();
  clone = cloneTo(second);
});

afterAll(() => server?.stop());

function cloneTo(home: string): string {
  git(home, ["clone", "-q", `${server.url}/project/.git`, "project"]);
  return join(home, "project");
}

function atFirst(words: readonly string[]): void {
  const env = { GIT_AUTHOR_NAME: "Example CI", GIT_AUTHOR_EMAIL: "ci@example.org" };
  const run = patchsig(words, {
    home: first,
    cwd: existsSync(firstClone ?? "") ? firstClone : first,
    env,
  });
  expect([words, run.status, run.status === 0 ? "" : run.stderr]).toEqual([words, 0, ""]);
}

/** What the job of the first CI does at its end. */
function sign(what: string, tap: string, more: readonly string[] = []): void {
  const file = join(newFolder(), "report.tap");
  writeFileSync(file, tap);
  const words = ["result", "sign", what, "--test", "unit", "--env", "arch=x86_64", "--tap", file];
  atFirst([...words, "--key", join(first, "ci.key"), "--to-feed", feed, ...more]);
}

function publish(): void {
  atFirst(["feed", "publish", feed, "--describe", "--key", join(first, "ci.key")]);
}

const envOf = (home: string): Record<string, string> => ({ XDG_CACHE_HOME: join(home, "cache") });

function at(home: string, ...words: readonly string[]): Run {
  return patchsig(words, { home, cwd: clone, env: envOf(home) });
}

/** The second CI, with the first one's feed, and its key accepted, or not. */
function following(accepts = true): string {
  const home = newFolder();
  expect(at(home, "feed", "follow", `${server.url}/ci-a`).status).toBe(0);
  if (accepts)
    expect(at(home, "trust", "accept", "--result-only", "ci@example.org", KEY).status).toBe(0);
  return home;
}

/** What the job of the second one does at its beginning; in a shell, `tested … || make test`. */
function job(home: string, what: string, ...more: readonly string[]): string {
  const words = ["tested", what, "--test", "unit", "--update", ...more];
  const { status, stdout, stderr } = at(home, ...words);
  const [line = ""] = stdout.split("\n");
  const said = line.replace(/^.*: /, "");
  return status === 0 ? "skips" : status === 1 || status === 3 ? `runs: ${said}` : stderr;
}

test("it skips what the first one passed, and nothing else", () => {
  const stranger = following(false);
  expect(job(stranger, "HEAD~3")).toBe("runs: no key that counts");
  const home = following();
  expect([3, 2, 1, 0].map((n) => job(home, `HEAD~${n}`))).toEqual([
    "skips",
    "runs: FAIL",
    "runs: not tested",
    "runs: not tested",
  ]);
  expect(job(home, "HEAD~3", "--env", "arch=x86_64")).toBe("skips");
  expect(job(home, "HEAD~3", "--env", "arch=arm64")).toBe("runs: not tested");
  expect(at(home, "tested", "HEAD~3", "--test", "other").status).toBe(3);
});

test.runIf(LONG)("the same tree under another commit is skipped; on another base it is not", () => {
  const home = following();
  const author = ["-c", "user.name=B", "-c", "user.email=b@example.org"];
  const tree = git(clone, ["rev-parse", "HEAD~3^{tree}"]).toString().trim();
  const other = git(clone, [...author, "commit-tree", "-m", "in other words", tree])
    .toString()
    .trim();
  expect(job(home, other)).toBe("skips");
  git(clone, ["switch", "-q", "--detach", "HEAD~3"]);
  const rebased = commit(clone, "another file", { other: "1\n" });
  git(clone, ["switch", "-q", "main"]);
  expect(job(home, rebased)).toBe("runs: not tested");

  // a patch by mail, which nobody has applied: on its own base, and on another
  const patch = join(newFolder(), "patch");
  writeFileSync(patch, git(clone, ["format-patch", "--stdout", "--base=HEAD~2", "-1", "HEAD~1"]));
  sign("HEAD~1", "1..1\nok 1 - words\n");
  publish();
  expect(job(home, patch)).toBe("runs: not tested");
  expect(at(home, "feed", "update").status).toBe(0);
  expect(job(home, patch)).toBe("skips");
  const plain = join(newFolder(), "plain");
  writeFileSync(plain, git(clone, ["format-patch", "--stdout", "--base=HEAD~3", "-1", "HEAD~2"]));
  expect(job(home, plain)).toBe("runs: FAIL");
  git(clone, ["branch", "-f", "beside", rebased]);
  expect(job(home, patch, "--base", "beside")).toMatch(/^$|^runs|does not apply/);
});

test.runIf(LONG)(
  "a revoked key voids what it signed, and a second attempt decides over the first",
  () => {
    const home = following();
    expect(job(home, "HEAD~2")).toBe("runs: FAIL");
    sign("HEAD~2", "1..1\nok 1 - words\n", ["--run", "2"]);
    publish();
    expect(at(home, "feed", "update").status).toBe(0);
    expect(job(home, "HEAD~2")).toBe("skips");
    expect(at(home, "trust", "revoke", "ci@example.org").status).toBe(0);
    expect([3, 2].map((n) => job(home, `HEAD~${n}`))).toEqual([
      "runs: not tested",
      "runs: not tested",
    ]);
  },
);

test("a failure that the feed takes back is an alarm, and counts no more; so is an epoch that it keeps back", () => {
  // a feed of its own, on the same server
  const [other, name] = [join(www, "ci-b"), "ci-b"];
  atFirst(["feed", "init", other, "--name", name, "--url", `${server.url}/${name}`]);
  const home = newFolder();
  expect(at(home, "trust", "accept", "--result-only", "ci@example.org", KEY).status).toBe(0);
  expect(at(home, "feed", "follow", `${server.url}/ci-b`).status).toBe(0);
  const ask = (what: string, ...more: readonly string[]): Run =>
    at(home, "tested", what, "--test", "unit", ...more);
  const epoch = join(other, "git", "0.git");
  const failed = git(epoch, ["log", "--format=%H", "--grep=\\[fail\\]", "master"])
    .toString()
    .trim();
  expect(failed).toMatch(/^[0-9a-f]{40}$/);
  const passed = ask("HEAD~3", "--update");
  expect([passed.status, ask("HEAD~2").stdout]).toEqual([0, expect.stringContaining("fail ")]);

  // all mails but the failure, again
  const kept = git(epoch, ["rev-list", "--reverse", "master"]).toString().trim().split("\n");
  let tip = "";
  for (const one of kept.filter((name) => name !== failed)) {
    const parent = tip === "" ? [] : ["-p", tip];
    const who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    tip = git(epoch, [...who, "commit-tree", "-m", "x", ...parent, `${one}^{tree}`])
      .toString()
      .trim();
  }
  git(epoch, ["update-ref", "refs/heads/master", tip]);
  rmSync(join(other, "manifest.js.gz"), { force: true });
  git(epoch, ["update-server-info"]);
  const update = at(home, "feed", "update");
  expect([update.status, update.stdout]).toEqual([1, expect.stringContaining("withdrawn")]);
  expect(at(home, "feed", "list").stdout).toContain("1 withdrawn");
  expect(ask("HEAD~3").status).toBe(0);
  expect(ask("HEAD~2").stdout).toMatch(/\n  fail .*\(the feed has withdrawn it\)/);
  expect(ask("HEAD~2", "--update")).toMatchObject({
    status: 3,
    stdout: expect.stringMatching(/: not tested\n/),
  });

  const next = join(other, "git", "1.git");
  cpSync(join(feed, "git", "0.git"), next, { recursive: true });
  atFirst(["feed", "publish", other]);
  at(home, "feed", "update");
  rmSync(epoch, { recursive: true });
  atFirst(["feed", "publish", other]);
  const withheld = at(home, "feed", "update");
  expect([withheld.status, withheld.stderr + withheld.stdout]).toEqual([
    1,
    expect.stringContaining("withheld: epoch 0"),
  ]);
});

test.runIf(LONG)(
  "killed while it brings feed and index up to date, it says the same afterwards",
  () => {
    const home = following();
    const steps = join(newFolder(), "steps");
    const words = ["tested", "HEAD~3", "--test", "unit", "--update"];
    const start = (at: string, step: number): Run => {
      const kill = { NODE_OPTIONS: `--import ${KILL_AT}`, KILL_AT: String(step), STEPS: steps };
      return patchsig(words, { home: at, cwd: clone, env: { ...envOf(at), ...kill } });
    };
    const fresh = (): string => {
      const copy = newFolder();
      cpSync(join(home, "patchsig"), join(copy, "patchsig"), { recursive: true });
      return copy;
    };
    expect(start(fresh(), 0).status).toBe(0);
    const all = Number(readFileSync(steps, "utf8"));
    expect(all).toBeGreaterThan(20);
    for (let step = 2; step <= all; step++) {
      const copy = fresh();
      start(copy, step);
      const again = patchsig(words, { home: copy, cwd: clone, env: envOf(copy) });
      expect([step, again.status]).toEqual([step, 0]);
    }
  },
);
