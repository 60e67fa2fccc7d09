/** The page of a list's owner: what is signed, what a domain vouches for, and what has a base. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { openDkim } from "../../src/app/verify/dkim.ts";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { createApp } from "../../src/web/server.ts";
import { newShelf, writeMbox } from "../app/search/index.ts";
import { mail, signed } from "../app/series/thread.ts";
import { PLAIN } from "../devsig/mails.ts";
import { RECORD, signed as dkimSigned } from "../dkim/sign.ts";
import { AT } from "../dkim/support.ts";
import { newFolder } from "../support/folders.ts";
import { deskOf } from "./desk.ts";

const HOST = "localhost:8025";
const NAMED = PLAIN.replace(/^From: /m, "Message-ID: <v@x>\nFrom: ");
const VOUCHED = Buffer.from(dkimSigned(NAMED, { body: "simple" }), "latin1");
const MAILS = [...signed([mail("s", "[PATCH] signed")]), mail("u", "[PATCH] unsigned"), VOUCHED];

/** @param asked if DNS was asked for the key of the domain before */
async function pages(asked: boolean, threads: number): Promise<(path: string) => Promise<string>> {
  const folder = newFolder();
  const trust = openTrustStore({ file: join(folder, "trust.db") });
  if (asked) trust.putDkimRecords(new Map([["main._domainkey.example.org", RECORD]]), AT);
  trust.close();
  const dkim = (store: Parameters<typeof openDkim>[0]) => openDkim(store, [], null, AT);
  const keys = openTrustStore({ file: join(folder, "trust.db") });
  const shelf = newShelf(folder, { dkim: dkim(keys), threads });
  await shelf.update([writeMbox(join(folder, "mbox"), MAILS)]);
  const app = createApp(deskOf(shelf, dkim(keys)), { hosts: new Set([HOST]), write: false });
  return async (path) =>
    (await app.request(`http://${HOST}${path}`, { headers: { host: HOST } })).text();
}

function cellsOf(page: string): string[] {
  return [...page.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) =>
    cell!
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
}

test("counts what a domain vouches for, where its keys are remembered", async () => {
  const get = await pages(true, 0);
  const page = await get("/list");
  expect(cellsOf(page).slice(0, 5)).toEqual([
    "month",
    "patches",
    "signed",
    "vouched for",
    "series",
  ]);
  const sums = [0, 0, 0];
  for (const [, ...counts] of page.matchAll(
    /<title>\S+: (\d+) patches, (\d+) signed, (\d+) vouched for<\/title>/g,
  ))
    for (const [i, n] of counts.entries()) sums[i]! += Number(n);
  expect(sums).toEqual([3, 1, 1]);
  expect(await get("/patch/v%40x")).toContain("<p>vouched</p>");
  expect(await get("/search?q=trust%3Avouched")).toContain("/patch/v%40x");
});

test("has no column for what is not looked at", async () => {
  const get = await pages(false, 0);
  const page = await get("/list");
  expect(page).not.toContain('<th scope="col">vouched for</th>');
  expect(await get("/patch/v%40x")).toContain("<p>not signed</p>");
});
