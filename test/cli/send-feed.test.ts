/** `patchsig.sendFeed`: what has left is in the user's feed as it left, and what has not is not. */

import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { patchsig } from "../support/cli.ts";
import { git, temporaryFolder } from "../support/repo.ts";
import { type Answer, refusal } from "../support/smtp.ts";
import { submitter } from "../support/submitter.ts";

const LIST = "list@example.org";

/** With a feed that the settings name, and a title that is not ASCII. */
async function withFeed(answer?: Answer) {
  const { server, home, cwd, send } = await submitter(answer);
  git(cwd, ["commit", "-q", "--amend", "-m", "a: thrée\n\nMore is best."]);
  const feed = join(home, "feed");
  git(cwd, ["config", "patchsig.sendFeed", feed]);
  git(cwd, ["config", "patchsig.publicLists", `other@example.org ${LIST.toUpperCase()}`]);
  expect(patchsig(["feed", "init", feed], { home, cwd }).status).toBe(0);
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
  const { send, published, received } = await withFeed(({ bytes }) =>
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
  const its = await withFeed(() => {
    if (!existsSync(away)) renameSync(feed, away);
    return null;
  });
  ({ feed } = its);
  const first = await its.send("--to", LIST, ...NEW);
  expect([first.status, first.stderr]).toEqual([3, expect.stringContaining("is not a feed")]);
  renameSync(away, feed);
  const { status, stderr } = await its.send("--continue");
  expect([status, stderr]).toEqual([0, expect.stringContaining("2 of 2 mails sent")]);
  expect(its.published()).toEqual(its.received());
  expect(its.received()).toHaveLength(2);
});

test("neither previews nor mails to other places get in; a feed that is none is said at once", async () => {
  const { cwd, send, feed, published, received } = await withFeed();
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
  expect([none.status, none.stderr]).toEqual([3, expect.stringContaining("is not a feed")]);
  expect(received()).toHaveLength(4);
});
