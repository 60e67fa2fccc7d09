/** When the same signed text came before, and when a newer version did. */

import { describe, expect, test } from "vitest";
import { type Arrival, type Arrived, replayOf, workDigest } from "../../src/trust/replay.ts";
import { TIME } from "./support.ts";

const arrived = (messageId: string): Arrived => ({
  id: 7,
  version: 1,
  signedAt: TIME,
  at: TIME,
  messageId,
});
const arrival = (messageId: string): Arrival => ({
  ...arrived(messageId),
  digest: Buffer.alloc(8),
  work: Buffer.alloc(8),
});

describe("a signed text", () => {
  /** [what, the first one's Message-ID, this one's, whether it is another mail] */
  test.each([
    ["in another mail", "<a@x>", "<b@x>", true],
    ["in the same mail", "<a@x>", "<a@x>", false],
    ["first in a mail without Message-ID", "", "<b@x>", false],
    ["again in one without", "<a@x>", "", false],
    ["twice in one without", "", "", false],
  ])("%s", (_, first, now, again) => {
    const asked: number[] = [];
    const newer = { ...arrived("<c@x>"), id: 9, version: 2 };
    const found = replayOf(arrival(now), arrived(first), (id) => {
      asked.push(id);
      return newer;
    });
    expect(found).toEqual({ same: again ? arrived(first) : null, newer });
    // what came before the first one, unless it comes once more
    expect(asked).toEqual([again ? Infinity : 7]);
  });
});

test("a work is named by its signer and its title, in 8 bytes", () => {
  const names = [workDigest("a@x", "t"), workDigest("b@x", "t"), workDigest("a@x", "u")];
  expect(new Set(names.map((name) => name.toString("hex"))).size).toBe(3);
  for (const name of names) expect(name).toHaveLength(8);
});
