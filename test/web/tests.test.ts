/** Test results on the pages: which of them put a series among those whose tests fail, and what its page says. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { DeskFactReader } from "../../src/app/desk/facts.ts";
import { Details } from "../../src/app/desk/details.ts";
import { latestWorks } from "../../src/app/desk/works.ts";
import { openRepository } from "../../src/git/repository.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import type { TestResult } from "../../src/result/text.ts";
import { Desk } from "../../src/web/desk.ts";
import { createApp } from "../../src/web/server.ts";
import { writeMbox } from "../app/search/index.ts";
import { OTHER, PUBLIC, result, TIME } from "../app/search/results.ts";
import { signed, two } from "../app/series/thread.ts";
import { newHome, newSubmission, signedPatches } from "../cli/support.ts";
import { git } from "../support/repo.ts";
import { deskOf, pagesOf, storesOf } from "./desk.ts";

const HOST = "localhost:8025";
const MAILS = signed(two("a", "PATCH"));
const EVE = { by: "eve@example.net" } as const;

/** Pages of a series and of results about its patches. @param accepted also Eve's key */
async function pages(
  results: readonly ((patches: string) => Buffer)[],
  accepted: boolean,
): Promise<(path: string) => Promise<string>> {
  const { shelf } = await pagesOf(MAILS, new Set());
  const { index, trust } = shelf;
  trust.results.accept("ci@example.org", PUBLIC, TIME);
  if (accepted) trust.results.accept(EVE.by, formatPublicKeyText(OTHER.signer.publicKey), TIME);
  const [work] = latestWorks(index, [], 1);
  const { patches } = work!.newest.summary;
  expect(patches).toMatch(/^[0-9a-f]{64}$/);
  const mails = results.map((make) => make(patches));
  await shelf.update([writeMbox(join(shelf.folder, "results"), mails)]);
  const app = createApp(deskOf(shelf), { hosts: new Set([HOST]), write: false });
  return async (path) =>
    (await app.request(`http://${HOST}${path}`, { headers: { host: HOST } })).text();
}

const by =
  (changes: Partial<TestResult>, key?: typeof OTHER) =>
  (patches: string): Buffer =>
    result({ patches, ...changes }, key);

const FAIL = { result: "fail" } as const;
const NEWER = { tree: "2".repeat(40), time: TIME + 60 } as const;

test.each<[string, Parameters<typeof pages>[0], string | null, boolean]>([
  ["a pass", [by({})], "1 pass", false],
  ["a fail", [by(FAIL), by({ test: "build" })], "1 FAIL 1 pass", true],
  ["a fail, and a later attempt that passed", [by(FAIL), by({ run: 2 })], "1 pass", false],
  ["a fail, and a pass on a newer tree", [by({ ...FAIL, run: 3 }), by(NEWER)], "1 pass", false],
  [
    "a pass, and a fail on a newer tree",
    [by({ run: 3 }), by({ ...FAIL, ...NEWER })],
    "1 FAIL",
    true,
  ],
  ["a fail elsewhere", [by(FAIL), by({ env: ["arch=arm64"] })], "1 FAIL 1 pass", true],
  ["no verdict", [by({ result: "skip" })], "1 no verdict", false],
  ["what nobody accepted", [by({ ...FAIL, ...EVE }, OTHER)], null, false],
  ["an accepted key under another name", [by({ ...FAIL, ...EVE })], null, false],
])("%s", async (_, results, shown, fails) => {
  const get = await pages(results, false);
  for (const path of ["/", "/series"]) {
    const [, cells] = /<tbody>(.*?)<\/tbody>/s.exec(await get(path))!;
    const text = cells!.replaceAll(/<[^>]*>/g, "").replaceAll(/\s+/g, " ");
    if (shown === null) expect(text).not.toMatch(/\d (?:FAIL|pass)/);
    else expect(text).toContain(shown);
  }
  expect((await get("/")).includes("<h2>tests fail ")).toBe(fails);
});

