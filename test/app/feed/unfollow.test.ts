/** A feed that is unfollowed while something is done with it. */

import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { withFeed } from "../../../src/app/feed/add.ts";
import { followFeed } from "../../../src/app/feed/follow.ts";
import { followedFeed, followedFolder, isFollowed } from "../../../src/app/feed/followed.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import { forgetFeed } from "../../../src/app/feed/with-followed.ts";
import { type FileLock, lockFile } from "../../../src/store/flock.ts";
import { newFolder } from "../../support/folders.ts";
import { writeHistory } from "../../support/history.ts";

const reporter = { say: () => {}, sayError: () => {}, progress: null };
const silent = (): void => {};

async function follow(): Promise<string> {
  vi.stubEnv("XDG_DATA_HOME", newFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = join(newFolder(), "ci");
  const repository = join(folder, "git", "0.git");
  execFileSync("git", ["init", "-q", "--bare", repository]);
  writeHistory(repository, [Buffer.from("From: a@x\nMessage-ID: <a@x>\n\nx\n")], 1);
  await followFeed({ url: folder, headersOnly: false, keys: [] }, reporter);
  return followedFolder("ci");
}

/** What `work` is given is called when it begins to wait. */
function waiting<T>(work: (say: () => void) => Promise<T>): Promise<{ readonly end: Promise<T> }> {
  return new Promise((resolve, reject) => {
    let end: Promise<T> | null = null;
    end = work(() => resolve({ end: end! }));
    end.then(() => reject(new Error("it did not wait")), reject);
  });
}

test("what is under way comes to its end first", async () => {
  const folder = await follow();
  const { end } = await withFeed(folder, silent, async () => {
    const waits = await waiting((say) => forgetFeed("ci", say));
    expect(isFollowed("ci")).toBe(true);
    return waits;
  });
  await end;
  expect(existsSync(folder)).toBe(false);
  await expect(forgetFeed("ci", silent)).rejects.toMatchObject({ code: "not-found" });
});

test("what waited for that does nothing, and says why", async () => {
  const folder = await follow();
  const feed = followedFeed("ci");
  const { end } = await withFeed(folder, silent, async () => {
    const waits = await waiting((say) => updateFeed(feed, { ...reporter, say }));
    rmSync(folder, { recursive: true });
    return waits;
  });
  await expect(end).rejects.toMatchObject({ code: "not-found" });
  expect(existsSync(folder)).toBe(false);
});

test("what waited for that waits for whoever follows it anew", async () => {
  const folder = await follow();
  const feed = followedFeed("ci");
  let again: (said: string) => void;
  const second = new Promise<string>((resolve) => (again = resolve));
  let held: FileLock;
  const { end } = await withFeed(folder, silent, async () => {
    const waits = await waiting((say) => {
      const lines = [say, () => again("it waits again")];
      return updateFeed(feed, { ...reporter, say: () => lines.shift()!() });
    });
    rmSync(folder, { recursive: true });
    await followFeed({ url: feed.url, headersOnly: false, keys: [] }, reporter);
    // another file than the one that the update waits for
    held = await lockFile(join(folder, "inbox.lock"), silent);
    return waits;
  });
  expect(await Promise.race([second, end.then(() => "it went on")])).toBe("it waits again");
  held!.release();
  expect((await end).changed).toEqual([]);
});

test("a server's answer that comes later is of no feed", async () => {
  await follow();
  const server = createServer((_, response) => {
    void forgetFeed("asked", silent).then(() => response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const wishes = { url: `http://127.0.0.1:${port}`, query: "a", headersOnly: false, keys: [] };
  await expect(followFeed({ ...wishes, name: "asked" }, reporter)).rejects.toMatchObject({
    code: "not-found",
  });
  expect(existsSync(followedFolder("asked"))).toBe(false);
});

test.each(["", "{", "null", "{}"])(
  "a feed with a damaged state is unfollowed, too: %j",
  async (state) => {
    const folder = await follow();
    writeFileSync(join(folder, "followed.json"), state);
    expect(() => followedFeed("ci")).toThrow("is damaged");
    await forgetFeed("ci", silent);
    expect(existsSync(folder)).toBe(false);
  },
);
