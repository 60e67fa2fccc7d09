import { describe, expect, test } from "vitest";
import {
  ancestors,
  decide,
  decideAccept,
  decideDrop,
  decideKeyring,
  decideMerge,
  decideUnsigned,
  fallBacks,
  revokedBy,
  usableKeys,
} from "../../src/trust/decide.ts";
import type {
  KeyHistory,
  KeyRecord,
  KeyState,
  KeyTransition,
  Sighting,
} from "../../src/trust/record.ts";
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
    expect(decideUnsigned(records)).toEqual({ since: 1200 });
  });

  test.each<[string, KeyRecord[]]>([
    ["without any key", []],
    ["whose key is revoked", [record(K1, "revoked")]],
  ])("from an identity %s", (_, records) => {
    expect(decideUnsigned(records)).toBeNull();
  });
});

const K3 = `RWQ${"3".repeat(53)}`;
const ALICE = "alice@example.org";
const CAROL = "carol@example.org";
/** `RWQ2… replaced by replace` */
const shown = (transitions: readonly KeyTransition[] | null): string[] | null =>
  transitions?.map(({ identity, publicKey, to, kind }) => {
    const whose = identity === ALICE ? "" : ` of ${identity}`;
    return `K${publicKey.at(-1)}${whose} ${to} by ${kind}`;
  }) ?? null;

test("what the store is to do says from what to what", () => {
  const change = (records: KeyRecord[]) => decide(sighting, keyHistory(records), true).change;
  expect(change([])).toMatchObject({ from: null, to: "first-use" });
  expect(change([record(K1, "first-use", 1, -90_000)])).toMatchObject({
    from: "first-use",
    to: "known",
  });
  expect(change([record(K1, "pinned")])).toMatchObject({ from: "pinned", to: "pinned" });
  expect(change([record(K2, "known")])).toMatchObject({ from: null, to: null });
});

test("the key that showed is none of the others", () => {
  const both = [record(K1, "known"), record(K2, "pinned")];
  expect(decide(sighting, keyHistory(both), true).others).toEqual([both[1]]);
});

test("a policy that does not admit first use makes no key known", () => {
  const seen = keyHistory([record(K1, "first-use", 1, -90_000)]);
  expect(decide(sighting, seen, false)).toMatchObject({
    trust: "known",
    change: { kind: "count" },
  });
});

describe("a person accepts K1", () => {
  test.each<[string, KeyRecord[], boolean, boolean, string[] | null]>([
    ["unknown", [], false, false, ["K1 pinned by accept"]],
    ["known", [record(K1, "known")], false, false, ["K1 pinned by accept"]],
    ["pinned already", [record(K1, "pinned")], false, false, []],
    [
      "in the place of K2",
      [record(K2, "known")],
      false,
      false,
      ["K2 replaced by replace", "K1 pinned by accept"],
    ],
    ["beside K2", [record(K2, "known")], false, true, ["K1 pinned by accept"]],
    [
      "pinned already, in the place of K2",
      [record(K1, "pinned"), record(K2, "known")],
      false,
      false,
      ["K2 replaced by replace"],
    ],
    [
      "after K2, which is replaced",
      [record(K2, "replaced")],
      false,
      false,
      ["K1 pinned by accept"],
    ],
    ["revoked", [record(K1, "revoked")], false, false, null],
    ["revoked for somebody else", [], true, false, null],
  ])("%s", (_, records, revoked, also, expected) => {
    expect(shown(decideAccept(ALICE, K1, records, revoked, also))).toEqual(expected);
  });
});

describe("a person revokes K1", () => {
  const carols = { ...record(K1, "pinned"), identity: CAROL };
  test.each<[string, KeyRecord[], string[]]>([
    ["unknown", [], ["K1 revoked by drop"]],
    ["known", [record(K1, "known")], ["K1 revoked by drop"]],
    ["revoked already", [record(K1, "revoked")], []],
    [
      "wherever it is",
      [record(K1, "known"), carols],
      ["K1 revoked by drop", `K1 of ${CAROL} revoked by drop`],
    ],
    [
      "that only somebody else has",
      [carols],
      ["K1 revoked by drop", `K1 of ${CAROL} revoked by drop`],
    ],
  ])("%s", (_, everywhere, expected) => {
    expect(shown(decideDrop(ALICE, K1, everywhere))).toEqual(expected);
  });

  test("or its owner does, which is kept as such", () => {
    expect(shown(revokedBy("revoke", record(K1, "known"), K1))).toEqual(["K1 revoked by revoke"]);
    expect(revokedBy("revoke", record(K1, "revoked"), K1)).toEqual([]);
  });
});

