import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { trustFile } from "../../src/store/place.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { decide } from "../../src/trust/decide.ts";
import { sightingDigest } from "../../src/trust/sighting.ts";
import { describeBackends, openPlace, type Place } from "./backends.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const ALICE = "alice@example.org";
const NOW = 1_790_000_000;
/** When another series makes a key known. */
const LATER = NOW + 86_400;

const K1 = someKey();
const K2 = someKey();
const K3 = someKey();

describeBackends(({ name, newPlace, sql, dump }) => {
  let place: Place;
  let trust: TrustStore;

  beforeEach(() => {
    place = newPlace();
    trust = openPlace(place);
    return () => trust.close();
  });

  /** What another process sees. */
  function reopened<T>(look: (other: TrustStore) => T): T {
    const other = openPlace(place);
    try {
      return look(other);
    } finally {
      other.close();
    }
  }

  describe("a key after first use", () => {
    test("is remembered with the mail it was seen in", () => {
      expect(judgeSighting(trust, sightingOf(K1, "one")).trust).toBe("first-use");
      expect(reopened((other) => other.lookup(ALICE))).toEqual([
        {
          identity: ALICE,
          publicKey: K1,
          state: "first-use",
          origin: "mail",
          firstSeen: NOW,
          lastSeen: NOW,
          firstMessageId: "one@example.org",
          firstList: "git.vger.kernel.org",
          lastMessageId: "one@example.org",
          patches: 1,
          applied: 0,
          endorsedBy: "",
          rotatedFrom: "",
          firstSeries: "one",
          again: false,
        },
      ]);
    });

    test("stays first use however often the same patch comes", () => {
      for (let i = 0; i < 3; i++) {
        expect(judgeSighting(trust, sightingOf(K1, "one", { at: NOW + i })).trust).toBe(
          "first-use",
        );
      }
      expect(trust.lookup(ALICE)[0]).toMatchObject({ state: "first-use", patches: 1 });
      expect(trust.events(ALICE)).toHaveLength(1);
    });

    test("does not become known by more patches on that day, nor by the same series on another", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      for (const more of [{ at: LATER - 1 }, { at: LATER, series: "one" }])
        expect(judgeSighting(trust, sightingOf(K1, `two ${more.at}`, more)).trust).toBe(
          "first-use",
        );
      expect(trust.lookup(ALICE)[0]).toMatchObject({
        state: "first-use",
        patches: 3,
        again: false,
      });
    });

    test("becomes known by another series on another day; each patch counts once", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      for (const text of ["two", "three", "two"]) {
        const again = sightingOf(K1, text, { at: LATER });
        expect(judgeSighting(trust, again).trust).toBe("known");
      }
      expect(trust.lookup(ALICE)[0]).toMatchObject({
        state: "known",
        patches: 3,
        firstSeen: NOW,
        lastSeen: LATER,
        again: true,
        lastMessageId: "three@example.org",
      });
      expect(trust.events(ALICE).map((event) => event.kind)).toEqual(["first-use", "confirm"]);
    });

    test("is never overwritten by another key, which is logged", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      for (const text of ["a", "b"]) {
        const decision = judgeSighting(trust, sightingOf(K2, text));
        expect(decision.trust).toBe("changed");
        expect(decision.others.map((record) => record.publicKey)).toEqual([K1]);
      }
      expect(trust.lookup(ALICE).map((record) => record.publicKey)).toEqual([K1]);
      expect(trust.events(ALICE).at(-1)).toMatchObject({
        kind: "changed",
        publicKey: K2,
        from: null,
        to: null,
        cause: "mail",
        messageId: "a@example.org",
      });
      expect(trust.events(ALICE)).toHaveLength(2);
    });

    test("of one identity does not affect another identity", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      expect(
        judgeSighting(trust, sightingOf(K2, "one", { identity: "bob@example.org" })).trust,
      ).toBe("first-use");
    });

    test("counts applied patches", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      trust.countApplied(ALICE, K1, 3);
      trust.countApplied(ALICE, K2, 3);
      expect(reopened((other) => other.lookup(ALICE))).toMatchObject([{ applied: 3 }]);
    });

    test("long text from a mail is truncated", () => {
      judgeSighting(
        trust,
        sightingOf(K1, "one", { messageId: "m".repeat(5000), list: "l".repeat(5000) }),
      );
      const [record] = trust.lookup(ALICE);
      expect(record?.firstMessageId).toHaveLength(250);
      expect(record?.firstList).toHaveLength(250);
    });
  });

  test("a revoked key is revoked for every identity", () => {
    judgeSighting(trust, sightingOf(K1, "one"));
    sql(place, "update keys set state = 'revoked'");
    expect(judgeSighting(trust, sightingOf(K1, "two")).trust).toBe("revoked");
    expect(judgeSighting(trust, sightingOf(K1, "two", { identity: "eve@example.org" })).trust).toBe(
      "revoked",
    );
    expect(trust.lookup("eve@example.org")).toEqual([]);
    expect(judgeSighting(trust, sightingOf(K2, "three")).trust).toBe("changed");
    expect(() => trust.accept(ALICE, K1, NOW)).toThrow(
      expect.objectContaining({ code: "refused" }),
    );
  });

  describe("compare-and-set", () => {
    test("of two simultaneous first uses one is refused", () => {
      const [a, b] = [sightingOf(K1, "a"), sightingOf(K2, "b")].map((sighting) =>
        decide(sighting, trust.keyHistory(sighting), true),
      );
      expect([a?.trust, b?.trust]).toEqual(["first-use", "first-use"]);
      expect(reopened((other) => other.apply(a!.change!))).toBe("applied");
      expect(trust.apply(b!.change!)).toBe("conflict");
      expect(judgeSighting(trust, sightingOf(K2, "b")).trust).toBe("changed");
    });

    test("a key revoked meanwhile is not counted", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      const { change } = decide(
        sightingOf(K1, "two"),
        trust.keyHistory(sightingOf(K1, "two")),
        true,
      );
      sql(place, "update keys set state = 'revoked'");
      expect(trust.apply(change!)).toBe("conflict");
      expect(judgeSighting(trust, sightingOf(K1, "two")).trust).toBe("revoked");
    });

    test("a key made known by another process does not become known twice", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      const two = sightingOf(K1, "two", { at: LATER });
      const stale = decide(two, trust.keyHistory(two), true);
      reopened((other) => judgeSighting(other, sightingOf(K1, "three", { at: LATER })));
      expect(trust.apply(stale.change!)).toBe("conflict");
      expect(trust.lookup(ALICE)[0]).toMatchObject({ state: "known", patches: 2 });
    });

    test("a transaction sees earlier writes of others", () => {
      trust.transaction(() => judgeSighting(trust, sightingOf(K1, "one")));
      reopened((other) => other.accept(ALICE, K2, NOW));
      expect(trust.transaction(() => judgeSighting(trust, sightingOf(K1, "two")).trust)).toBe(
        "replaced",
      );
      expect(trust.transaction(() => judgeSighting(trust, sightingOf(K2, "two")).trust)).toBe(
        "pinned",
      );
    });
  });

  describe("transactions", () => {
    test("are written at once", () => {
      const decisions = trust.transaction(() => {
        const decided = ["one", "two", "one"].map(
          (text, i) => judgeSighting(trust, sightingOf(K1, text, { at: NOW + i * 86_400 })).trust,
        );
        trust.countUnsigned("bob@example.org", sightingDigest("bob@example.org", null, "x"), NOW);
        return decided;
      });
      expect(decisions).toEqual(["first-use", "known", "known"]);
      reopened((other) => {
        expect(other.lookup(ALICE)).toMatchObject([{ state: "known", patches: 2 }]);
        expect(other.unsignedSeen("bob@example.org")?.patches).toBe(1);
      });
    });

    test("are rolled back if the work throws", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      const work = (): void => {
        judgeSighting(trust, sightingOf(K1, "two", { at: LATER }));
        judgeSighting(trust, sightingOf(K3, "three", { identity: "bob@example.org" }));
        throw new RangeError("no");
      };
      expect(() => trust.transaction(work)).toThrow(RangeError);
      expect(trust.lookup(ALICE)).toMatchObject([{ state: "first-use", patches: 1 }]);
      expect(trust.lookup("bob@example.org")).toEqual([]);
      // the patch was not counted, so it counts now
      expect(judgeSighting(trust, sightingOf(K1, "two", { at: LATER })).trust).toBe("known");
    });
  });

  test("unsigned patches are counted once each", () => {
    expect(trust.unsignedSeen(ALICE)).toBeNull();
    for (const [text, at] of [
      ["a", 10],
      ["b", 30],
      ["a", 40],
      ["c", 20],
    ] as const) {
      trust.countUnsigned(ALICE, sightingDigest(ALICE, null, text), at);
    }
    const seen = { identity: ALICE, firstSeen: 10, lastSeen: 30, patches: 3 };
    expect(trust.unsignedSeen(ALICE)).toEqual(seen);
    expect(reopened((other) => other.unsignedSeen(ALICE))).toEqual(seen);
  });

  describe("accept", () => {
    test("pins the new key, replaces the old one, and keeps the history", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      judgeSighting(trust, sightingOf(K2, "two"));
      const accepted = trust.accept(ALICE, K2, NOW + 1);
      expect(accepted.record).toMatchObject({ publicKey: K2, state: "pinned", origin: "person" });
      expect(accepted.replaced.map((record) => record.publicKey)).toEqual([K1]);
      expect(trust.events(ALICE).map((event) => [event.kind, event.from, event.to])).toEqual([
        ["first-use", null, "first-use"],
        ["changed", null, null],
        ["replace", "first-use", "replaced"],
        ["accept", null, "pinned"],
      ]);
      expect(judgeSighting(trust, sightingOf(K2, "three")).trust).toBe("pinned");
      expect(judgeSighting(trust, sightingOf(K1, "four")).trust).toBe("replaced");
    });

    test("takes a key never seen before, if given in full", () => {
      expect(trust.accept(ALICE, K3, NOW).record).toMatchObject({ patches: 0, state: "pinned" });
      expect(judgeSighting(trust, sightingOf(K3, "one")).trust).toBe("pinned");
    });

    test("pins a known key, and does nothing the second time", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      trust.accept(ALICE, K1, NOW);
      trust.accept(ALICE, K1, NOW + 9);
      expect(trust.lookup(ALICE)).toMatchObject([{ state: "pinned", origin: "mail", patches: 1 }]);
      expect(trust.events(ALICE).map((event) => event.kind)).toEqual(["first-use", "accept"]);
    });

    test("takes an abbreviated changed key if it is long enough and unique", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      judgeSighting(trust, sightingOf(K2, "two"));
      expect(trust.accept(ALICE, K2.slice(0, 28), NOW).record.publicKey).toBe(K2);
    });

    test("never takes a key ID alone: the key's owner chooses it", () => {
      const forged = K2.slice(0, 30) + K3.slice(30);
      judgeSighting(trust, sightingOf(K1, "one"));
      judgeSighting(trust, sightingOf(K2, "two"));
      judgeSighting(trust, sightingOf(forged, "three"));
      for (const key of [
        K2.slice(0, 27),
        K2.slice(0, 30),
        K3.slice(0, 40),
        K1.slice(0, 40),
        "",
        `${K2}=`,
        `x${K2.slice(1)}`,
      ]) {
        expect(() => trust.accept(ALICE, key, NOW), key).toThrow(
          expect.objectContaining({ code: "bad-key" }),
        );
      }
      expect(trust.accept(ALICE, K2.slice(0, 40), NOW).record.publicKey).toBe(K2);
    });
  });

  test("list and show", () => {
    judgeSighting(trust, sightingOf(K1, "one", { identity: "bob@example.org" }));
    judgeSighting(trust, sightingOf(K1, "one"));
    judgeSighting(trust, sightingOf(K2, "two"));
    trust.countUnsigned(ALICE, sightingDigest(ALICE, null, "x"), NOW);
    expect([...trust.list()].map((record) => record.identity)).toEqual([ALICE, "bob@example.org"]);
    for (const _ of trust.list()) break;
    expect(trust.show(ALICE)).toMatchObject({
      identity: ALICE,
      keys: [{ publicKey: K1 }],
      unsigned: { patches: 1 },
      events: [{ kind: "first-use" }, { kind: "changed", publicKey: K2 }],
    });
    expect(trust.show("nobody@example.org")).toBeNull();
  });

  /** All that there is: with SQLite every file in the folder, its time, and the bytes of the database. */
  function everything(): unknown {
    if (name === "postgres") return dump(place);
    const folder = path.dirname(place.own);
    const files = readdirSync(folder).map((file) => {
      const { mtimeMs, size } = statSync(path.join(folder, file));
      return [file, size, mtimeMs];
    });
    return [files, readFileSync(place.own).toString("latin1")];
  }

  describe("a dry run", () => {
    test("decides as if it wrote, and writes nothing", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      trust.close();
      const before = everything();
      const dry = openPlace(place, { dryRun: true });
      expect(judgeSighting(dry, sightingOf(K1, "one")).trust).toBe("first-use");
      expect(judgeSighting(dry, sightingOf(K1, "two", { at: LATER })).trust).toBe("known");
      expect(judgeSighting(dry, sightingOf(K2, "two")).trust).toBe("changed");
      const bob = { identity: "bob@example.org" };
      expect(judgeSighting(dry, sightingOf(K3, "a", bob)).trust).toBe("first-use");
      expect(judgeSighting(dry, sightingOf(K3, "a", bob)).trust).toBe("first-use");
      expect(judgeSighting(dry, sightingOf(K3, "b", { ...bob, at: LATER })).trust).toBe("known");
      expect(dry.transaction(() => judgeSighting(dry, sightingOf(K2, "c", bob)).trust)).toBe(
        "changed",
      );
      dry.countUnsigned(ALICE, sightingDigest(ALICE, null, "x"), NOW);
      dry.countUnsigned(ALICE, sightingDigest(ALICE, null, "x"), NOW);
      expect(dry.unsignedSeen(ALICE)?.patches).toBe(1);
      expect(dry.accept("bob@example.org", K2, NOW).replaced).toHaveLength(1);
      dry.close();
      expect(everything()).toEqual(before);
      trust = openPlace(place);
      expect(trust.lookup("bob@example.org")).toEqual([]);
    });

    test.runIf(name === "sqlite")("without a file sees an empty database, and creates none", () => {
      const missing = path.join(temporaryDirectory(), "no", "trust.db");
      const dry = openTrustStore({ file: missing, dryRun: true });
      expect(judgeSighting(dry, sightingOf(K1, "one")).trust).toBe("first-use");
      expect(judgeSighting(dry, sightingOf(K1, "two", { at: LATER })).trust).toBe("known");
      expect([...dry.list()]).toEqual([]);
      dry.close();
      expect(existsSync(path.dirname(missing))).toBe(false);
    });

    test("sees what others write meanwhile", () => {
      judgeSighting(trust, sightingOf(K1, "one"));
      const beside = openPlace(place, { dryRun: true });
      expect(beside.lookup(ALICE)).toHaveLength(1);
      judgeSighting(trust, sightingOf(K1, "one", { identity: "bob@example.org" }));
      expect(beside.lookup("bob@example.org")).toHaveLength(1);
      beside.close();
      trust.close();
      const alone = openPlace(place, { dryRun: true });
      expect(alone.lookup("carol@example.org")).toHaveLength(0);
      reopened((other) =>
        judgeSighting(other, sightingOf(K1, "one", { identity: "dave@example.org" })),
      );
      expect(alone.lookup("dave@example.org")).toHaveLength(1);
      alone.close();
      trust = openPlace(place);
    });
  });

  test("cursors are stored, found by prefix, and deleted", () => {
    const names = ["a/", "a/%", "a/1", "a/\u{10fffe}", "a0", "A/1", "b"];
    trust.moveCursors(new Map(names.map((name) => [name, "old"])));
    trust.moveCursors(new Map([["a/1", ""]]));
    expect(reopened((other) => ["a/1", "a/%", "c"].map((name) => other.cursor(name)))).toEqual([
      "",
      "old",
      null,
    ]);
    expect(trust.cursorsBelow("a/")).toEqual(names.slice(0, 4));
    const alone = openPlace(place, { dryRun: true });
    alone.moveCursors(new Map([["a/1", "new"]]));
    expect(alone.cursor("a/1")).toBe("");
    alone.dropCursors(names);
    alone.close();
    trust.dropCursors(["a/%", "a/", "c"]);
    expect(reopened((other) => other.cursorsBelow("a"))).toEqual(["a/1", "a/\u{10fffe}", "a0"]);
  });
});

test("the default path", () => {
  expect(trustFile({ XDG_DATA_HOME: "/data" }, () => "/home/a")).toBe("/data/patchsig/trust.db");
  for (const env of [{}, { XDG_DATA_HOME: "" }, { XDG_DATA_HOME: "not/absolute" }]) {
    expect(trustFile(env, () => "/home/a")).toBe("/home/a/.local/share/patchsig/trust.db");
  }
});
