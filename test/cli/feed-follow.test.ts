/** Feeds as they are followed, from servers of all kinds, also ones that cannot be trusted. */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patchsig, type Run } from "../support/cli.ts";
import { HAS_INBOX, newInbox } from "../support/inbox.ts";
import { type FeedServer, serveFolder, servePython, serveQueries } from "../support/feed-server.ts";
import { LONG, some } from "../support/long.ts";
import { newFolder, newHome, publicKey } from "./support.ts";

let home: string;
const servers: FeedServer[] = [];
/** What the servers of all tests serve, a folder for each test: with all that a server can do, and as files. */
let www: string;
const urls = { filter: "", dumb: "" };

beforeAll(async () => {
  home = newFolder();
  www = newFolder();
  [urls.filter, urls.dumb] = await Promise.all([
    serve(serveFolder(www, "filter")),
    serve(servePython(www)),
  ]);
});

let served = 0;

/** A folder below it, and its name in an address. */
function below(): { at: string; path: string } {
  const path = `/${served++}`;
  mkdirSync(join(www, path));
  return { at: join(www, path), path };
}

afterAll(() => servers.forEach(({ stop }) => stop()));

function run(args: readonly string[], at = home): Run {
  return patchsig(args, { home: at, env: { XDG_CACHE_HOME: join(at, "cache") } });
}

/** @param talks it says more than its result */
function ok(args: readonly string[], at = home, talks = false): string {
  const { status, stdout, stderr } = run(args, at);
  expect([status, stderr]).toEqual([0, talks ? stderr : ""]);
  return stdout;
}

interface Mail {
  readonly id: string;
  readonly at: string;
  readonly text?: string;
}

/** Seconds since the epoch of a day, as git takes it. */
const AT = (day: string): string => String(Date.parse(`${day}T12:00:00Z`) / 1000);

function mailOf(id: string, at: string, text = "hello"): Buffer {
  const date = new Date(Number(AT(at)) * 1000).toUTCString();
  return Buffer.from(
    `From: Alice <alice@example.org>\nDate: ${date}\nSubject: ${id}\nMessage-ID: <${id}@example.org>\n\n${text}\n`,
  );
}

/** An epoch as it comes from elsewhere: this file's name, and these mails. */
function writeEpoch(repository: string, mails: readonly Mail[], name = "m", mode = "100644"): void {
  execFileSync("git", ["init", "-q", "--bare", repository]);
  execFileSync("git", ["symbolic-ref", "HEAD", "refs/heads/master"], { cwd: repository });
  appendMails(repository, mails, name, mode);
}

function appendMails(
  repository: string,
  mails: readonly Mail[],
  name = "m",
  mode = "100644",
): void {
  const old = execFileSync("git", ["for-each-ref", "--format=from %(objectname)"], {
    cwd: repository,
    encoding: "utf8",
  });
  const stream = mails.map(({ id, at, text = "hello" }, i) => {
    const mail = mailOf(id, at, text).toString();
    return (
      `commit refs/heads/master\ncommitter a <a@example.org> ${AT(at)} +0000\ndata ${id.length}\n${id}\n` +
      `${i === 0 ? old : ""}deleteall\nM ${mode} inline ${name}\ndata ${mail.length}\n${mail}\n`
    );
  });
  execFileSync("git", ["fast-import", "--quiet", "--force"], {
    cwd: repository,
    input: stream.join(""),
  });
  execFileSync("git", ["update-server-info"], { cwd: repository });
}

/** Two epochs below a folder `feed`, the older one of 2020. */
function newFeed(root = newFolder()): { root: string; epochs: string[] } {
  mkdirSync(join(root, "feed", "git"), { recursive: true });
  const epochs = [0, 1].map((n) => join(root, "feed", "git", `${n}.git`));
  writeEpoch(epochs[0]!, [{ id: "a", at: "2020-01-01" }]);
  writeEpoch(epochs[1]!, [
    { id: "b", at: "2021-01-01" },
    { id: "c", at: "2026-01-01", text: "x".repeat(5000) },
  ]);
  return { root, epochs };
}

