/** What pages of one series show, and how often its mails are read for it. */

import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Details } from "../../../src/app/desk/details.ts";
import { newFolder } from "../../support/folders.ts";
import { storesOf } from "../../web/desk.ts";
import { newShelf, type Shelf, writeMbox } from "../search/index.ts";
import { mail, signed, two } from "../series/thread.ts";

/** More lines than fit on a page. */
const LONG = "x\n".repeat(30_000);
const V1 = signed(two("v", "PATCH"));
const V2 = signed(two("w", "PATCH v2", { re: "v0", to: "2" }));
const LONG_V1 = mail("long", "[PATCH] long");
const LONG_V2 = mail("longer", "[PATCH v2] long", { re: "long", text: LONG });

let shelf: Shelf;
beforeAll(async () => {
  shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), [...V1, ...V2, LONG_V1, LONG_V2])]);
});

/** Details, and how often mails were read for them. */
function counted(keepsLast: boolean): { details: Details; readings: () => number } {
  const stores = storesOf(shelf);
  let readings = 0;
  const mailsAt: typeof stores.mailsAt = (mails) => {
    readings++;
    return stores.mailsAt(mails);
  };
  return { details: new Details({ ...stores, mailsAt }, keepsLast), readings: () => readings };
}

test("an export reads the mails of a series once for all its pages, and keeps only the last one's", async () => {
  const { details, readings } = counted(true);
  expect((await details.work("<w0@x>"))?.versions.length).toBe(2);
  const both = [await details.diff("<w0@x>", "<v0@x>"), await details.diff("<v0@x>", "<w1@x>")];
  expect(both.map((one) => [one?.diff.old.name, one?.diff.new.name])).toEqual([
    ["v1", "v2"],
    ["v2", "v1"],
  ]);
  expect(readings()).toBe(1);
  expect((await details.work("<long@x>"))?.versions.length).toBe(2);
  expect(readings()).toBe(2);
  await details.work("<v0@x>");
  expect(readings()).toBe(3);
});

test("a server reads them for each page: they and the keys may have changed", async () => {
  const { details, readings } = counted(false);
  await details.work("<w0@x>");
  await details.diff("<w0@x>", "<v0@x>");
  expect(readings()).toBe(2);
});

test("what changed between versions is cut to fit on a page", async () => {
  const { details } = counted(false);
  const [short, long] = [
    await details.diff("<w0@x>", "<v0@x>"),
    await details.diff("<longer@x>", "<long@x>"),
  ];
  expect(short).toMatchObject({ cut: false, diff: { patches: [{}, {}] } });
  expect(long?.cut).toBe(true);
  const lines = long?.diff.patches.flatMap(({ text }) => text.split("\n")) ?? [];
  expect(lines.length).toBeGreaterThan(9_000);
  expect(lines.length).toBeLessThan(10_010);
});
