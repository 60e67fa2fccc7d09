/** A feed as it is written: what public-inbox and git make of it, and what never gets in. */

import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { readManifest } from "../../src/feed/manifest.ts";
import { patchsig, type Run } from "../support/cli.ts";
import { HAS_INBOX } from "../support/inbox.ts";
import { LONG } from "../support/long.ts";
import { newFolder } from "./support.ts";

const LIST = "list@example.org";

let home: string;
let env: Record<string, string>;

beforeAll(() => {
  home = newFolder();
  const file = join(home, "gitconfig");
  writeFileSync(file, `[patchsig]\n\tpublicLists = ${LIST}\n`);
  env = { GIT_CONFIG_GLOBAL: file };
});

function run(args: readonly string[], input: Buffer | string = ""): Run {
  return patchsig(["feed", ...args], { home, env, input });
}

function ok(args: readonly string[], input: Buffer | string = ""): string {
  const { status, stdout, stderr } = run(args, input);
  expect([status, stderr]).toEqual([0, stderr]);
  return stdout;
}

function mail(id: string, { to = LIST, more = "", text = "hello" } = {}): string {
  return `From: Alice <alice@example.org>\nDate: Wed, 25 Nov 2026 09:00:00 +0100\nSubject: ${id}\nTo: ${to}\nMessage-ID: <${id}@example.org>\n${more}\n${text}\n`;
}

function mbox(mails: readonly string[]): string {
  return mails.map((one) => `From x Thu Jan  1 00:00:00 1970\n${one}\n`).join("");
}

function newFeed(...mails: readonly string[]): string {
  const feed = join(newFolder(), "feed");
  ok(["init", feed, "--name", "ci", "--url", "https://example.org/ci", "--kinds", "results"]);
  if (mails.length > 0) ok(["add", feed], mbox(mails));
  return feed;
}

function git(feed: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: join(feed, "git", "0.git"), encoding: "utf8" }).trim();
}

const subjects = (feed: string): string[] =>
  git(feed, "log", "--reverse", "--format=%s").split("\n");

describe("a feed", () => {
  test.each(["https://[", "https://", "relative", "https://alice:secret@example.org/x"])(
    "does not say that it is at %s",
    (url) => {
      const feed = join(newFolder(), "feed");
      expect(run(["init", feed, "--name", "ci", "--url", url])).toMatchObject({ status: 2 });
      expect(existsSync(feed)).toBe(false);
    },
  );

  test("has each mail once; another with the same Message-ID is an error, and nothing is added", () => {
    const feed = newFeed(mail("a"), mail("b"));
    expect(ok(["add", feed], mbox([mail("b"), mail("c"), mail("c")]))).toBe(
      "added 1 mail; 2 were there\n",
    );
    const again = run(["add", feed], mbox([mail("d"), mail("a", { text: "other" })]));
    expect(again.status).toBe(3);
    expect(again.stderr).toContain("the feed has <a@example.org> with other content");
    expect(subjects(feed)).toEqual(["a", "b", "c"]);
    expect(git(feed, "fsck", "--strict")).toBe("");
  });

  test("takes no private mail, and then none of a run", () => {
    const feed = newFeed();
    const { status, stderr } = run(
      ["add", feed],
      mbox([mail("a"), mail("b", { to: `"${LIST}" <bob@example.org>` })]),
    );
    expect([status, stderr.includes("is not added: it went to none of the public lists")]).toEqual([
      3,
      true,
    ]);
    expect(git(feed, "for-each-ref")).toBe("");
  });

  test("is published for web servers, and pushed without force", () => {
    const feed = newFeed(mail("a"));
    const forge = newFolder();
    execFileSync("git", ["init", "-q", "--bare", "ci.0"], { cwd: forge });
    ok(["publish", feed, "--push", join(forge, "ci")]);
    const listed = readManifest(readFileSync(join(feed, "manifest.js.gz")), "/feeds/ci")!;
    const shown = execFileSync("sh", ["-c", "git show-ref | sha1sum"], {
      cwd: join(feed, "git", "0.git"),
      encoding: "utf8",
    });
    expect(listed).toEqual([
      { epoch: 0, fingerprint: shown.slice(0, 40), modified: 1_795_593_600 },
    ]);
    expect(existsSync(join(feed, "git", "0.git", "info", "refs"))).toBe(true);
    const other = newFeed(mail("other"));
    const refused = run(["publish", other, "--push", join(forge, "ci")]);
    expect([refused.status, refused.stderr.includes("has mails that are not here")]).toEqual([
      3,
      true,
    ]);
  });

  test("neither runs nor repeats an address that holds a password", () => {
    const { status, stderr } = run(["publish", "x", "--push=https://alice:secret@example.org/x"]);
    expect([status, stderr.includes("user or password"), stderr.includes("secret")]).toEqual([
      2,
      true,
      false,
    ]);
  });
});