async function serve(server: Promise<FeedServer>): Promise<string> {
  const one = await server;
  servers.push(one);
  return one.url;
}

function git(at: string, name: string, epoch: number, ...args: string[]): string {
  const cwd = join(at, "patchsig", "feeds", name, "git", `${epoch}.git`);
  return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
}

const state = (name: string, at = home): Record<string, never> =>
  JSON.parse(readFileSync(join(at, "patchsig", "feeds", name, "followed.json"), "utf8"));

describe("a feed is followed", () => {
  const KINDS = [
    ["filter", { smart: true, filter: true, shallow: true, sha256: false }],
    ["dumb", { smart: false, filter: false, shallow: false, sha256: false }],
    ["smart", { smart: true, filter: false, shallow: true, sha256: false }],
  ] as const;

  test.each(LONG ? KINDS : KINDS.slice(0, 2))(
    "from a server that is %s, since a time",
    async (kind, abilities) => {
      const { at, path } = below();
      const { epochs } = newFeed(at);
      const url = kind === "smart" ? await serve(serveFolder(www, kind)) : urls[kind];
      ok(["feed", "follow", `${url}${path}/feed`, "--as", kind, "--since", "2025-01-01"]);
      expect(state(kind)).toMatchObject({ layout: "epochs", abilities });
      const count = git(home, kind, 1, "rev-list", "--count", "master");
      // files cannot be had in part
      expect(count).toBe(kind === "dumb" ? "2" : "1");
      expect(git(home, kind, 1, "show", "master:m")).toContain("x".repeat(5000));
      appendMails(epochs[1]!, [{ id: "d", at: "2026-02-01" }]);
      expect(ok(["feed", "update", kind])).toBe(`${kind}: new mails\n`);
      expect(git(home, kind, 1, "show", "master:m")).toContain("Subject: d");
      expect(ok(["feed", "update", kind])).toBe(`${kind}: nothing new\n`);
    },
  );

  test("from python's web server, a repository for each epoch", () => {
    const { at, path } = below();
    const { epochs } = newFeed(at);
    for (const [i, epoch] of epochs.entries()) renameSync(epoch, join(at, `ci.${i}`));
    ok(["feed", "follow", `${urls.dumb}${path}/ci`]);
    expect(state("ci")).toMatchObject({ layout: "dotted" });
    expect([0, 1].map((n) => git(home, "ci", n, "rev-list", "--count", "master"))).toEqual([
      "1",
      "2",
    ]);
  });

  test("without mails where only headers are wanted; readers leave out what is not here", () => {
    const { at, path } = below();
    newFeed(at);
    ok(["feed", "follow", `${urls.filter}${path}/feed`, "--as", "headers", "--headers-only"]);
    expect(git(home, "headers", 1, "log", "--format=%s")).toBe("c\nb");
    expect(git(home, "headers", 1, "rev-list", "--objects", "--missing=print", "master")).toContain(
      "?",
    );
    const { status, stderr } = run(["series", "list", "feed:headers"]);
    // there are none, but none is missing, either
    expect([status, stderr]).toEqual([1, expect.stringContaining("no mail in feed:headers")]);
  });
});

test("a user's variables, and those that git sets for its commands, are no hindrance", () => {
  const { root } = newFeed();
  const executables = execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim();
  const names = [
    "EXTERNAL_DIFF",
    "SSH",
    "SSH_COMMAND",
    "PAGER",
    "EDITOR",
    "SEQUENCE_EDITOR",
    "ASKPASS",
    "PROXY_COMMAND",
  ];
  const env = {
    ...Object.fromEntries(names.map((name) => [`GIT_${name}`, "cat"])),
    GIT_EXEC_PATH: executables,
    GIT_TEMPLATE_DIR: root,
    GIT_CONFIG_PARAMETERS: "'core.pager=cat'",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "core.sshCommand",
    GIT_CONFIG_VALUE_0: "ssh",
    GIT_CONFIG_KEY_1: "credential.helper",
    GIT_CONFIG_VALUE_1: "store",
    PAGER: "cat",
    EDITOR: "cat",
    VISUAL: "cat",
  };
  const at = newFolder();
  const { status, stderr } = patchsig(["feed", "follow", join(root, "feed")], { home: at, env });
  expect([status, stderr]).toEqual([0, ""]);
});

