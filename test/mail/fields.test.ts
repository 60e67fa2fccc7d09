/** All fields of a header, of mails too that git's rules refuse. */

import { expect, test } from "vitest";
import { readFields } from "../../src/mail/fields.ts";
import { MAX_HEADER_BYTES, MAX_HEADER_LINES } from "../../src/mail/limits.ts";

const read = (mail: string): string[][] =>
  readFields(Buffer.from(mail, "latin1")).map(({ name, value }) => [name, value]);

test("they stand there as they are, folds and all, up to the empty line", () => {
  expect(read("Subject: a\n b\r\n\tc\nX-Y:z:1\n\nFrom: no\n")).toEqual([
    ["subject", " a\n b\r\n\tc\n"],
    ["x-y", "z:1\n"],
  ]);
});

test("what is no field has no name, and ends nothing", () => {
  expect(read("From a Mon Sep 17\nno field\nTo : b")).toEqual([
    ["", "From a Mon Sep 17\n"],
    ["", "no field\n"],
    ["to", " b"],
  ]);
  expect(read("\nTo: b\n")).toEqual([]);
});

test("a header without end is read up to a bound", () => {
  expect(read("a:\n".repeat(2 * MAX_HEADER_LINES))).toHaveLength(MAX_HEADER_LINES);
  for (const long of [
    `a:${"b".repeat(3 * MAX_HEADER_BYTES)}`,
    `a:${"\n b".repeat(MAX_HEADER_BYTES)}`,
  ])
    expect(read(long)[0]![1]!.length).toBeLessThan(MAX_HEADER_BYTES);
});
