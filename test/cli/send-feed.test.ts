/** `patchsig.sendFeed`: what has left is in the user's feed as it left, and what has not is not. */

import { spawn } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { patchsig, PROGRAM, type Run } from "../support/cli.ts";
import { commit, git, newRepository, temporaryFolder } from "../support/repo.ts";
import { type Answer, refusal, startSmtp } from "../support/smtp.ts";
import { newHome } from "./support.ts";

const LIST = "list@example.org";

/** A branch of two commits, a server, and a feed that the settings name. */
async function submitter(answer: Answer = () => null) {
  const server = await startSmtp({}, answer);
  onTestFinished(server.stop);
  const home = newHome();
  const origin = newRepository(temporaryFolder());
  commit(origin, "first", { a: "1\n" });
  const cwd = temporaryFolder();
  git(cwd, ["clone", "-q", origin, "."]);
  git(cwd, ["switch", "-q", "-c", "topic", "origin/main"]);
  commit(cwd, "a: two\n\nTwo is better.\n", { a: "2\n" });
  commit(cwd, "a: thrée\n\nMore is best.\n", { a: "3\n" });
  const feed = join(home, "feed");
  const settings = {
    "sendemail.smtpServer": "127.0.0.1",
    "sendemail.smtpServerPort": String(server.port),
    "patchsig.sendFeed": feed,
    "patchsig.publicLists": `other@example.org ${LIST.toUpperCase()}`,
  };
  for (const [name, value] of Object.entries(settings)) git(cwd, ["config", name, value]);
  expect(patchsig(["feed", "init", feed], { home, cwd }).status).toBe(0);
  /** The server lives in this process, so the program must not block it. */
  const send = (...args: string[]): Promise<Run> =>
    new Promise((resolve) => {
      const env = { ...process.env, XDG_DATA_HOME: home };
      const child = spawn(process.execPath, [PROGRAM, "send", ...args], { cwd, env });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
      child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
      child.on("close", (status) => resolve({ status: status ?? -1, stdout, stderr }));
      child.stdin.end();
    });
  const repository = join(feed, "git", "0.git");
  /** The mails in the feed, with the line ends of SMTP. Empty lines at the end count nowhere: an mbox adds some. */
  const published = (): string[] => {
    const has = git(repository, ["for-each-ref"]).length > 0;
    const log = has ? git(repository, ["log", "--reverse", "--format=%H"]).toString() : "";
    return log
      .split("\n")
      .filter((one) => one !== "")
      .map((one) =>
        git(repository, ["show", `${one}:m`])
          .toString()
          .replaceAll("\n", "\r\n")
          .trimEnd(),
      );
  };
  const received = (): string[] => server.mails.map(({ bytes }) => bytes.toString().trimEnd());
  return { server, cwd, feed, send, published, received };
}

const NEW = ["--no-cover", "--yes"];

test("what has left is there as it left; what a server refused is not, until it leaves", async () => {
  let refuse = true;
  const { send, published, received } = await submitter(({ bytes }) =>
    refuse && bytes.includes("[PATCH 2/2]") ? refusal(554, "no") : null,
  );
  const first = await send("--to", LIST, ...NEW);
  expect([first.status, first.stdout]).toEqual([
    3,
    expect.stringContaining("what is sent goes into the feed"),
  ]);
  expect(published()).toEqual(received().slice(0, 1));
  refuse = false;
  const { status, stderr } = await send("--continue");
  expect([status, stderr]).toEqual([0, expect.stringContaining("added 1 mail to the feed")]);
  const [one, , two] = received();
  expect(published()).toEqual([one, two]);
});

test("a feed that is gone loses nothing: --continue adds what has left", async () => {
  const away = join(temporaryFolder(), "away");
  let feed = "";
  const its = await submitter(() => {
    if (!existsSync(away)) renameSync(feed, away);
    return null;
  });
  ({ feed } = its);
  const first = await its.send("--to", LIST, ...NEW);
  expect([first.status, first.stderr]).toEqual([3, expect.stringContaining("is no feed")]);
  renameSync(away, feed);
  const { status, stderr } = await its.send("--continue");
  expect([status, stderr]).toEqual([0, expect.stringContaining("2 of 2 mails sent")]);
  expect(its.published()).toEqual(its.received());
  expect(its.received()).toHaveLength(2);
});

test("neither previews nor mails to other places get in; a feed that is none is said at once", async () => {
  const { cwd, send, feed, published, received } = await submitter();
  const preview = await send("--to", LIST, "--reflect", ...NEW);
  expect([preview.status, preview.stdout]).toEqual([0, expect.not.stringContaining(feed)]);
  const hidden = await send("--to", "secret@example.org", ...NEW);
  expect([hidden.status, hidden.stdout]).toEqual([
    0,
    expect.stringContaining("0 of 2 mails will be in the feed"),
  ]);
  expect([received().length, published()]).toEqual([4, []]);
  git(cwd, ["config", "patchsig.sendFeed", cwd]);
  const none = await send("--resend", "v1", "--yes");
  expect([none.status, none.stderr]).toEqual([3, expect.stringContaining("is no feed")]);
  expect(received()).toHaveLength(4);
});