describe("an alarm", () => {
  test("names mails by their subjects where only headers are here", () => {
    const { at, path } = below();
    const { epochs } = newFeed(at);
    ok(["feed", "follow", `${urls.filter}${path}/feed`, "--as", "bare", "--headers-only"]);
    rmSync(epochs[1]!, { recursive: true });
    writeEpoch(epochs[1]!, [{ id: "c", at: "2026-01-01", text: "x".repeat(5000) }]);
    const { status, stdout } = run(["feed", "update", "bare"]);
    expect([status, stdout]).toEqual([1, expect.stringMatching(/withdrawn: +b\n$/)]);
  });

  test("names the mails that a rewritten history no longer has, and keeps them", () => {
    const { root, epochs } = newFeed();
    ok(["feed", "follow", join(root, "feed"), "--as", "rewritten"]);
    const old = git(home, "rewritten", 1, "rev-parse", "master");
    rmSync(epochs[1]!, { recursive: true });
    writeEpoch(epochs[1]!, [{ id: "c", at: "2026-01-01", text: "x".repeat(5000) }]);
    const { status, stdout } = run(["feed", "update", "rewritten"]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("withdrawn: <b@example.org> b")]);
    expect(stdout).not.toContain("<c@example.org>");
    expect(git(home, "rewritten", 1, "cat-file", "-p", `${old}~:m`)).toContain("Subject: b");
    expect(state("rewritten")["withdrawn"]).toMatchObject([{ messageId: "<b@example.org>" }]);
    expect(run(["feed", "update", "rewritten"]).status).toBe(0);
    expect(ok(["feed", "list"])).toContain("1 withdrawn");
  });

  test("is one for the index, too, which follows feeds and forgets what they take back", () => {
    const { root, epochs } = newFeed();
    const at = newFolder();
    ok(["feed", "follow", join(root, "feed"), "--as", "x"], at);
    expect(ok(["search", "hello OR x*"], at)).toMatch(/ c\n.* b\n/s);
    rmSync(epochs[1]!, { recursive: true });
    writeEpoch(epochs[1]!, [{ id: "c", at: "2026-01-01", text: "x".repeat(5000) }]);
    expect(run(["feed", "update", "x"], at).status).toBe(1);
    const { status, stderr } = run(["search", "m:b@example.org"], at);
    expect(stderr).toContain("feed:x: its history was rewritten, without 1 mail that it had\n");
    expect(status).toBe(1);
    expect(ok(["search", "m:c@example.org"], at)).toContain(" c\n");
  });

  test("says that an epoch is gone from a web server, and goes on with the others; a server that is away is an error", async () => {
    const { root, epochs } = newFeed();
    for (const [i, epoch] of epochs.entries()) renameSync(epoch, join(root, `ci.${i}`));
    const server = await servePython(root);
    ok(["feed", "follow", `${server.url}/ci`, "--as", "gone"]);
    appendMails(join(root, "ci.1"), [{ id: "d", at: "2026-02-01" }]);
    rmSync(join(root, "ci.0"), { recursive: true });
    const { status, stdout } = run(["feed", "update", "gone"]);
    expect([status, stdout]).toEqual([
      1,
      "gone: new mails\n  withheld: epoch 0 was there before\n",
    ]);
    server.stop();
    expect(run(["feed", "update", "gone"]).status).toBe(3);
  });

  test("of one of several feeds, each by its name, comes before an error", () => {
    const { root } = newFeed();
    const at = newFolder();
    for (const name of ["away", "mended", "zero"])
      cpSync(join(root, "feed"), join(root, name), { recursive: true });
    for (const name of ["away", "mended", "zero"])
      ok(["feed", "follow", join(root, name), "--as", name], at);
    rmSync(join(root, "away"), { recursive: true });
    rmSync(join(root, "zero"), { recursive: true });
    rmSync(join(root, "mended", "git", "0.git"), { recursive: true });
    const update = run(["feed", "update"], at);
    expect(update).toMatchObject({
      status: 1,
      stdout: "mended: nothing new\n  withheld: epoch 0 was there before\n",
      stderr: expect.stringMatching(/^patchsig: away: .*\npatchsig: zero: .*\n$/),
    });
    // a damaged one neither
    writeFileSync(join(at, "patchsig", "feeds", "zero", "followed.json"), "{");
    expect(run(["feed", "list"], at)).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^away .*\nmended .*\n$/),
      stderr: expect.stringContaining("hint: patchsig feed unfollow zero, and follow it again"),
    });
    expect(run(["feed", "update"], at)).toMatchObject({ status: 1, stdout: update.stdout });
    rmSync(join(at, "patchsig", "feeds", "zero", "followed.json"));
    // one alone needs no name
    expect(run(["feed", "update", "away"], at).stderr).not.toContain("away:");
    writeFileSync(join(at, "patchsig", "feeds", "mended", "git", "1.git", "HEAD"), "");
    const verified = run(["feed", "verify", "--all"], at);
    expect([verified.status, verified.stdout]).toEqual([3, expect.stringContaining("away: ")]);
    expect(verified.stderr).toMatch(/^patchsig: mended: /);
  });

  test("says that an epoch is gone", () => {
    const { root, epochs } = newFeed();
    ok(["feed", "follow", join(root, "feed"), "--as", "withheld"]);
    rmSync(epochs[0]!, { recursive: true });
    const { status, stdout } = run(["feed", "update", "withheld"]);
    expect([status, stdout]).toEqual([1, expect.stringContaining("withheld: epoch 0")]);
  });
});

