import { describe, expect, test } from "vitest";
import {
  ancestors,
  decide,
  decideMerge,
  decideUnsigned,
  usableKeys,
} from "../../src/trust/decide.ts";
import type { KeyRecord, KeyState, Sighting, KeyHistory } from "../../src/trust/record.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";

const K1 = `RWQ${"1".repeat(53)}`;
const K2 = `RWQ${"2".repeat(53)}`;

const sighting: Sighting = {
  identity: "alice@example.org",
  publicKey: K1,
  digest: sightingDigest("alice@example.org", K1, "text"),
  series: "text",
  at: 2000,
  messageId: "1@example.org",
  list: "",
};

function record(publicKey: string, state: KeyState, patches = 1, firstSeen = 1000): KeyRecord {
  return {
    identity: "alice@example.org",
    publicKey,
    state,
    origin: "mail",
    firstSeen,
    lastSeen: firstSeen,
    firstMessageId: "",
    firstList: "",
    lastMessageId: "",
    patches,
    applied: 0,
    endorsedBy: "",
    rotatedFrom: "",
    firstSeries: patches > 0 ? "before" : "",
    again: false,
  };
}

function keyHistory(records: KeyRecord[], more: Partial<KeyHistory> = {}): KeyHistory {
  return { records, revoked: false, tainted: false, ...more };
}

describe("a mail signed by K1", () => {
  test.each<[string, KeyRecord[], Partial<KeyHistory>, string, string | null]>([
    ["nothing is remembered", [], {}, "first-use", "first-use"],
    [
      "first use, another series, at once",
      [record(K1, "first-use", 1, 1990)],
      {},
      "first-use",
      "count",
    ],
    [
      "first use, another series, a day later",
      [record(K1, "first-use", 1, 2000 - 86_400)],
      {},
      "known",
      "confirm",
    ],
    ["first use, unseen by mails", [record(K1, "first-use", 0, -90_000)], {}, "first-use", "count"],
    ["known", [record(K1, "known")], {}, "known", "count"],
    ["endorsed", [record(K1, "endorsed")], {}, "endorsed", "count"],
    ["pinned", [record(K1, "pinned")], {}, "pinned", "count"],
    ["pinned, beside K2", [record(K2, "known"), record(K1, "pinned")], {}, "pinned", "count"],
    ["replaced by K2", [record(K2, "pinned"), record(K1, "replaced")], {}, "replaced", null],
    ["K2 is first use", [record(K2, "first-use")], {}, "changed", "changed"],
    ["K2 is known", [record(K2, "known")], {}, "changed", "changed"],
    ["K2 is endorsed", [record(K2, "endorsed")], {}, "changed", "changed"],
    ["K2 is pinned", [record(K2, "pinned")], {}, "changed", "changed"],
    ["K2 is revoked, and nothing else", [record(K2, "revoked")], {}, "changed", "changed"],
    ["revoked", [record(K1, "revoked")], {}, "revoked", null],
    ["revoked for somebody else, unknown here", [], { revoked: true }, "revoked", null],
    [
      "revoked for somebody else, pinned here",
      [record(K1, "pinned")],
      { revoked: true },
      "revoked",
      null,
    ],
    ["revoked, and K2 is known", [record(K1, "revoked"), record(K2, "known")], {}, "revoked", null],
  ])("%s", (_, records, more, trust, kind) => {
    const decision = decide(sighting, keyHistory(records, more), true);
    expect(decision.trust).toBe(trust);
    expect(decision.change?.kind ?? null).toBe(kind);
    expect(decision.record).toBe(records.find((known) => known.publicKey === K1) ?? null);
    expect(decision.change?.from ?? null).toBe(
      kind === null ? null : (decision.record?.state ?? null),
    );
  });
});

test("a changed key names the expected keys", () => {
  const known = record(K2, "known");
  expect(decide(sighting, keyHistory([known]), true).others).toEqual([known]);
  expect(decide(sighting, keyHistory([record(K2, "revoked")]), true).others).toEqual([]);
});

describe("an unsigned mail", () => {
  test("from an identity with a key", () => {
    const records = [
      record(K1, "known", 40, 1500),
      record(K2, "pinned", 2, 1200),
      record(`RWQ${"3".repeat(53)}`, "replaced", 7, 100),
    ];
    expect(decideUnsigned(records)).toEqual({ since: 1200, patches: 42 });
  });

  test.each<[string, KeyRecord[]]>([
    ["without any key", []],
    ["whose key is revoked", [record(K1, "revoked")]],
  ])("from an identity %s", (_, records) => {
    expect(decideUnsigned(records)).toBeNull();
  });
});

