import { describe, expect, test } from "vitest";
import { wishIn } from "../../src/bot/reply.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

describe("what a reply wants", () => {
  test.each([
    ["stop"],
    ["Stop."],
    ["please stop"],
    ["unsubscribe"],
    ["no thanks"],
    ["Hello bot,\n\nstop\n\nAlice"],
    ["On Monday, the bot wrote:\n> You need not do anything.\n\nstop"],
    ["“stop”"],
  ])("%j: nothing, ever", (text) => {
    expect(wishIn("Re: [PATCH] one", text)).toEqual({ kind: "stop" });
  });

  test.each([["not now"], ["Not now!"], ["later"]])("%j: silence for a while", (text) => {
    expect(wishIn("Re: [PATCH] one", text)).toEqual({ kind: "pause" });
  });

  test.each([[`base is ${COMMIT}`], [`The base is ${COMMIT}.`], [`base-commit: ${COMMIT}`]])(
    "%j: a base",
    (text) => {
      expect(wishIn("", text)).toEqual({ kind: "base", commit: COMMIT });
    },
  );

  test.each([
    [""],
    ["> stop"],
    ["| stop"],
    ["You stop here?"],
    ["please do not stop"],
    ["base is 0123456789"],
    [`base is ${COMMIT} or ${COMMIT}`],
    ["I am out of office.\nReply to Bob.\n\n> reply stop to make me stop"],
    ["-- \nstop"],
    ["1\n2\n3\n4\n5\nstop"],
    ["-----Original Message-----\nstop"],
    ["x".repeat(1_000_000)],
    ["\n".repeat(1_000_000)],
  ])("%# is nothing that a program should act on", (text) => {
    expect(wishIn("Re: [PATCH] stop", text)).toEqual({ kind: "none" });
  });

  test("a subject counts, as List-Unsubscribe sends it, unless the text says something else", () => {
    expect(wishIn("stop", "")).toEqual({ kind: "stop" });
    expect(wishIn("stop", "not now")).toEqual({ kind: "pause" });
  });
});