describe("what its owner signs", () => {
  /** Long enough that git sends the difference between two mails. */
  const TEXT = "the same in all\n".repeat(50);

  /** A feed that has described itself after two mails, and the key that did. */
  function described(): { feed: string; owner: string } {
    const owner = newHome(9);
    const feed = join(newFolder(), "ci");
    ok(["feed", "init", feed, "--name", "ci", "--kinds", "results"], owner, true);
    appendMails(join(feed, "git", "0.git"), [
      { id: "a", at: "2026-01-01", text: TEXT },
      { id: "b", at: "2026-01-02", text: TEXT },
    ]);
    ok(["feed", "publish", feed, "--describe"], owner, true);
    return { feed, owner };
  }

  test("is remembered with its key, once a month, and is whole", () => {
    const { feed, owner } = described();
    ok(["feed", "publish", feed, "--describe"], owner, true);
    const at = newFolder();
    expect(ok(["feed", "follow", feed], at)).toBe("ci: new mails\n");
    expect(git(at, "ci", 0, "rev-list", "--count", "master")).toBe("3");
    expect(state("ci", at)["owner"]).toBe(publicKey(9));
    expect(ok(["feed", "verify", "ci"], at)).toBe("ci: 0 signed records\n");
  });

  test("contradicts a feed that has lost a mail, to who never saw it", () => {
    const { feed } = described();
    const cwd = join(feed, "git", "0.git");
    const mail = execFileSync("git", ["cat-file", "blob", "master:m"], { cwd });
    execFileSync("git", ["update-ref", "refs/heads/master", "master~2"], { cwd });
    execFileSync("git", ["fast-import", "--quiet"], {
      cwd,
      input: Buffer.concat([
        Buffer.from(
          "commit refs/heads/master\ncommitter a <a@x> 1795600000 +0000\ndata 9\n[feed] ci",
        ),
        Buffer.from(`\nfrom refs/heads/master^0\nM 100644 inline m\ndata ${mail.length}\n`),
        mail,
        Buffer.from("\n"),
      ]),
    });
    const at = newFolder();
    const { status, stdout } = run(["feed", "follow", feed], at);
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining("its owner signed that epoch 0 has"),
    ]);
    expect(run(["feed", "verify", "ci"], at).status).toBe(1);
  });

  test("stays when older mails are dropped, and so do alarms about those", () => {
    const { feed } = described();
    const at = newFolder();
    ok(["feed", "follow", feed], at);
    expect(ok(["feed", "gc", "--keep", "2030-01-01"], at)).toBe("ci: 2 mails dropped\n");
    const missing = (): string[] =>
      git(at, "ci", 0, "rev-list", "--objects", "--missing=print", "master").match(/^\?.*$/gm) ??
      [];
    expect(missing()).toHaveLength(2);
    expect(ok(["feed", "verify", "ci"], at)).toBe("ci: 0 signed records\n");
    expect(run(["feed", "mirror", "ci", join(at, "copy")], at).stderr).toContain(
      "some mails of ci are not here",
    );
    const epoch = join(feed, "git", "0.git");
    appendMails(epoch, [{ id: "c", at: "2026-01-03" }]);
    expect(ok(["feed", "update"], at)).toBe("ci: new mails\n");
    expect(git(at, "ci", 0, "show", "master:m")).toContain("Subject: c");
    // packs once more what is there, and nothing else
    ok(["feed", "gc"], at);
    expect(missing()).toHaveLength(2);
    // a fork before what was dropped: git would send the difference to a mail that is not here
    const first = git(at, "ci", 0, "rev-list", "--max-parents=0", "master");
    execFileSync("git", ["update-ref", "refs/heads/master", first], { cwd: epoch });
    appendMails(epoch, [{ id: "d", at: "2026-01-04", text: TEXT }]);
    const { stdout } = run(["feed", "update"], at);
    expect(stdout).toMatch(/withdrawn: record <f\..*\[feed\] ci\n/);
    expect(stdout).toMatch(/withdrawn: +b\n/);
    expect(stdout).not.toMatch(/withdrawn: .* a\n/);
  });

  test("counts only by the key that --key names", () => {
    const { feed } = described();
    const at = newFolder();
    const { status, stdout } = run(["feed", "follow", feed, "--key", publicKey(7)], at);
    expect([status, stdout]).toEqual([1, expect.stringContaining("which is not its owner's key")]);
  });
});

