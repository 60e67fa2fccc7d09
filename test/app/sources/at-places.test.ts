/** Mails again, by their places: as many as a thread has, and as large as mails can be. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mailPortionsAt, mailsAt } from "../../../src/app/sources/at-places.ts";
import { newFolder } from "../../support/folders.ts";

const MEGABYTE = 1 << 20;

function mails(sizes: readonly number[]): { place: string; messageId: string }[] {
  const folder = newFolder();
  return sizes.map((size, i) => {
    const place = join(folder, `${i}.eml`);
    const head = `From: a <a@x>\nMessage-ID: <${i}@x>\n\n`;
    writeFileSync(place, head + "x".repeat(size - head.length - 1) + "\n");
    return { place, messageId: `<${i}@x>` };
  });
}

const number = ({ messageId }: { messageId: string }): string => messageId[1]!;

test("of a page: what is too much for one is left out, and the rest is in order", async () => {
  const all = mails([20, 30, 40, 1, 10].map((size) => size * MEGABYTE));
  const found = await mailsAt(all);
  expect(found.map(({ source }) => number(all.find(({ place }) => place === source)!))).toEqual([
    "0",
    "1",
    "3",
    "4",
  ]);
});

test("of the index: all of them, but few at a time", async () => {
  const all = mails([20, 1, 1, 20, 9, 9, 1].map((size) => size * MEGABYTE));
  const portions: number[] = [];
  for await (const some of mailPortionsAt([...all, { place: "none", messageId: "<x@x>" }]))
    portions.push(some.length);
  expect(portions).toEqual([1, 3, 2, 1]);
});
