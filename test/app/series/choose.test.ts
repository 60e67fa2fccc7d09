/** Which series is taken: the newest good version of one work, and never what somebody else slipped in. */

import { describe, expect, test } from "vitest";
import { chosen, mail, signed, two } from "./thread.ts";

const MALLORY = "Mallory <mallory@example.net>";
const V1 = two("a", "PATCH");
const V2 = two("b", "PATCH v2", { re: "a0", to: "2" });
const V3 = two("c", "PATCH v3", { re: "a0", to: "3" });
const SIGNED = { v1: signed(V1), v2: signed(V2), v3: signed(V3) };

describe("versions of one work", () => {
  test("the newest one, in any order of the mails", async () => {
    const expected = ["v2: b0 b1 b2", "v2, 2 patches; v1 is also there"];
    expect(await chosen([...V1, ...V2])).toEqual(expected);
    expect(await chosen([...V2, ...V1])).toEqual(expected);
    expect(await chosen([...SIGNED.v1, ...SIGNED.v2])).toEqual(expected);
    expect(await chosen([...SIGNED.v2, ...SIGNED.v1])).toEqual(expected);
    expect(await chosen([...V3, ...V1, ...V2])).toEqual([
      "v3: c0 c1 c2",
      "v3, 2 patches; v1 and v2 are also there",
    ]);
    expect(await chosen(V1)).toEqual(["v1: a0 a1 a2"]);
  });

  test("the one that is asked for", async () => {
    const mails = [...V1, ...V2];
    const expected = ["v1: a0 a1 a2", "v1, 2 patches; v2 is also there"];
    expect(await chosen(mails, { version: "1" })).toEqual(expected);
    expect(await chosen(mails, { version: "v1" })).toEqual(expected);
    expect(await chosen(mails, { series: "1" })).toEqual(expected);
    expect(await chosen(mails, { series: "<a2@x>" })).toEqual(expected);
    expect(await chosen(mails, { series: "a2@x" })).toEqual(expected);
    expect(await chosen(mails, { series: "2", version: "1" })).toEqual(expected);
    expect(await chosen(mails, { version: "7" })).toEqual(["no v7 here"]);
    expect(await chosen(mails, { series: "7" })).toEqual([
      "--series 7: no series with patches here",
    ]);
    const [line = ""] = await chosen([...SIGNED.v1, ...SIGNED.v2], { series: "abcdef" });
    expect(line).toBe("--series abcdef: no series with patches here");
  });

  test("the newest complete one, if mails of a newer one are missing", async () => {
    expect(await chosen([...V1, V2[1]!])).toEqual([
      "v1: a0 a1 a2",
      "v2 is not taken: missing patch 2 of 2",
    ]);
    expect(await chosen([V1[1]!, V2[1]!])).toEqual(["v2: b1", "v2, 2 patches; v1 is also there"]);
  });

  test("a list in whose name all send makes nobody the same", async () => {
    const via = (name: string, email: string): string =>
      `${name} via list <list@lists.example.org>\nReply-To: ${name} <${email}>`;
    const one = mail("s", "[PATCH] one thing", { from: via("Alice", "alice@example.org") });
    const his = mail("t", "[PATCH v2] one thing", { from: via("Bob", "bob@example.net") });
    const hers = mail("u", "[PATCH v2] one thing", { from: via("Alice", "alice@example.org") });
    expect(await chosen([one, his])).toMatchObject([/^2 series in the mails: \(1\)/]);
    expect(await chosen([one, hers])).toMatchObject(["v2: u", /also there/]);
  });

  test("threads of their own: the same titles, or a link in the text", async () => {
    const apart = two("b", "PATCH v2", { to: "2" });
    expect(await chosen([...V1, ...apart])).toMatchObject(["v2: b0 b1 b2", /also there/]);
    const single = mail("s", "[PATCH] one thing");
    const text = "Better.\n---\n- Link to v1: https://lore.example.org/r/s@x";
    const renamed = mail("t", "[PATCH v2] another name", { text });
    expect(await chosen([single, renamed])).toMatchObject(["v2: t", /also there/]);
    const said = mail("r", "Re: [PATCH] one thing", { re: "s" });
    const below = mail("t", "[PATCH v2] another name", { re: "r" });
    expect(await chosen([single, said, below])).toMatchObject(["v2: t", /also there/]);
    const unlinked = mail("t", "[PATCH v2] another name");
    expect(await chosen([single, unlinked])).toMatchObject([/^2 series in the mails: \(1\)/]);
  });

  test("sent again unchanged: the first one counts", async () => {
    const again = two("r", "PATCH");
    expect(await chosen([...V1, ...again])).toEqual(["v1: a0 a1 a2"]);
    const changed = two("r", "RESEND PATCH", { text: "Another reason." });
    expect(await chosen([...V1, ...changed])).toEqual([
      "2 series called v1: (1) v1 both; (2) v1 both",
    ]);
  });
});