describe.runIf(HAS_INBOX)("a public-inbox", () => {
  // its deletions, as the index sees them, are in test/app/search/gone.test.ts, too
  test.runIf(LONG)(
    "that its own programs write is followed; what they delete is no withdrawal",
    () => {
      const inbox = newInbox(newFolder(), 2);
      const [one, two] = ["a", "b"].map((id) =>
        Buffer.from(`To: list2@example.org\n${mailOf(id, "2026-01-01").toString()}`),
      );
      inbox.deliver(one!);
      ok(["feed", "follow", inbox.folder, "--as", "pi"]);
      inbox.deliver(two!);
      inbox.remove(one!);
      expect(ok(["feed", "update", "pi"])).toBe("pi: new mails\n");
      expect(
        git(home, "pi", 0, "log", "--format=%s", "--name-only", "master").split("\n"),
      ).toContain("d");
      expect(run(["verify", "feed:pi"]).stderr).toContain("only 1 mail");
    },
  );

  test("is asked by a query, and what it sends is stored once", async () => {
    const inbox = newInbox(newFolder(), 2);
    inbox.deliverAll([
      mailOf("a", "2026-01-01"),
      mailOf("b", "2026-01-02", "From here\n>From there"),
    ]);
    const url = await serve(serveQueries(inbox.folder));
    const asked = ok([
      "feed",
      "follow",
      url,
      "--as",
      "query",
      "--query",
      "f:alice",
      "--since",
      "2025-01-01",
    ]);
    expect(asked).toBe("query: new mails\n");
    expect(git(home, "query", 0, "rev-list", "--count", "master")).toBe("2");
    expect(git(home, "query", 0, "show", "master:m")).toContain("\nFrom here\n>From there");
    expect(ok(["feed", "update", "query"])).toBe("query: nothing new\n");
  });
});

