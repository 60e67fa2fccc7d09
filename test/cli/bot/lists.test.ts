/** What the bot's file says of lists and their people, through the program. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { PATCHSIG, patchsig, type Run } from "../../support/cli.ts";
import { onTerminal } from "../../../scripts/terminal.ts";
import { requireTool } from "../../support/tools.ts";
import { deliverTo, plainMail, type Series, seriesMails } from "../../support/list.ts";
import { git, temporaryFolder } from "../../support/repo.ts";
import { expectError, expectStatus, publicKey } from "../support.ts";

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);

let folder: string;
let maildir: string;
beforeEach(() => {
  folder = temporaryFolder();
  maildir = join(folder, "mail");
});

function run(command: "run" | "status", ...lines: readonly string[]): Run {
  const file = join(folder, "bot");
  const all = ["mode = digest", "address = net-bot@example.org", "maintainer = m@example.org"];
  const usual = [`database = ${join(folder, "bot.db")}`, "settle = 0s", "othersSign = 0"];
  const server = ["[sendemail]", "smtpServer = 127.0.0.1", "smtpServerPort = 9"];
  writeFileSync(file, ["[bot]", ...all, ...usual, ...lines, ...server, ""].join("\n"));
  const options = command === "run" ? ["--once"] : ["--json"];
  return patchsig(["bot", command, "--config", file, ...options], { home: folder });
}

/** Series by reason, or "suggest". */
function outcomes(...lines: readonly string[]): Record<string, number> {
  expectStatus(run("run", ...lines), 0);
  return JSON.parse(run("status", ...lines).stdout).outcomes;
}

const source = (): string => `source = ${maildir}`;

/** Somebody with enough series, of which the last would get a letter. */
function author(by: string, last: Partial<Series> = {}): void {
  for (const days of [60, 40, 20, 0])
    for (const mail of seriesMails({
      by,
      title: `${days} by ${by}`,
      at: now - days * DAY - 60,
      based: days > 0,
      signed: days > 0,
      ...(days > 0 ? {} : last),
    }))
      deliverTo(maildir, mail);
}

test("--once says what it did: to cron only if there are letters", async () => {
  author("ann@example.net");
  const lines = run("run", source()).stdout.trimEnd().split("\n");
  expect(lines.at(-2)).toMatch(/^would write to ann@example.net about /);
  expect(lines.at(-1)).toMatch(/^\d+ new mails, 4 series decided, 1 letter to write$/);
  expect(run("run", source())).toMatchObject({ status: 0, stdout: "", stderr: "" });
  if (!requireTool("script")) return;
  const command = `${PATCHSIG}; patchsig bot run --once --config '${join(folder, "bot")}'`;
  const terminal = onTerminal(command, { env: { XDG_DATA_HOME: folder } });
  expect(await terminal.finished()).toBe("no new mails\n");
});

describe("the list's maintainers get no letter", () => {
  const AUTHORS = ["ann", "bob", "carol"].map((name) => `${name}@example.net`);
  beforeEach(() => AUTHORS.forEach((by) => author(by)));

  test("as named in the M: lines of a MAINTAINERS file, and nobody else in it", () => {
    const file = join(folder, "MAINTAINERS");
    writeFileSync(
      file,
      "List of maintainers\n\nNET\nM:\tAnn A. <ann@example.net>\nM:\tBOB@Example.NET\nR:\tCarol <carol@example.net>\nL:\tnet@example.org\nF:\tnet/\n",
    );
    expect(outcomes(source(), `excludeFile = ${file}`)).toMatchObject({
      maintainer: 8,
      suggest: 1,
    });
  });

  test("as named anywhere in any other file", () => {
    const file = join(folder, "people");
    writeFileSync(file, "# who knows\nAnn <ann@example.net>, carol@example.net\n");
    expect(outcomes(source(), `excludeFile = ${file}`)).toMatchObject({
      maintainer: 8,
      suggest: 1,
    });
  });

  test("as named in a keyring, patchsig's or patatt's", () => {
    const ring = join(folder, "ring");
    const put = (path: string, text: string): void => {
      mkdirSync(join(ring, path, ".."), { recursive: true });
      writeFileSync(join(ring, path), text);
    };
    put("minisign/example.net/ann/default.pub", `untrusted comment: x\n${publicKey()}\n`);
    put("ed25519/example.net/bob/k1", "x\n");
    expect(outcomes(source(), `excludeFile = ${ring}`)).toMatchObject({
      maintainer: 8,
      suggest: 1,
    });
  });

  test("a missing file is an error before anything is done", () => {
    expectError(run("run", source(), `excludeFile = ${join(folder, "none")}`), 3, /none/);
  });
});

