/** Feeds that are followed, and letters of a bot: what the pages say of them. And a first start, before all is read. */

import { beforeAll, expect, test } from "vitest";
import type { FeedState } from "../../src/app/desk/feeds.ts";
import { Desk, type DeskOptions } from "../../src/web/desk.ts";
import { createApp } from "../../src/web/server.ts";
import type { Shelf } from "../app/search/index.ts";
import { two } from "../app/series/thread.ts";
import { deskOf, pagesOf } from "./desk.ts";

const HOST = "localhost:8025";
const EVIL = `<img src=x onerror=alert(1)>"'\u202e`;

const FEED: FeedState = {
  name: "netdev-ci",
  url: "https://ci.example.org/feed",
  query: null,
  updated: 1_795_530_000,
  described: 0,
  owner: null,
  withdrawn: [],
  size: 12_345_678,
  max: 5_000_000_000,
  epochs: 2,
  asleep: false,
};
const REWRITTEN: FeedState = {
  ...FEED,
  name: "other",
  url: EVIL,
  query: EVIL,
  withdrawn: [
    {
      messageId: "<gone@x>",
      subject: EVIL,
      blob: "1".repeat(40),
      epoch: 0,
      commit: "2".repeat(40),
      record: true,
      at: 1_795_530_000,
    },
  ],
};

let shelf: Shelf;
beforeAll(async () => {
  ({ shelf } = await pagesOf(two("a", "PATCH"), new Set()));
});

async function page(path: string, changes: Partial<DeskOptions>): Promise<string> {
  const desk = new Desk({ ...deskOf(shelf).options, ...changes });
  const app = createApp(desk, { hosts: new Set([HOST]), write: false });
  const answer = await app.request(`http://${HOST}${path}`, { headers: { host: HOST } });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text).not.toMatch(/<img|\u202e/);
  return text;
}

test("a feed that is well does not stand on the morning page", async () => {
  const feeds = (): FeedState[] => [FEED];
  expect(await page("/", { feeds })).not.toContain("netdev-ci");
  const text = await page("/feeds", { feeds });
  expect(text).toMatch(/netdev-ci[^]*2026-11-24T14:20:00Z[^]*ok[^]*12\.3 MB of 5000\.0 MB/);
  expect(text).not.toContain("withdrawn");
});

test("a feed that was rewritten is looked into before all else", async () => {
  const feeds = (): FeedState[] => [FEED, REWRITTEN];
  const morning = await page("/", { feeds });
  expect(morning).toMatch(/look into these feeds first[^]*other<\/a>: its history was rewritten/);
  expect(morning.indexOf("these feeds")).toBeLessThan(morning.indexOf("<h2>new"));
  const text = await page("/feeds", { feeds });
  expect(text).toMatch(/withdrawn from other[^]*&lt;img[^]*&lt;gone@x&gt;/);
});

test("nothing is followed", async () => {
  expect(await page("/feeds", {})).toContain("git patchsig feed follow");
});

test("what the letters of a bot led to", async () => {
  const letters = { letters: 12, authors: 9, signed: 4, based: 5, named: 1, stopped: 2, paused: 0 };
  const text = await page("/list", { letters: () => ({ ...letters, undeliverable: 3 }) });
  expect(text).toMatch(/12<\/td><th scope="row">letters left, to 9 authors/);
  expect(text).toMatch(/4<\/td><th scope="row">signed in one of the next two series/);
  expect(await page("/list", {})).not.toContain("letters");
});

test("pages are there while mails are read", async () => {
  const state = (): { reading: { mails: number }; unread: number } => ({
    reading: { mails: 1_000 },
    unread: 2,
  });
  const text = await page("/", { state });
  expect(text).toMatch(/reading: 1,?000 mails so far[^]*2 could not be read/);
  expect(text).toContain('href="/series/a0%40x"');
});
