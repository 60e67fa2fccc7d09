/** What a project asks of those who send to it: read strictly, since it is somebody else's file. */

import { describe, expect, test } from "vitest";
import { readProject } from "../../src/outgoing/project.ts";

function of(settings: Readonly<Record<string, readonly string[]>>) {
  return readProject(".patchsig", (key) => settings[key] ?? []);
}

describe("a project's file", () => {
  test("names people, words before PATCH, and commands", () => {
    expect(
      of({
        "send.to": ["List <list@example.org>, b@example.org", "c@example.org"],
        "send.cc": ["d@example.org"],
        "send.prefix": ["RFC net-next"],
        "send.cccmd": ["scripts/people --all"],
      }),
    ).toEqual({
      file: ".patchsig",
      to: [
        { name: "List", address: "list@example.org" },
        { name: "", address: "b@example.org" },
        { name: "", address: "c@example.org" },
      ],
      cc: [{ name: "", address: "d@example.org" }],
      prefix: ["RFC", "net-next"],
      commands: [{ field: "cc", command: "scripts/people --all" }],
    });
  });

  test("b4's keys mean the same; where to send by HTTP is not for us", () => {
    const values: Readonly<Record<string, string[]>> = {
      "b4.send-series-to": ["list@example.org"],
      "b4.send-prefixes": ["net"],
      "b4.send-endpoint-web": ["https://example.org/"],
      "b4.send-auto-to-cmd": ["scripts/to"],
    };
    expect(readProject(".b4-config", (key) => values[key] ?? [])).toMatchObject({
      to: [{ address: "list@example.org" }],
      cc: [],
      prefix: ["net"],
      commands: [{ field: "to", command: "scripts/to" }],
    });
  });

  test.each([
    ["send.to", "a@example.org\nBcc: b@example.org", "invisible characters"],
    ["send.to", "\u202ea@example.org", "invisible characters"],
    ["send.cccmd", "true \u001b[2K; rm x", "invisible characters"],
    ["send.to", "x".repeat(5000), "too long"],
    ["send.cc", "bob", '"bob": neither an address nor an alias'],
    ["send.to", "-oQ@example.org", "not an address"],
    ["send.to", "а@example.org", "in ASCII"],
    ["send.to", Array.from({ length: 101 }, (_, i) => `a${i}@b.c`).join(), "too many"],
    ["send.prefix", "PATCH]: x [", "no word for a subject"],
  ])("%s as %j is refused: %s", (key, value, words) => {
    expect(() => of({ [key]: [value] })).toThrow(words);
  });
});