describe("different works", () => {
  const other = mail("o", "[PATCH] something else", { re: "a0" });

  test("are never chosen between without a word", async () => {
    const [line] = await chosen([...V1, other]);
    expect(line).toBe("2 series in the mails: (1) v1 both; (2) v1 something else");
    expect(await chosen([...V1, other], { series: "2" })).toEqual(["v1: o"]);
  });

  test("a Message-ID names one of them", async () => {
    expect(await chosen([...V1, other, ...V2], { mails: ["<a1@x>"] })).toEqual([
      "v2: b0 b1 b2",
      "another series is beside it",
      "v2, 2 patches; v1 is also there",
    ]);
  });

  test("another series of the same sender, in the thread", async () => {
    const more = [
      mail("m1", "[PATCH v2 1/3] alpha", { re: "b0" }),
      mail("m2", "[PATCH v2 2/3] beta", { re: "b0" }),
      mail("m3", "[PATCH v2 3/3] gamma", { re: "b0" }),
    ];
    expect(await chosen([...V1, ...V2, ...more])).toMatchObject([/^3 series in the mails/]);
  });

  test("until the user says that they are one, or that two are none", async () => {
    const renamed = mail("t", "[PATCH v2] another name");
    const link = { a: "<a0@x>", b: "<t@x>", together: true };
    expect(await chosen([...V1, renamed], {}, { hand: [link] })).toMatchObject(["v2: t", /v1 is/]);
    const apart = { a: "<b0@x>", b: "<a1@x>", together: false };
    expect(await chosen([...V1, ...V2], {}, { hand: [apart] })).toMatchObject([
      /^2 series in the mails/,
    ]);
  });
});

