/** Feeds under bad conditions: killed at any step, several writers at once, no room on the disk. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { readManifest } from "../../src/feed/manifest.ts";
import { patchsig, PROGRAM, type Run } from "../support/cli.ts";
import { LONG } from "../support/long.ts";
import { expectStatus, newFolder } from "./support.ts";

const LIST = "list@example.org";
const LISTS = {
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "patchsig.publicLists",
  GIT_CONFIG_VALUE_0: LIST,
};
const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;

function mail(id: string, text = "hello"): string {
  return `From: Alice <alice@example.org>\nDate: Wed, 25 Nov 2026 09:00:00 +0100\nSubject: ${id}\nTo: ${LIST}\nMessage-ID: <${id}@example.org>\n\n${text}\n`;
}

function mbox(...mails: readonly string[]): string {
  return mails.map((one) => `From x Thu Jan  1 00:00:00 1970\n${one}\n`).join("");
}

function feed(home: string, ...args: readonly string[]): Run {
  return patchsig(["feed", ...args], { home, env: LISTS });
}

function add(home: string, folder: string, ...mails: readonly string[]): Run {
  return patchsig(["feed", "add", folder], { home, env: LISTS, input: mbox(...mails) });
}

function newFeed(home: string, ...mails: readonly string[]): string {
  const folder = join(newFolder(), "ci");
  expectStatus(feed(home, "init", folder), 0);
  if (mails.length > 0) expectStatus(add(home, folder, ...mails), 0);
  return folder;
}

function git(repository: string, ...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: repository, encoding: "utf8" }).trim();
}

const subjects = (folder: string): string[] =>
  git(join(folder, "git", "0.git"), "log", "--reverse", "--format=%s").split("\n");

test("several writers at once: all mails are there, each once", async () => {
  const home = newFolder();
  const folder = newFeed(home);
  const writers = [1, 2, 3].map(
    (n) =>
      new Promise<string>((resolve) => {
        const env = { ...process.env, XDG_DATA_HOME: home, ...LISTS };
        const child = spawn(process.execPath, [PROGRAM, "feed", "add", folder], { env });
        let said = "";
        child.stdout.on("data", (text: Buffer) => (said += text.toString()));
        child.on("close", (status) => resolve(`${status} ${said}`));
        child.stdin.end(mbox(mail("same"), mail(`a${n}`), mail(`b${n}`)));
      }),
  );
  const said = (await Promise.all(writers)).sort();
  expect(said).toEqual([
    "0 added 2 mails; 1 were there\n",
    "0 added 2 mails; 1 were there\n",
    "0 added 3 mails\n",
  ]);
  expect(subjects(folder).sort()).toEqual(["a1", "a2", "a3", "b1", "b2", "b3", "same"]);
  expect(git(join(folder, "git", "0.git"), "fsck", "--strict")).toBe("");
});

/** What a git that failed has left. */
const left = (folder: string): string[] =>
  readdirSync(join(folder, "git", "0.git"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?:^|\/)(?:tmp_|fast_import_crash_)/.test(name),
  );

test("without room on the disk nothing is added, and what was there stays", () => {
  const home = newFolder();
  const folder = newFeed(home, mail("a"));
  const large = mail("b", randomBytes(300_000).toString("base64").replace(/.{76}/g, "$&\n"));
  // no file may be larger than 64 KiB; node's own ones are not written
  const limited = `ulimit -f 128; exec "$0" "$@"`;
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", limited, process.execPath, PROGRAM, "feed", "add", folder],
    { env: { ...process.env, XDG_DATA_HOME: home, ...LISTS }, input: large, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([3, expect.stringMatching(/^patchsig: /)]);
  expect(subjects(folder)).toEqual(["a"]);
  // half a pack would keep the disk full
  expect(left(folder)).toEqual([]);
  expectStatus(add(home, folder, large), 0);
  expect(subjects(folder)).toEqual(["a", "b"]);
  expect(git(join(folder, "git", "0.git"), "fsck", "--strict", "--no-dangling")).toBe("");
});

/** Runs a command once for each of its steps, killed there; `check` looks at what is left. */
function killedEverywhere(
  args: readonly string[],
  before: () => string,
  check: (home: string) => void,
): void {
  const steps = join(newFolder(), "steps");
  const kill = (home: string, at: number): Run =>
    patchsig(args, {
      home,
      cwd: home,
      env: {
        NODE_OPTIONS: `--import ${KILL_AT}`,
        KILL_SPAWNS: "1",
        KILL_AT: String(at),
        STEPS: steps,
      },
    });
  expectStatus(kill(before(), 0), 0);
  const all = Number(readFileSync(steps, "utf8"));
  expect(all).toBeGreaterThan(3);
  for (let at = 1; at <= all; at++) {
    const home = before();
    kill(home, at);
    check(home);
  }
}

describe.runIf(LONG)("killed at any step", () => {
  const followed = (home: string): string => join(home, "patchsig", "feeds", "ci");

  /** A home that follows a feed of two mails, copied each time; the feed has a third one since. */
  function follower(): () => string {
    const home = newFolder();
    const folder = newFeed(home, mail("a"), mail("b"));
    expectStatus(feed(home, "follow", folder), 0);
    expectStatus(add(home, folder, mail("c")), 0);
    return () => {
      const copy = newFolder();
      cpSync(home, copy, { recursive: true });
      return copy;
    };
  }

  test("update shows what was there, or what is new, and goes on", () => {
    killedEverywhere(["feed", "update", "ci"], follower(), (home) => {
      expect([
        ["a", "b"],
        ["a", "b", "c"],
      ]).toContainEqual(subjects(followed(home)));
      expectStatus(feed(home, "update", "ci"), 0);
      expect(subjects(followed(home))).toEqual(["a", "b", "c"]);
    });
  });

  test("mirror leaves a copy that can be brought up to date", () => {
    killedEverywhere(["feed", "mirror", "ci", "copy"], follower(), (home) => {
      const copy = join(home, "copy");
      const manifest = join(copy, "manifest.js.gz");
      if (existsSync(manifest))
        expect(readManifest(readFileSync(manifest), "/copy")).toHaveLength(1);
      expectStatus(feed(home, "mirror", "ci", copy), 0);
      expect(subjects(copy)).toEqual(["a", "b"]);
      expect(git(join(copy, "git", "0.git"), "fsck", "--strict", "--no-dangling")).toBe("");
      expect(readdirSync(join(copy, "git"))).toEqual(["0.git"]);
    });
  });

  test("gc that drops mails leaves all of them, or those that stay", () => {
    killedEverywhere(["feed", "gc", "ci", "--keep", "2030-01-01"], follower(), (home) => {
      const epoch = join(followed(home), "git", "0.git");
      const missing = (): number =>
        git(epoch, "rev-list", "--objects", "--missing=print", "master").match(/^\?/gm)?.length ??
        0;
      expect([0, 1]).toContain(missing());
      expectStatus(feed(home, "gc", "ci", "--keep", "2030-01-01"), 0);
      // the newest one stays
      expect(missing()).toBe(1);
      expect(subjects(followed(home))).toEqual(["a", "b"]);
      expectStatus(feed(home, "update", "ci"), 0);
      expect(git(epoch, "show", "master:m")).toContain("Subject: c");
    });
  });
});
