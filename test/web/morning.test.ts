/** A morning as a maintainer has it: what needs a look stands on top. */

import { join } from "node:path";
import type { Hono } from "hono";
import { beforeAll, expect, test } from "vitest";
import { DeskFactReader } from "../../src/app/desk/facts.ts";
import { latestWorks } from "../../src/app/desk/works.ts";
import { Desk } from "../../src/web/desk.ts";
import { morningPage } from "../../src/web/pages/morning.ts";
import { createApp } from "../../src/web/server.ts";
import { newShelf, writeMbox } from "../app/search/index.ts";
import { PUBLIC, result, TIME } from "../app/search/results.ts";
import { mail } from "../app/series/thread.ts";
import { newFolder } from "../support/folders.ts";
import { signMails } from "../support/signing.ts";
import { deskOf } from "./desk.ts";

const BASE = "8f4a1d2c3b5e6f708192a3b4c5d6e7f8091a2b3c";
const ALICE = "Alice Martin <alice@example.org>";
const BOB = "Bob Okafor <bob@example.com>";
const CAROL = "Carol Lindqvist <carol@example.net>";

/** Two patches and their letter, on a day of November. */
function series(
  id: string,
  day: number,
  from: string,
  label: string,
  titles: readonly string[],
): Buffer[] {
  const total = titles.length - 1;
  return titles.map((title, i) => {
    const subject = total === 0 ? `[${label}] ${title}` : `[${label} ${i}/${total}] ${title}`;
    const bytes = mail(`${id}${i}`, subject, { from, ...(i === 0 ? {} : { re: `${id}0` }) });
    return at(day, bytes);
  });
}

function at(day: number, bytes: Buffer): Buffer {
  const date = `Date: ${new Date(Date.UTC(2026, 10, day, 6)).toUTCString()}`;
  return Buffer.from(bytes.toString("latin1").replace(/^Date: .*$/m, date), "latin1");
}

const MAILS = [
  ...signMails(
    series("mana", 22, ALICE, "PATCH net-next v3", [
      "net: mana: adaptive interrupt moderation",
      "net: mana: move the RX queue into its own file",
      "net: mana: adapt the moderation to the load",
    ]),
    { base: BASE },
  ),
  ...signMails(series("phy", 21, BOB, "PATCH net", ["net: phy: a link that is down stays down"]), {
    by: "bob@example.com",
    seed: 2,
    base: BASE,
  }),
  ...signMails(series("old", 10, CAROL, "PATCH", ["i2c: rcar: time out sooner"]), {
    by: "carol@example.net",
    seed: 3,
    base: BASE,
  }),
  ...signMails(series("new", 23, CAROL, "PATCH v2", ["i2c: rcar: time out sooner"]), {
    by: "carol@example.net",
    seed: 4,
    base: BASE,
  }),
  ...series("dt", 23, "Devi Rao <devi@example.com>", "PATCH", [
    "dt-bindings: i2c: add the acme,i2c-7",
  ]),
  ...series("doc", 20, "Erik Sund <erik@example.se>", "PATCH v2", [
    "docs: networking: say what a queue is",
  ]),
  ...series("rfc", 19, "Fatima Zahra <fz@example.edu>", "RFC PATCH", [
    "tls: read the records ahead",
    "tls: keep two records at a time",
    "selftests: tls: read ahead",
  ]),
  ...series("half", 22, "Gao Wei <gw@example.cn>", "PATCH", [
    "wifi: acme: scan twice",
    "wifi: acme: one",
    "wifi: acme: two",
  ]).slice(0, 2),
  at(
    23,
    mail("reply", "Re: [RFC PATCH 1/2] tls: keep two records at a time", {
      re: "rfc0 rfc1",
      from: ALICE,
    }),
  ),
];

let app: Hono;
const HOST = "localhost:8025";

beforeAll(async () => {
  const shelf = newShelf(newFolder());
  const { index, trust } = shelf;
  const mbox = writeMbox(join(shelf.folder, "mbox"), MAILS);
  await shelf.update([mbox]);
  const keys = [...trust.list()];
  for (const key of keys)
    if (/alice|bob/.test(key.identity)) trust.accept(key.identity, key.publicKey, TIME);
  trust.results.accept("ci@example.org", PUBLIC, TIME);
  const patches = (id: string): string =>
    latestWorks(index, [], 100).find(({ newest }) => newest.messageIds.includes(`<${id}@x>`))!
      .newest.summary.patches;
  const said = (id: string, test: string, changes: object = {}): Buffer =>
    result({ patches: patches(id), test, base: BASE, ...changes });
  const results = [
    said("mana0", "build.allmodconfig"),
    said("mana0", "build.allmodconfig", { env: ["arch=arm64"] }),
    said("mana0", "kselftest.net"),
    said("phy0", "build.allmodconfig"),
    said("phy0", "kselftest.net", { result: "fail", log: "https://ci.example.org/1234" }),
    said("phy0", "kselftest.net", { env: ["arch=arm64"], result: "skip" }),
  ];
  await shelf.update([writeMbox(join(shelf.folder, "results"), results), mbox]);
  const mark = (id: string, state: "waiting" | "applied", day: number): void =>
    trust.putSeriesMark({
      messageId: `<${id}@x>`,
      state,
      note: "",
      at: Date.UTC(2026, 10, day) / 1000,
      until: 0,
    });
  mark("rfc0", "waiting", 21);
  mark("doc0", "applied", 21);
  const reader = new DeskFactReader(index, null, ["s:bindings"]);
  const desk = new Desk({ ...deskOf(shelf).options, facts: (works) => reader.read(works) });
  app = createApp(desk, { hosts: new Set([HOST]), write: false });
});

test("what needs a look stands on top", async () => {
  const answer = await app.request(`http://${HOST}/`, { headers: { host: HOST } });
  const text = await answer.text();
  const found = [...text.matchAll(/<h2[^>]*>([^<]*?) <small>(\d+)|\/series\/([a-z]+)\d/g)].map(
    ([, title, n, id]) => id ?? `${title} ${n}`,
  );
  expect([...new Set(found)]).toEqual([
    "look into these first 1",
    "new",
    "ready to apply 1",
    "mana",
    "something new since you looked 1",
    "rfc",
    "new in your paths 1",
    "dt",
    "tests fail 1",
    "phy",
    "waiting for their authors 1",
    "half",
    "done 1",
    "doc",
  ]);
  // which alarm it is, in words
  expect(text).toContain(">signed by another key than the one that is known</small>");
  expect(text).not.toContain("key-changed");
});

test("a section that is long ends", async () => {
  const shelf = newShelf(newFolder());
  await shelf.update([
    writeMbox(join(shelf.folder, "mbox"), series("x", 23, BOB, "PATCH", ["one"])),
  ]);
  const [work] = latestWorks(shelf.index, [], 1);
  const works = Array.from({ length: 60 }, (_, i) => ({ ...work!, work: i }));
  const facts = {
    applied: new Set<number>(),
    inBranch: new Map(),
    mine: new Set<number>(),
    tests: new Map(),
    now: TIME,
    still: false,
  };
  const counts = shelf.index.counts();
  const { text } = morningPage({ works, facts, feeds: [], counts, reading: null, unread: 0 });
  expect(text.match(/href="\/series\/x0/g)).toHaveLength(50);
  expect(text).toContain(`and 10 more among <a href="/series">`);
});
