/** All fields of a header, of mails too that git's rules refuse. */

import { expect, test } from "vitest";
import { readFields } from "../../src/mail/fields.ts";
import { MAX_HEADER_BYTES, MAX_HEADER_LINES } from "../../src/mail/limits.ts";

const read = (mail: string): string[][] =>
  readFields(Buffer.from(mail, "latin1")).map(({ name, value }) => [name, value]);

test("fields are kept as they are, with their folds, up to the empty line", () => {
  expect(read("Subject: a\n b\r\n\tc\nX-Y:z:1\n\nFrom: no\n")).toEqual([
    ["subject", " a\n b\r\n\tc\n"],
    ["x-y", "z:1\n"],
  ]);
});

test("a line that is not a field has no name, and does not end the header", () => {
  expect(read("From a Mon Sep 17\nno field\nTo : b")).toEqual([
    ["", "From a Mon Sep 17\n"],
    ["", "no field\n"],
    ["to", " b"],
  ]);
  expect(read("\nTo: b\n")).toEqual([]);
});

test("an endless header is read up to a limit", () => {
  expect(read("a:\n".repeat(2 * MAX_HEADER_LINES))).toHaveLength(MAX_HEADER_LINES);
  for (const long of [
    `a:${"b".repeat(3 * MAX_HEADER_BYTES)}`,
    `a:${"\n b".repeat(MAX_HEADER_BYTES)}`,
  ])
    expect(read(long)[0]![1]!.length).toBeLessThan(MAX_HEADER_BYTES);
});