describe("another database of the same person has K1", () => {
  const [key, other] = [
    (state: KeyState) => record(K1, state),
    (state: KeyState) => record(K2, state),
  ];
  const again = (state: KeyState, seen: boolean): KeyRecord => ({ ...key(state), again: seen });

  /** [what, the record there, what is in use there, the records here, revoked here, what comes of it] */
  test.each<[string, KeyRecord, string[], KeyRecord[], boolean, string]>([
    ["pinned; unknown here", key("pinned"), [K1], [], false, "pinned"],
    ["known; unknown here", key("known"), [K1], [], false, "known"],
    ["first use; unknown here", key("first-use"), [K1], [], false, "first-use"],
    ["known; first use here", key("known"), [K1], [key("first-use")], false, "known"],
    ["known; known here", key("known"), [K1], [key("known")], false, "same"],
    ["first use; known here", key("first-use"), [K1], [key("known")], false, "same"],
    ["known; endorsed here", key("known"), [K1], [key("endorsed")], false, "same"],
    ["known; pinned here", key("known"), [K1], [key("pinned")], false, "same"],
    ["pinned; endorsed here", key("pinned"), [K1], [key("endorsed")], false, "pinned"],
    ["endorsed, seen once", again("endorsed", false), [K1], [], false, "first-use"],
    ["endorsed, seen in another series", again("endorsed", true), [K1], [], false, "known"],
    ["endorsed; first use here", again("endorsed", false), [K1], [key("first-use")], false, "same"],
    ["replaced; unknown here", key("replaced"), [K2], [], false, "replaced"],
    ["replaced; in use here", key("replaced"), [K2], [key("known")], false, "conflict"],
    ["replaced; replaced here", key("replaced"), [K2], [key("replaced")], false, "same"],
    ["replaced; revoked here", key("replaced"), [K2], [key("revoked")], true, "same"],
    ["pinned; replaced here", key("pinned"), [K1], [key("replaced")], false, "conflict"],
    ["pinned; revoked here", key("pinned"), [K1], [key("revoked")], true, "conflict"],
    ["pinned; revoked for somebody else here", key("pinned"), [K1], [], true, "conflict"],
    ["pinned; K2 in use here alone", key("pinned"), [K1], [other("known")], false, "conflict"],
    [
      "pinned, beside K2; K2 in use here",
      key("pinned"),
      [K1, K2],
      [other("known")],
      false,
      "pinned",
    ],
    ["pinned; K2 replaced here", key("pinned"), [K1], [other("replaced")], false, "pinned"],
  ])("%s", (_, theirs, inUse, records, revoked, expected) => {
    const decided = decideMerge(theirs, inUse, records, revoked);
    expect(typeof decided === "string" ? decided : decided.to).toBe(expected);
  });

  test("and which key it was rotated from, unless a person has pinned it", () => {
    const rotated = (state: KeyState): KeyRecord => ({ ...key(state), rotatedFrom: K2 });
    expect(decideMerge(rotated("known"), [K1], [], false)).toMatchObject({ rotatedFrom: K2 });
    expect(decideMerge(rotated("pinned"), [K1], [], false)).toMatchObject({ rotatedFrom: "" });
  });
});

test("usable keys are those neither replaced nor revoked", () => {
  const states: KeyState[] = ["first-use", "known", "endorsed", "pinned", "replaced", "revoked"];
  const usable = usableKeys(states.map((state) => record(K1, state))).map((known) => known.state);
  expect(usable).toEqual(["first-use", "known", "endorsed", "pinned"]);
});

test("predecessors of a key, nearest first; a cycle ends", () => {
  const K3 = `RWQ${"3".repeat(53)}`;
  const from = (publicKey: string, rotatedFrom: string): KeyRecord => ({
    ...record(publicKey, "known"),
    rotatedFrom,
  });
  const last = from(K3, K2);
  expect(ancestors(last, [from(K1, ""), from(K2, K1), last])).toEqual([K2, K1]);
  expect(ancestors(last, [from(K1, K3), from(K2, K1), last])).toEqual([K2, K1, K3]);
  expect(ancestors(record(K1, "known"), [record(K1, "known")])).toEqual([]);
  // another identity's are none of it
  expect(ancestors(last, [{ ...from(K2, K1), identity: "bob@example.org" }, last])).toEqual([K2]);
});

test("the digest of a sighting depends on each part, and on where each ends", () => {
  const names = [
    sightingDigest("a@x", K1, "text"),
    sightingDigest("b@x", K1, "text"),
    sightingDigest("a@x", K2, "text"),
    sightingDigest("a@x", null, "text"),
    sightingDigest("a@x", K1, "text2"),
    sightingDigest("a@x", null, `${K1}","text`),
  ].map((digest) => digest.toString("hex"));
  expect(new Set(names).size).toBe(names.length);
  expect(names[0]).toMatch(/^[0-9a-f]{16}$/);
});