describe("a keyring has K1", () => {
  test.each<[string, KeyRecord[], string[], boolean, string]>([
    ["unknown here", [], [K1], false, "pinned"],
    ["known here", [record(K1, "known")], [K1], false, "pinned"],
    ["pinned here", [record(K1, "pinned")], [K1], false, "same"],
    ["and lacks K2, which is in use here", [record(K2, "first-use")], [K1], false, "conflict"],
    ["and has K2, which is in use here", [record(K2, "pinned")], [K1, K2], false, "pinned"],
    ["and lacks K2, which was replaced here", [record(K2, "replaced")], [K1], false, "pinned"],
    ["replaced here", [record(K1, "replaced")], [K1], false, "conflict"],
    ["revoked elsewhere here", [], [K1], true, "conflict"],
  ])("%s", (_, records, inKeyring, revoked, expected) => {
    const decided = decideKeyring(ALICE, K1, records, revoked, inKeyring);
    expect(typeof decided === "string" ? decided : decided.to).toBe(expected);
  });
});

describe("because K1 fell", () => {
  const fallen = (to: KeyState): KeyTransition => ({
    record: record(K1, "pinned"),
    identity: ALICE,
    publicKey: K1,
    to,
    kind: "drop",
    other: "",
  });
  const endorsed = { ...record(K2, "endorsed"), identity: CAROL, endorsedBy: K1 };
  const from = (
    publicKey: string,
    state: KeyState,
    rotatedFrom: string,
    again = false,
  ): KeyRecord => ({
    ...record(publicKey, state),
    rotatedFrom,
    again,
  });

  test.each<[string, KeyTransition, KeyRecord[], boolean, string[]]>([
    [
      "what it endorsed falls back",
      fallen("revoked"),
      [endorsed],
      false,
      [`K2 of ${CAROL} first-use by fall-back`],
    ],
    [
      "also if it was replaced",
      fallen("replaced"),
      [endorsed],
      false,
      [`K2 of ${CAROL} first-use by fall-back`],
    ],
    [
      "to known, if mails made it so",
      fallen("replaced"),
      [{ ...endorsed, again: true }],
      false,
      [`K2 of ${CAROL} known by fall-back`],
    ],
    ["not if it is pinned for somebody else", fallen("replaced"), [endorsed], true, []],
    [
      "not what another key endorsed",
      fallen("revoked"),
      [{ ...endorsed, endorsedBy: K3 }],
      false,
      [],
    ],
    [
      "not what a person has pinned since",
      fallen("revoked"),
      [{ ...endorsed, state: "pinned" }],
      false,
      [],
    ],
    [
      "what was rotated from it, if it is revoked",
      fallen("revoked"),
      [from(K2, "known", K1)],
      false,
      ["K2 first-use by fall-back"],
    ],
    ["not if it is merely replaced", fallen("replaced"), [from(K2, "known", K1)], false, []],
    [
      "what was rotated from that, too",
      fallen("revoked"),
      [from(K2, "replaced", K1), from(K3, "endorsed", K2)],
      false,
      ["K3 first-use by fall-back"],
    ],
    [
      "of several that came from it, each",
      fallen("revoked"),
      [from(K2, "known", K1), from(K3, "known", K1)],
      false,
      ["K2 first-use by fall-back", "K3 first-use by fall-back"],
    ],
    [
      "once, in a circle",
      fallen("revoked"),
      [from(K2, "known", K1), from(K1, "revoked", K2)],
      false,
      ["K2 first-use by fall-back"],
    ],
    ["not what mails made known", fallen("revoked"), [from(K2, "known", K1, true)], false, []],
    ["nor what came from no other", fallen("revoked"), [from(K2, "known", "")], false, []],
    ["nor what is on first use", fallen("revoked"), [from(K2, "first-use", K1)], false, []],
    [
      "nor what another person's key of that name came from",
      fallen("revoked"),
      [{ ...from(K2, "known", K3), identity: CAROL }],
      false,
      [],
    ],
    [
      "though pinned for somebody else, what was rotated from it",
      fallen("revoked"),
      [from(K2, "endorsed", K1)],
      true,
      ["K2 first-use by fall-back"],
    ],
  ])("%s", (_, transition, records, pinned, expected) => {
    expect(shown(fallBacks(transition, records, pinned))).toEqual(expected);
  });

  test("nobody is its endorser any more", () => {
    expect(fallBacks(fallen("revoked"), [endorsed], false)).toMatchObject([{ endorsedBy: "" }]);
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
