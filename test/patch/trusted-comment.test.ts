/** The grammar of the trusted comment: how many digits its numbers have, and their ranges. */

import { describe, expect, test } from "vitest";
import {
  COMMENT_SQUEEZED,
  formatTrustedComment,
  fromMatch,
  type TrustedComment,
} from "../../src/patch/trusted-comment.ts";

const COMMENT: TrustedComment = {
  time: 1,
  by: "a@x",
  series: null,
  version: 1,
  index: 1,
  total: 1,
  base: null,
  digests: {
    author: "0".repeat(8),
    subject: "1".repeat(8),
    message: "2".repeat(16),
    diff: "3".repeat(16),
  },
};

/** What is read of such a comment; null if nothing is. */
function read(change: Partial<TrustedComment>): TrustedComment | null {
  const text = formatTrustedComment({ ...COMMENT, ...change }).replaceAll(" ", "");
  const match = COMMENT_SQUEEZED.exec(text);
  // what it leaves would be the signature
  return match === null || match[0] !== text ? null : fromMatch(match);
}

describe("read as it was written", () => {
  test.each<[string, Partial<TrustedComment>]>([
    ["the shortest one", {}],
    ["at time 0", { time: 0 }],
    ["the largest numbers", { time: 999_999_999_999, version: 9999, index: 9999, total: 9999 }],
    ["a letter", { index: 0 }],
    ["a base of SHA-1, and a series", { base: "a".repeat(40), series: "b".repeat(32) }],
    ["a base of SHA-256", { base: "a".repeat(64) }],
    ["the longest address", { by: "a".repeat(254) }],
  ])("%s", (_, change) => expect(read(change)).toEqual({ ...COMMENT, ...change }));
});

describe("not read", () => {
  test.each<[string, Partial<TrustedComment>]>([
    ["a time of 13 digits", { time: 1_000_000_000_000 }],
    ["version 0", { version: 0 }],
    ["a version of five digits", { version: 10_000 }],
    ["a patch of five digits", { index: 10_000, total: 9999 }],
    ["a total of five digits", { total: 10_000 }],
    ["a total of none", { index: 0, total: 0 }],
    ["a patch beyond the last", { index: 2 }],
    ["a base of another length", { base: "a".repeat(41) }],
    ["a series of another length", { series: "b".repeat(31) }],
    ["a longer address", { by: "a".repeat(255) }],
  ])("%s", (_, change) => expect(read(change)).toBeNull());
});