describe("what others slip in", () => {
  test("a v3 by somebody else is another work", async () => {
    const forged = two("m", "PATCH v3", { re: "a0", from: MALLORY, to: "evil" });
    const [line] = await chosen([...SIGNED.v1, ...SIGNED.v2, ...forged]);
    expect(line).toMatch(/^3 series in the mails/);
    const named = await chosen([...SIGNED.v1, ...SIGNED.v2, ...forged], { mails: ["<a0@x>"] });
    expect(named).toEqual([
      "v2: b0 b1 b2",
      "another series is beside it",
      "v2, 2 patches; v1 is also there",
    ]);
  });

  test.each(["fail", "warn"] as const)(
    "an unsigned v3 under the author's name, whenever it comes and if that is a %s",
    async (unsignedKnown) => {
      const policy = { unsignedKnown };
      const late = await chosen([...SIGNED.v1, ...SIGNED.v2, ...V3], {}, { policy });
      expect(late).toContain("v2: b0 b1 b2");
      expect(late.join()).toMatch(/v3 is not taken: it (failed|is not signed, and another)/);
      const early = await chosen([...V3, ...SIGNED.v1, ...SIGNED.v2], {}, { policy });
      expect(early).toContain("v2: b0 b1 b2");
      expect(early.join()).toMatch(/v3 is not taken: it is not signed, and another version is/);
    },
  );

  test("hundreds of them: the newest ones are named, and the others counted", async () => {
    const numbers = Array.from({ length: 300 }, (_, i) => i + 2);
    const forged = numbers.map((i) => mail(`p${i}`, `[PATCH v${i} 1/2] one`, { re: "a0" }));
    const lines = await chosen([...SIGNED.v1, ...forged]);
    expect(lines).toHaveLength(7);
    expect(lines.at(-1)).toBe("nor 295 older versions");
    const strays = numbers.map((i) => mail(`s${i}`, "[PATCH 2/2] x", { re: "a0", to: `${i}` }));
    const beside = await chosen([...SIGNED.v1, ...strays]);
    expect(beside).toHaveLength(7);
    expect(beside).toContain("note: 295 mails more not in this series");
  });

  test("a v3 with another key, after the author's and before", async () => {
    const forged = signed(two("m", "PATCH v3", { re: "a0", to: "evil" }), { seed: 9 });
    const expected = /^\d series signed with different keys, none known before: /;
    expect(await chosen([...SIGNED.v1, ...SIGNED.v2, ...forged])).toMatchObject([expected]);
    expect(await chosen([...forged, ...SIGNED.v1, ...SIGNED.v2])).toMatchObject([expected]);
    const mails = [...SIGNED.v1, ...SIGNED.v2, ...forged];
    expect(await chosen(mails, { version: "2" })).toContain("v2: b0 b1 b2");
  });

  test("v1 again, later: v2 stays the newest", async () => {
    const replayed = signed(two("r", "PATCH", { re: "b0" }));
    expect(await chosen([...SIGNED.v1, ...SIGNED.v2, ...replayed])).toEqual([
      "v2: b0 b1 b2",
      "v2, 2 patches; v1 is also there",
    ]);
  });

  test("v1 again, its label changed to v3", async () => {
    const text = SIGNED.v1.map((one) => one.toString("latin1"));
    const relabelled = text.map((one) =>
      Buffer.from(one.replace("[PATCH ", "[PATCH v3 ").replaceAll(/<a(\d@x>)/g, "<z$1"), "latin1"),
    );
    const lines = await chosen([...SIGNED.v1, ...SIGNED.v2, ...relabelled]);
    expect(lines).toContain("v2: b0 b1 b2");
    // by what was signed, they are v1
    expect(lines).toContain("v2, 2 patches; v1 is also there");
  });

  test("a second cover letter, and a second 2/2", async () => {
    const cover = mail("m", "[PATCH v2 0/2] both", { re: "b0", text: "Read this instead." });
    const part = mail("n", "[PATCH v2 2/2] other", { re: "b0", to: "evil" });
    for (const from of [undefined, MALLORY]) {
      const more = from === undefined ? {} : { from };
      const forged = mail("n", "[PATCH v2 2/2] other", { re: "b0", to: "evil", ...more });
      for (const mails of [
        [...SIGNED.v1, ...SIGNED.v2, cover, forged],
        [cover, forged, ...SIGNED.v2, ...SIGNED.v1],
      ])
        expect(await chosen(mails)).toContain("v2: b0 b1 b2");
    }
    // of an unsigned series nobody can tell which 2/2 is the author's
    expect(await chosen([...V2, part])).toEqual([
      "2 series in the mails: (1) v2 both; (2) v2 other",
    ]);
  });
});

describe("a part sent again", () => {
  const part = mail("p", "[PATCH v2 2/2] other", { re: "a0 a2", to: "better" });
  const [again = part] = signed([part]);

  test("is composed only if that is asked for", async () => {
    expect(await chosen([...V1, part])).toEqual(["a part of v1 was sent again: v1 + v2 2/2"]);
    expect(await chosen([...V1, part], { composed: true })).toEqual([
      "v1: a0 a1 p",
      "composed: v1 + v2 2/2",
    ]);
    expect(await chosen([...V1, part], { version: "1" })).toMatchObject(["v1: a0 a1 a2", /v2 is/]);
    expect(await chosen([...V1, part], { version: "2" })).toMatchObject(["v2: p", /v1 is/]);
    expect(await chosen([...SIGNED.v1, again], { composed: true })).toContain("v1: a0 a1 p");
  });

  test("a third time, and as v1.1", async () => {
    const third = mail("q", "[PATCH v3 2/2] other", { re: "a0 a2 p", to: "best" });
    expect(await chosen([...V1, part, third], { composed: true })).toContain("v1: a0 a1 q");
    const dotted = mail("q", "[PATCH v1.1 1/2] one", { re: "a0", to: "dotted" });
    expect(await chosen([...V1, dotted], { composed: true })).toContain("v1: a0 q a2");
  });

  test("unsigned for a part of a signed one is not taken", async () => {
    expect(await chosen([...SIGNED.v1, part])).toContain("v1: a0 a1 a2");
    expect(await chosen([...SIGNED.v1, part], { composed: true })).toContain("v1: a0 a1 a2");
    expect(await chosen([part, ...SIGNED.v1], { composed: true })).toContain("v1: a0 a1 a2");
  });

  test("a newer version makes it history", async () => {
    const whole = two("c", "PATCH v3", { re: "a0", to: "3" });
    expect(await chosen([...V1, part, ...whole])).toMatchObject(["v3: c0 c1 c2", /v1 and v2 are/]);
  });
});