describe("a hostile feed", () => {
  const OTHERS = [
    ["another file", "evil", "100644"],
    ["a link", "m", "120000"],
    ["a program", "m", "100755"],
  ] as const;

  test.each(some(OTHERS, 3))("%s: no feed, and nothing is kept", (_, name, mode) => {
    const folder = newFolder();
    writeEpoch(join(folder, "x"), [{ id: "a", at: "2026-01-01" }], name, mode);
    const at = newFolder();
    const { status, stderr } = run(["feed", "follow", join(folder, "x")], at);
    expect([status, stderr]).toEqual([3, expect.stringContaining("not a feed")]);
    expect(existsSync(join(at, "patchsig", "feeds", "x"))).toBe(false);
  });

  test("brings neither hooks, settings nor other refs", () => {
    const { root, epochs } = newFeed();
    const cwd = epochs[1]!;
    for (const ref of ["refs/heads/-x", `refs/replace/${"0".repeat(39)}1`, "refs/tags/v1"])
      execFileSync("git", ["update-ref", ref, "master"], { cwd });
    const mark = join(root, "mark");
    execFileSync("git", ["config", "uploadpack.packObjectsHook", `touch ${mark}; exec`], { cwd });
    mkdirSync(join(cwd, "hooks"), { recursive: true });
    for (const hook of ["post-update", "reference-transaction", "post-upload-pack"])
      writeFileSync(join(cwd, "hooks", hook), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    ok(["feed", "follow", join(root, "feed"), "--as", "hostile"]);
    expect(git(home, "hostile", 1, "for-each-ref", "--format=%(refname)")).toBe(
      "refs/heads/master",
    );
    expect(existsSync(mark)).toBe(false);
  });

  test("is cut off at --max", () => {
    const { at: root, path } = below();
    const { epochs } = newFeed(root);
    const noise = randomBytes(1_500_000).toString("base64");
    appendMails(epochs[1]!, [{ id: "huge", at: "2026-03-01", text: noise }]);
    const at = newFolder();
    execFileSync("git", ["update-server-info"], { cwd: epochs[1]! });
    const { status, stderr } = run(
      ["feed", "follow", `${urls.dumb}${path}/feed`, "--max", "1M"],
      at,
    );
    expect([status, stderr]).toEqual([3, expect.stringContaining("larger than --max allows")]);
    expect(existsSync(join(at, "patchsig", "feeds", "feed"))).toBe(false);
  });

  test("leaves room for the newest mails where the server leaves out others", () => {
    const { at: root, path } = below();
    const repository = join(root, "large");
    const noise = (): string => randomBytes(300_000).toString("base64");
    const days = Array.from({ length: 4 }, (_, i) => `2026-01-0${i + 1}`);
    writeEpoch(
      repository,
      days.map((at, i) => ({ id: `m${i}`, at, text: noise() })),
    );
    const said = ok(["feed", "follow", `${urls.filter}${path}/large`, "--max", "1M"]);
    expect(said).toMatch(/\d older mails? left out/);
    expect(git(home, "large", 0, "show", "master:m")).toContain("Subject: m3");
    expect(ok(["feed", "update", "large"])).toBe("large: nothing new\n");
  });

  test("an address that holds a password is neither used, kept nor shown", () => {
    const at = newFolder();
    const { status, stderr } = run(["feed", "follow", "https://alice:secret@example.org/x"], at);
    expect([status, stderr]).toEqual([2, expect.not.stringContaining("secret")]);
    expect(existsSync(join(at, "patchsig", "feeds"))).toBe(false);
  });
});

test("an epoch that is full is followed by the next, also here", () => {
  const feed = join(newFolder(), "full");
  const lists = {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "patchsig.publicLists",
    GIT_CONFIG_VALUE_0: "l@example.org",
  };
  const add = (id: string): void => {
    const input = mailOf(id, "2026-01-01").toString().replace("\n\n", "\nTo: l@example.org\n\n");
    expect(patchsig(["feed", "add", feed], { home, input, env: lists }).status).toBe(0);
  };
  ok(["feed", "init", feed], home, true);
  add("a");
  ok(["feed", "publish", feed]);
  ok(["feed", "follow", feed, "--as", "full"]);
  const filler = join(feed, "git", "0.git", "objects", "filler");
  writeFileSync(filler, "");
  truncateSync(filler, 64 << 20);
  add("b");
  rmSync(filler);
  add("c");
  ok(["feed", "publish", feed]);
  expect(ok(["feed", "update", "full"])).toBe("full: new mails\n");
  // the newest epoch takes what comes, even if an older one has room again
  expect([0, 1].map((n) => git(home, "full", n, "log", "--format=%s"))).toEqual(["a", "c\nb"]);
  expect(run(["verify", "feed:full"]).stderr).toContain("only 3 mails");
});

test("what is followed is a source by its name, and can be forgotten", () => {
  const { root } = newFeed();
  ok(["feed", "follow", join(root, "feed"), "--as", "short"]);
  expect(run(["verify", "feed:short"]).stderr).toContain("no patch in feed:short, only 3 mails");
  ok(["feed", "unfollow", "short"]);
  const none = run(["feed", "list"], newFolder());
  expect([none.status, none.stdout, none.stderr]).toEqual([
    0,
    "",
    expect.stringContaining("no feed is followed"),
  ]);
  expect(run(["verify", "feed:short"]).stderr).toContain("no feed is followed as short");
});

describe("killed at any step", () => {
  const KILL_AT = pathToFileURL(join(import.meta.dirname, "..", "support", "kill-at.js")).href;

  test.runIf(LONG)("follow goes on with the next update", () => {
    const { at: root, path } = below();
    newFeed(root);
    const url = `${urls.filter}${path}`;
    const steps = join(newFolder(), "steps");
    const kill = (at: string, step: number): Run =>
      patchsig(["feed", "follow", `${url}/feed`, "--as", "x"], {
        home: at,
        env: {
          NODE_OPTIONS: `--import ${KILL_AT}`,
          KILL_SPAWNS: "1",
          KILL_AT: String(step),
          STEPS: steps,
        },
      });
    expect(kill(newFolder(), 0).status).toBe(0);
    const all = Number(readFileSync(steps, "utf8"));
    expect(all).toBeGreaterThan(10);
    for (let step = 1; step <= all; step++) {
      const at = newFolder();
      kill(at, step);
      const isKept = existsSync(join(at, "patchsig", "feeds", "x", "followed.json"));
      ok(isKept ? ["feed", "update", "x"] : ["feed", "follow", `${url}/feed`, "--as", "x"], at);
      expect(git(at, "x", 1, "log", "--format=%s", "master")).toBe("c\nb");
      expect(git(at, "x", 1, "rev-list", "--objects", "--missing=print", "master")).not.toContain(
        "?",
      );
      expect(git(at, "x", 1, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/master");
      expect(state("x", at)["updated"]).toBeGreaterThan(0);
    }
  });

  test.runIf(LONG)("update does not forget that history was rewritten", () => {
    const { root, epochs } = newFeed();
    const before = newFolder();
    ok(["feed", "follow", join(root, "feed"), "--as", "x"], before);
    rmSync(epochs[1]!, { recursive: true });
    writeEpoch(epochs[1]!, [{ id: "c", at: "2026-01-01", text: "other" }]);
    for (let step = 1, ended = false; !ended; step++) {
      const at = newFolder();
      cpSync(before, at, { recursive: true });
      const env = { NODE_OPTIONS: `--import ${KILL_AT}`, KILL_SPAWNS: "1", KILL_AT: String(step) };
      ended = patchsig(["feed", "update", "x"], { home: at, env }).status === 1;
      run(["feed", "update", "x"], at);
      const withdrawn = state("x", at)["withdrawn"] as unknown as { messageId: string }[];
      expect(withdrawn.map(({ messageId }) => messageId).sort()).toEqual([
        "<b@example.org>",
        "<c@example.org>",
      ]);
    }
  });
});