test("what two accepted keys say differently is disputed, and nobody is outvoted", async () => {
  const evidence = [by({}), by({ test: "build" }), by({ ...FAIL, ...EVE }, OTHER)];
  const get = await pages(evidence, true);
  expect(await get("/")).toMatch(/tests fail[^]*1 disputed[^]*1 pass/);
  const page = await get("/series/a0%40x");
  expect(page).toMatch(/<span class="mark fail">DISPUTED<\/span> <small><a href="\/people\/ci%40/);
  expect(page).toMatch(/<th scope="row">build<\/th>/);
  expect(page).toMatch(/<th scope="col">arch=x86_64 cc=gcc<\/th>/);
});

test("a page tells claims apart, and where to read the log", async () => {
  const log = "https://ci.example.org/log?a=1&b=2";
  const evidence = [by({ ...FAIL, log }), by({ ...EVE, test: "build" }, OTHER)];
  const get = await pages(evidence, false);
  const page = await get("/series/a0%40x");
  expect(page).toContain(`rel="noreferrer noopener" href="https://ci.example.org/log?a=1&amp;b=2"`);
  expect(page).not.toContain(`<th scope="row">build</th>`);
});

test("lists take few statements, however many results there are", async () => {
  const { shelf } = await pagesOf(MAILS, new Set());
  const { index, trust } = shelf;
  trust.results.accept("ci@example.org", PUBLIC, TIME);
  const [work] = latestWorks(index, [], 1);
  const { patches } = work!.newest.summary;
  const many = Array.from({ length: 30 }, (_, i) => result({ patches, test: `net.${i}` }));
  await shelf.update([writeMbox(join(shelf.folder, "results"), many)]);
  const reader = new DeskFactReader(index, null, ["s:one", "s:other OR f:bob"]);
  const desk = new Desk({ ...deskOf(shelf).options, facts: (works) => reader.read(works) });
  const app = createApp(desk, { hosts: new Set([HOST]), write: false });
  const get = async (path: string): Promise<Response> =>
    app.request(`http://${HOST}${path}`, { headers: { host: HOST } });
  // what the user's own queries find is remembered until there is something new
  await get("/");
  const statement = Object.getPrototypeOf(index.db.prepare("select 1"));
  const api = "/api/1.3";
  for (const path of [
    "/",
    "/series",
    "/series?after=2000000000-1",
    "/series.atom",
    "/search?q=s%3Aone",
    "/people",
    "/tests",
    "/list",
    `${api}/series`,
    `${api}/patches?q=one&submitter=alice@example.org`,
    `${api}/patches?state=new&archived=false`,
    `${api}/events`,
    `${api}/people`,
  ]) {
    let statements = 0;
    const spies = ["all", "get", "run", "iterate"].map((name) => {
      const real = statement[name];
      return vi.spyOn(statement, name).mockImplementation(function (this: unknown, ...args) {
        statements++;
        return real.apply(this, args);
      });
    });
    expect([path, (await get(path)).status]).toEqual([path, 200]);
    for (const spy of spies) spy.mockRestore();
    expect([path, statements > 0, statements <= 10]).toEqual([path, true, true]);
  }
});

test("a result of a branch counts for the series that makes its tree", async () => {
  const { base, work } = newSubmission();
  const files = signedPatches(work, newHome(9));
  const tree = git(work, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  const said = [
    result({ tree, test: "boot", result: "fail" }),
    result({ tree, test: "boot", ...EVE }, OTHER),
  ];
  const { shelf } = await pagesOf([...files.map((file) => readFileSync(file)), ...said], new Set());
  shelf.trust.results.accept("ci@example.org", PUBLIC, TIME);
  const stores = { ...storesOf(shelf), repository: await openRepository(base) };
  const desk = new Desk({ ...deskOf(shelf).options, details: new Details(stores, false) });
  const app = createApp(desk, { hosts: new Set([HOST]), write: false });
  const [work1] = latestWorks(shelf.index, [], 1);
  const id = encodeURIComponent(work1!.newest.messageIds[0]!.replaceAll(/[<>]/g, ""));
  const path = `http://${HOST}/series/${id}`;
  const page = await (await app.request(path, { headers: { host: HOST } })).text();
  expect(page).toContain(`on its own tree <code>${tree.slice(0, 12)}</code>`);
  expect(page).toMatch(/<th scope="row">boot<\/th>[^]*<span class="mark fail">FAIL<\/span>/);
  expect(page).toContain("claims: 1 pass, by keys that were not accepted for results");
  const all = await app.request(`http://${HOST}/tests`, { headers: { host: HOST } });
  expect(await all.text()).toMatch(/fail<\/a>\s*<small>counts<\/small>[^]*>boot<\/a>/);
});
