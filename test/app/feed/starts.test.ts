/** How often git is started for a feed: with small feeds that is what takes the time. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { followFeed } from "../../../src/app/feed/follow.ts";
import { followedFeed, followedFolder } from "../../../src/app/feed/followed.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import { newFolder } from "../../support/folders.ts";
import { startsOf } from "../../support/git-starts.ts";

test("an update starts git seven times, ten times after one that was cut, and four times if there is nothing new", async () => {
  vi.stubEnv("XDG_DATA_HOME", newFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const served = join(newFolder(), "list");
  execFileSync("git", ["init", "-q", "--bare", served]);
  const inServed = (...words: string[]): string =>
    execFileSync("git", words, { cwd: served }).toString().trim();
  inServed("config", "uploadpack.allowFilter", "true");
  inServed("symbolic-ref", "HEAD", "refs/heads/master");
  const commits = [1, 2, 3].map((time) => {
    const mail = `From: a@x\nSubject: ${time}\nMessage-ID: <${time}@x>\n\ntext\n`;
    return `commit refs/heads/all\ncommitter a <a@x> ${time} +0000\ndata 1\nx\nM 100644 inline m\ndata ${mail.length}\n${mail}\n`;
  });
  execFileSync("git", ["fast-import", "--quiet", "--date-format=raw"], {
    cwd: served,
    input: commits.join(""),
  });
  inServed("update-ref", "refs/heads/master", "all~2");
  const reporter = { say: () => {}, sayError: () => {}, progress: null };
  await followFeed({ url: `file://${served}`, headersOnly: false, keys: [] }, reporter);
  inServed("update-ref", "refs/heads/master", "all~1");
  const update = (): Promise<unknown> => updateFeed(followedFeed("list"), reporter);
  // git starts itself by its own path
  const whole = "for-each-ref fetch for-each-ref ls-tree merge-base update-ref log".split(" ");
  expect(await startsOf(update)).toEqual(whole);
  // as a fetch leaves it whose mails did not come
  inServed("update-ref", "refs/heads/master", "all");
  const here = join(followedFolder("list"), "git", "0.git");
  const apart = ["--filter=blob:none", `file://${served}`, "HEAD:refs/patchsig/incoming"];
  execFileSync("git", ["fetch", "-q", ...apart], { cwd: here });
  expect(await startsOf(update)).toEqual(
    "for-each-ref fetch for-each-ref ls-tree rev-list log fetch merge-base update-ref log".split(
      " ",
    ),
  );
  expect(await startsOf(update)).toEqual("for-each-ref fetch for-each-ref update-ref".split(" "));
});
