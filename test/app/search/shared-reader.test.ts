/** Who reads what, and in which order it comes back. */

import { expect, test } from "vitest";
import { SharedReader } from "../../../src/app/search/shared-reader.ts";
import type { SourceMail } from "../../../src/source/item.ts";

function mails(from: number, count: number): SourceMail[] {
  return Array.from({ length: count }, (_, i) => ({
    source: String(from + i),
    bytes: Buffer.alloc(0),
    size: 0,
  }));
}

/** Threads that answer when they are told to. */
function slowThreads() {
  const asked: (() => void)[] = [];
  return {
    check: (some: readonly SourceMail[]): Promise<readonly string[]> =>
      new Promise((resolve) => {
        asked.push(() => resolve(some.map(({ source }) => `there ${source}`)));
      }),
    close: () => {},
    answer: () => asked.shift()?.(),
    get waiting() {
      return asked.length;
    },
  };
}

function newReader(most: number) {
  const threads = slowThreads();
  const begun: string[] = [];
  const reader = new SharedReader<SourceMail, string>(threads, most, (some) => {
    begun.push(some[0]!.source);
    return some.map(({ source }) => `here ${source}`);
  });
  return { threads, reader, begun };
}

test("the others are given no more than their share; this thread reads the rest while it waits", async () => {
  const { threads, reader, begun } = newReader(1);
  const read = reader.read(mails(0, 200), false);
  expect([threads.waiting, begun]).toEqual([1, []]);
  const helped = reader.help(read);
  while (begun.length < 3) await new Promise(setImmediate);
  threads.answer();
  const found = await helped;
  expect(begun).toEqual(["64", "128", "192"]);
  expect(found.map((one) => one.split(" ")[1])).toEqual(mails(0, 200).map(({ source }) => source));
  expect(new Set(found.slice(0, 64).map((one) => one.split(" ")[0]))).toEqual(new Set(["there"]));
});

test("the next part goes to a thread that has answered", async () => {
  const { threads, reader, begun } = newReader(2);
  const read = reader.read(mails(0, 192), false);
  for (let i = 0; i < 3; i++) {
    threads.answer();
    await new Promise(setImmediate);
  }
  expect((await read).every((one) => one.startsWith("there"))).toBe(true);
  expect(begun).toEqual([]);
});

test("what is urgent is read before what was not begun", async () => {
  const { threads, reader, begun } = newReader(1);
  const later = reader.read(mails(0, 192), false);
  const urgent = await reader.help(reader.read(mails(1000, 1), true));
  expect([urgent, begun[0]]).toEqual([["here 1000"], "1000"]);
  const helped = reader.help(later);
  while (begun.length < 3) await new Promise(setImmediate);
  threads.answer();
  expect(await helped).toHaveLength(192);
});

test("a failure in this thread is that of what was begun", async () => {
  const threads = slowThreads();
  const reader = new SharedReader<SourceMail, string>(threads, 0, () => {
    throw new Error("no keyring");
  });
  await expect(reader.help(reader.read(mails(0, 65), false))).rejects.toThrow("no keyring");
});

test("before this thread does other work the others get more", async () => {
  const { threads, reader, begun } = newReader(3);
  void reader.read(mails(0, 320), false);
  expect(threads.waiting).toBe(2);
  await reader.help(Promise.resolve());
  expect([threads.waiting, begun]).toEqual([3, []]);
});
