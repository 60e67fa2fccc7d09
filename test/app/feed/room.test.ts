/** What is here of a feed, when there is no room for all of it, or more is wanted; and the index of that. */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { followFeed, type FollowWishes } from "../../../src/app/feed/follow.ts";
import { followedFeed, followedFolder } from "../../../src/app/feed/followed.ts";
import { collectFeed } from "../../../src/app/feed/keep.ts";
import { updateFeed } from "../../../src/app/feed/update.ts";
import type { FeedUpdate } from "../../../src/feed/followed.ts";
import { formatManifest } from "../../../src/feed/manifest.ts";
import { serveFolder } from "../../support/feed-server.ts";
import { newFolder } from "../../support/folders.ts";
import { writeHistory } from "../../support/history.ts";
import { newShelf, type Shelf } from "../search/index.ts";
import { result } from "../search/results.ts";

const reporter = { say: () => {}, sayError: () => {}, progress: null };

/** Of 100 kB, which cannot be packed. */
function mailOf(name: string): Buffer {
  const noise = randomBytes(75_000).toString("base64").match(/.{76}/g)!.join("\n");
  return Buffer.from(
    `From: a@x\nDate: Thu, 01 Jan 2026 00:00:00 +0000\nSubject: ${name}\nMessage-ID: <${name}@x>\n\n${noise}\n`,
  );
}

class Served {
  readonly folder = join(newFolder(), "list");
  readonly mails: Buffer[] = [];
  readonly shelf: Shelf = newShelf(newFolder());

  constructor(filter: boolean) {
    execFileSync("git", ["init", "-q", "--bare", this.folder]);
    const setting = ["config", "uploadpack.allowFilter", String(filter)];
    execFileSync("git", setting, { cwd: this.folder });
  }

  /** Appends mails: the same times give the same commits. */
  has(...mails: readonly Buffer[]): void {
    this.mails.push(...mails);
    writeHistory(this.folder, this.mails, 1_000_000);
  }

  follow(wishes: Partial<FollowWishes>): Promise<FeedUpdate> {
    const url = `file://${this.folder}`;
    return followFeed({ url, headersOnly: false, keys: [], ...wishes }, reporter);
  }

  update(): Promise<FeedUpdate> {
    return updateFeed(followedFeed("list"), reporter);
  }

  /** Subjects of the mails that are here, the oldest first. */
  here(): string[] {
    const cwd = join(followedFolder("list"), "git", "0.git");
    const commits = execFileSync("git", ["rev-list", "--reverse", "master"], { cwd }).toString();
    const input = commits.replaceAll("\n", ":m\n");
    const said = execFileSync("git", ["cat-file", "--batch"], { cwd, input, maxBuffer: 1 << 26 });
    return said.toString().match(/(?<=^Subject: ).*/gm) ?? [];
  }

  async indexed(): Promise<string[]> {
    await this.shelf.update(["feed:list"]);
    return (await this.shelf.find("d:1970..")).reverse().map((id) => id.replace(/^r\..*/, "r"));
  }
}

beforeEach(() => {
  vi.stubEnv("XDG_DATA_HOME", newFolder());
  onTestFinished(() => void vi.unstubAllEnvs());
});

