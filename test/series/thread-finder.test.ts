/** The thread of a mail among others, in any order, and no more than that. */

import { assert, property, shuffledSubarray } from "fast-check";
import { expect, test } from "vitest";
import { ThreadFinder } from "../../src/series/thread-finder.ts";
import { SEED } from "../support/seed.ts";

/** `b:a` is a mail b in reply to a. */
function threadOf(mails: readonly string[], ids: readonly string[], most = 100): string {
  return found(mails, ids, most).entries().sort().join(" ");
}

function found(mails: readonly string[], ids: readonly string[], most = 100): ThreadFinder<string> {
  const finder = new ThreadFinder<string>(ids, most);
  for (const mail of mails) {
    const [messageId = "", ...references] = mail.split(":");
    finder.add({ messageId, references }, messageId);
  }
  return finder;
}

const MAILS = ["a", "b:a", "c:a:b", "d:elsewhere", "e:elsewhere", "f", "g:f", "h:g", ":", "i:c"];

test("all that it refers to, and all that refers to it", () => {
  expect(threadOf(MAILS, ["a"])).toBe("a b c i");
  expect(threadOf(MAILS, ["i"])).toBe("a b c i");
  expect(threadOf(MAILS, ["d"])).toBe("d e");
  expect(threadOf(MAILS, ["elsewhere"])).toBe("d e");
  expect(threadOf(MAILS, ["h"])).toBe("f g h");
  expect(threadOf(MAILS, ["nobody"])).toBe("");
  expect(threadOf(MAILS, ["a", "f"])).toBe("a b c f g h i");
});

test("whatever the order", () => {
  const shuffled = shuffledSubarray(MAILS, { minLength: MAILS.length });
  assert(
    property(shuffled, (mails) => {
      expect(threadOf(mails, ["b"])).toBe("a b c i");
    }),
    { seed: SEED },
  );
});

test("it is whole when all that it refers to was seen", () => {
  expect(found(["c:a:b", "b:a"], ["c"]).isWhole).toBe(false);
  expect(found(["c:a:b", "b:a", "a"], ["c"]).isWhole).toBe(true);
  expect(found(["f"], ["c"]).isWhole).toBe(false);
  expect(found(["d:elsewhere"], ["d"]).isWhole).toBe(false);
});

test("of no more mails than are asked for", () => {
  const many = Array.from({ length: 50 }, (_, i) => `m${i}:a`);
  expect(found(many, ["a"], 10).entries()).toHaveLength(10);
});
