/** Copies of one mail from two sources, where nobody can say who sent it. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { latestWorks } from "../../../src/app/desk/works.ts";
import { newFolder } from "../../support/folders.ts";
import { mail } from "../series/thread.ts";
import { newShelf, writeMbox } from "./index.ts";

type Change = (mail: string) => string;

const NOBODY = { from: "" };

/** How many works there are of a series in one source, and of the same, changed, in another. */
async function worksOf(series: readonly Buffer[], change: Change): Promise<number> {
  const shelf = newShelf(newFolder());
  const { folder, index } = shelf;
  const copies = series.map((one) => Buffer.from(change(one.toString())));
  await shelf.update([
    writeMbox(join(folder, "one"), series),
    writeMbox(join(folder, "two"), copies),
  ]);
  return latestWorks(index, [], 9).length;
}

const ONE = [mail("a", "[PATCH] one", NOBODY)];
const TWO = [
  mail("b0", "[PATCH 0/2] both", NOBODY),
  mail("b1", "[PATCH 1/2] one", { ...NOBODY, re: "b0" }),
  mail("b2", "[PATCH 2/2] other", { ...NOBODY, re: "b0" }),
];

const SAME: Readonly<Record<string, Change>> = {
  "another list's tag": (text) => text.replaceAll("[PATCH", "[list] [PATCH"),
  "no Message-ID": (text) => text.replace(/^Message-ID: .*\n/m, ""),
  "a footer": (text) => `${text}-- \nlist\n`,
};
test.each(Object.entries(SAME))("%s: one work", async (_, change) => {
  expect(await worksOf(ONE, change)).toBe(1);
});

test("a series with another list's tag: one work", async () => {
  expect(await worksOf(TWO, SAME["another list's tag"]!)).toBe(1);
});

const TAG = SAME["another list's tag"]!;
const OTHERS: Readonly<Record<string, Change>> = {
  "another message": (text) => TAG(text).replace("Why.", "Why not."),
  "another diff": (text) => TAG(text).replaceAll("+one", "+two"),
  "another sender": (text) => TAG(text).replace(/^From: .*$/m, "From: <m@evil.example>"),
  "another version": (text) => text.replaceAll("[PATCH", "[PATCH v1.1"),
};
test.each(Object.entries(OTHERS))("%s: two works", async (_, change) => {
  expect(await worksOf(ONE, change)).toBe(2);
});

test.each([
  ["cover letter's title", (text: string) => TAG(text).replace("both", "mine")],
  ["second patch", (text: string) => TAG(text).replaceAll("+other", "+mine")],
])("a series with another %s: two works", async (_, change) => {
  expect(await worksOf(TWO, change)).toBe(2);
});