const named = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`);

test.each([true, false])(
  "the oldest mails give way to new ones, but no record does; the server leaves out blobs: %s",
  async (filter) => {
    const served = new Served(filter);
    served.has(result(), ...named(1, 7).map(mailOf));
    expect(await served.follow({ max: "1M" })).toMatchObject({ dropped: 0, left: 0 });
    expect(await served.indexed()).toHaveLength(8);
    served.has(...named(8, 12).map(mailOf));
    const grown = await served.update();
    served.has(...named(13, 16).map(mailOf));
    const again = await served.update();
    expect(grown.dropped + again.dropped).toBeGreaterThan(0);
    const here = served.here();
    expect(here.slice(-3)).toEqual(named(14, 16));
    expect(here[0]).toMatch(/\[pass\]/);
    expect(here).not.toContain("m1");
    expect((await served.indexed()).sort()).toEqual(["r", ...here.slice(1)].sort());
    served.has(mailOf("m17"));
    await served.update();
    expect(served.here().at(-1)).toBe("m17");
    expect(await served.indexed()).toContain("m17");
  },
);

test("mails that come after their headers are indexed then; those that are dropped leave the index", async () => {
  const served = new Served(true);
  served.has(result(), ...named(1, 3).map(mailOf));
  await served.follow({ headersOnly: true });
  expect([served.here(), await served.indexed()]).toEqual([[], []]);
  await served.follow({});
  expect(served.here()).toHaveLength(4);
  expect((await served.indexed()).sort()).toEqual(["m1", "m2", "m3", "r"]);
  await expect(served.follow({})).rejects.toMatchObject({ code: "exists" });
  await collectFeed("list", "2020-01-01", () => {});
  // the newest one stays
  expect((await served.indexed()).sort()).toEqual(["m3", "r"]);
  await served.follow({ max: "2G" });
  expect((await served.indexed()).sort()).toEqual(["m1", "m2", "m3", "r"]);
});

/** Of the mail with this number, as `has` writes them. */
const timeOf = (n: number): string => new Date((1_000_000 + n - 1) * 1000).toISOString();

test.each([true, false])(
  "an earlier --since brings older mails; the server leaves out blobs: %s",
  async (filter) => {
    const served = new Served(filter);
    served.has(...named(1, 8).map(mailOf));
    await served.follow({ since: timeOf(7) });
    expect(served.here()).toEqual(named(7, 8));
    expect((await served.indexed()).sort()).toEqual(named(7, 8));
    served.has(mailOf("m9"));
    await served.follow({ since: timeOf(4) });
    expect(served.here()).toEqual(named(4, 9));
    expect((await served.indexed()).sort()).toEqual(named(4, 9));
    // nothing is cut off that is here
    await served.follow({ since: timeOf(4) });
    await served.follow({ since: timeOf(1) });
    expect(served.here()).toEqual(named(1, 9));
    await served.follow({ since: "1970-01-01" });
    served.has(mailOf("mx"));
    expect(await served.update()).toMatchObject({ withdrawn: [], changed: [0] });
    expect(served.here()).toEqual([...named(1, 9), "mx"]);
  },
);

test("an earlier --since that is no earlier than what is here cuts nothing off", async () => {
  const served = new Served(true);
  served.has(...named(1, 6).map(mailOf));
  await served.follow({ since: timeOf(2) });
  const state = join(followedFolder("list"), "followed.json");
  // as "3.months" is another time when months have passed
  writeFileSync(state, readFileSync(state, "utf8").replace(timeOf(2), timeOf(5)));
  await served.follow({ since: timeOf(4) });
  expect(served.here()).toEqual(named(2, 6));
});

test("a later --since says what drops mails", async () => {
  const served = new Served(true);
  served.has(...named(1, 3).map(mailOf));
  await served.follow({ since: timeOf(2) });
  await expect(served.follow({ since: timeOf(3) })).rejects.toMatchObject({
    code: "usage",
    hint: `patchsig feed gc list --keep ${timeOf(3)} drops the mails before`,
  });
  await collectFeed("list", timeOf(3), () => {});
  expect(served.here()).toEqual(["m3"]);
});

test("of a feed that is asked by a query, an earlier --since asks for all since then", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url!, "http://x").searchParams.get("q")!);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wishes = { url, name: "part", query: "dfn:a", headersOnly: false, keys: [] };
  await followFeed({ ...wishes, since: timeOf(7) }, reporter);
  await updateFeed(followedFeed("part"), reporter);
  await followFeed({ ...wishes, since: timeOf(4) }, reporter);
  expect([asked[0], asked[2]]).toEqual(["dfn:a rt:1000006..", "dfn:a rt:1000003.."]);
});

test("from files alone, an earlier --since brings older epochs, if a manifest says how old they are", async () => {
  const root = newFolder();
  const repositories = [0, 1, 2].map((n) => join(root, "feed", "git", `${n}.git`));
  for (const [n, repository] of repositories.entries()) {
    execFileSync("git", ["init", "-q", "--bare", repository]);
    writeHistory(repository, [mailOf(`m${n}`)], 1_000_000 * (n + 1));
    execFileSync("git", ["update-server-info"], { cwd: repository });
  }
  const epochs = repositories.map((_, epoch) => ({
    epoch,
    fingerprint: null,
    modified: 1_000_000 * (epoch + 1),
  }));
  writeFileSync(join(root, "feed", "manifest.js.gz"), formatManifest("feed", "/feed", epochs));
  const server = await serveFolder(root, "dumb");
  onTestFinished(server.stop);
  const here: string[] = [];
  for (const time of [2_500_000, 1_500_000]) {
    const since = new Date(time * 1000).toISOString();
    const wishes = { url: `${server.url}/feed`, since, headersOnly: false, keys: [] };
    const { feed } = await followFeed(wishes, reporter);
    here.push(Object.keys(feed.heads).join());
  }
  expect(here).toEqual(["2", "1,2"]);
});