describe.runIf(HAS_INBOX)("public-inbox", () => {
  test("indexes it, and writes into it", () => {
    const feed = newFeed(mail("a"), mail("b"));
    const config = join(home, "pi-config");
    const pi = { ...process.env, PI_CONFIG: config, HOME: home, ORIGINAL_RECIPIENT: LIST };
    const program = (name: string, args: readonly string[], input = ""): void => {
      execFileSync(name, args, { env: pi, input, stdio: ["pipe", "ignore", "pipe"] });
    };
    program("public-inbox-init", ["-V2", "-Lbasic", "ci", feed, "https://example.org/ci", LIST]);
    appendFileSync(config, "[publicinboxmda]\n\tspamcheck = none\n");
    program("public-inbox-index", ["-Lbasic", feed]);
    const over = join(feed, "xap15", "over.sqlite3");
    const sql =
      "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from over where num>0').fetchone()[0])";
    const known = (): string =>
      execFileSync("python3", ["-c", sql, over], { encoding: "utf8" }).trim();
    expect(known()).toBe("2");
    program(
      "public-inbox-mda",
      ["--no-precheck"],
      mail("c", { more: "List-Id: <list.example.org>\n" }),
    );
    const added = ok(
      ["add", feed],
      mbox([mail("c", { more: "List-Id: <list.example.org>\n" }), mail("d")]),
    );
    // it has put the field elsewhere
    expect(added).toMatch(/^added 1 mail/);
    program("public-inbox-index", ["-Lbasic", feed]);
    expect(known()).toBe("4");
    expect(subjects(feed)).toEqual(["a", "b", "c", "d"]);
  });
});

const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;

describe("killed at any step", () => {
  test.runIf(LONG)("publish leaves what a web server can serve", () => {
    const steps = join(newFolder(), "steps");
    const kill = (feed: string, at: number): Run =>
      patchsig(["feed", "publish", feed], {
        home,
        env: {
          ...env,
          NODE_OPTIONS: `--import ${KILL_AT}`,
          KILL_SPAWNS: "1",
          KILL_AT: String(at),
          STEPS: steps,
        },
      });
    const feed = newFeed(mail("a"));
    expect(kill(feed, 0).status).toBe(0);
    const count = Number(readFileSync(steps, "utf8"));
    for (let at = 1; at <= count; at++) {
      ok(["add", feed], mail(`m${at}`));
      kill(feed, at);
      // an older one, or the new one
      expect(readManifest(readFileSync(join(feed, "manifest.js.gz")), "/")).toHaveLength(1);
      expect(git(feed, "fsck", "--strict")).toBe("");
    }
    ok(["publish", feed]);
  });

  // each step is a start of the program
  test.runIf(LONG)("add leaves all of a run, or nothing", () => {
    const steps = join(newFolder(), "steps");
    const kill = (feed: string, at: number): Run =>
      patchsig(["feed", "add", feed], {
        home,
        input: mbox([mail("b"), mail("c")]),
        env: {
          ...env,
          NODE_OPTIONS: `--import ${KILL_AT}`,
          KILL_SPAWNS: "1",
          KILL_AT: String(at),
          STEPS: steps,
        },
      });
    const whole = newFeed(mail("a"));
    expect(kill(whole, 0).status).toBe(0);
    const count = Number(readFileSync(steps, "utf8"));
    expect(count).toBeGreaterThan(10);
    for (let at = 1; at <= count; at++) {
      const feed = newFeed(mail("a"));
      kill(feed, at);
      expect([["a"], ["a", "b", "c"]]).toContainEqual(subjects(feed));
      ok(["add", feed], mbox([mail("b"), mail("c")]));
      expect(subjects(feed)).toEqual(["a", "b", "c"]);
      expect(git(feed, "fsck", "--strict", "--no-dangling")).toBe("");
      expect(readdirSync(join(feed, "git"))).toEqual(["0.git"]);
    }
  });
});