describe("a database belongs to one list", () => {
  test("known by its address, its List-Id, or its sources", () => {
    author("ann@example.net");
    const refuses = (run: Run): void =>
      void expectError(run, 2, /bot\.db belongs to another list: list net/);
    const first = [source(), "list = net@example.org", "listId = net.example.org"];
    expectStatus(run("run", ...first), 0);
    refuses(run("run", source(), "list = mm@example.org"));
    refuses(run("run", source(), "listId = mm.example.org"));
    // the same list, of which less is said, or more
    expectStatus(run("run", source(), "list = net@example.org"), 0);
    expectStatus(run("run", ...first, "list = net@example.org"), 0);
  });

  test("without a name, known by its sources", () => {
    author("ann@example.net");
    expectStatus(run("run", source()), 0);
    const other = join(folder, "other");
    deliverTo(other, plainMail(["From: a@example.net", "Subject: x"], "x\n"));
    expectError(run("run", `source = ${other}`), 2, /belongs to another list: source /);
    expectStatus(run("run", source(), `source = ${other}`), 0);
  });
});

test.each([["patatt", "few-sign", false] as const, ["patchsig", "suggest", true] as const])(
  "others who sign with %s: %s",
  (_, reason, signed) => {
    const lines = [source(), "othersSign = 3", "suggest = sign"];
    const patatt =
      "X-Developer-Signature: v=1; a=ed25519-sha256; t=1; l=1; i=x; bh=eA==; h=from; b=eA==";
    for (const name of ["bob", "carol", "dave"])
      for (const mail of seriesMails({
        by: `${name}@example.net`,
        title: `of ${name}`,
        at: now - 3 * DAY,
        ...(signed ? { signed } : { header: [patatt] }),
      }))
        deliverTo(maildir, mail);
    // decided after them
    author("ann@example.net");
    expect(outcomes(...lines)).toMatchObject({ [reason]: 1 });
  },
);

test("a new epoch is cloned and read; a failed fetch is reported", () => {
  const upstream = join(folder, "upstream");
  const add = (epoch: number, mail: Buffer): void => {
    const repository = join(upstream, String(epoch));
    mkdirSync(repository, { recursive: true });
    git(repository, ["init", "-q", "--bare", "-b", "main"]);
    const blob = git(repository, ["hash-object", "-w", "--stdin"], mail).toString().trim();
    const tree = git(repository, ["mktree"], `100644 blob ${blob}\tm\n`).toString().trim();
    const parent = git(repository, ["for-each-ref", "--format=-p%(objectname)"]).toString().trim();
    const args = ["commit-tree", tree, "-m", "mail", ...(parent === "" ? [] : [parent])];
    git(repository, ["update-ref", "HEAD", git(repository, args).toString().trim()]);
  };
  const send = (epoch: number, days: number): void => {
    const at = now - days * DAY - 60;
    const series = { by: "ann@example.net", title: `after ${days}`, at, based: days > 0 };
    for (const mail of seriesMails({ ...series, signed: days > 0 })) add(epoch, mail);
  };
  for (const days of [60, 40, 20]) send(0, days);
  const inbox = join(folder, "inbox");
  mkdirSync(join(inbox, "git"), { recursive: true });
  git(folder, ["clone", "-q", "--mirror", join(upstream, "0"), join(inbox, "git", "0.git")]);
  const lines = [`source = ${inbox}`, "fetch = true", "suggest = base"];
  expect(outcomes(...lines)).not.toHaveProperty("suggest");
  send(1, 0);
  // without a word it is not fetched
  expect(outcomes(`source = ${inbox}`, "suggest = base")).not.toHaveProperty("suggest");
  expect(outcomes(...lines)).toMatchObject({ suggest: 1 });
  git(folder, ["--git-dir", join(inbox, "git", "1.git"), "rev-parse", "--verify", "HEAD"]);
  // from then on it is the newest
  git(inbox, ["--git-dir", "git/1.git", "remote", "set-url", "origin", join(folder, "gone")]);
  expectStatus(run("run", ...lines), 3);
});
