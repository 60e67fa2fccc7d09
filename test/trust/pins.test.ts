/** What a repository's own keyring says of a key, and what it does not overrule. */

import { describe, expect, test } from "vitest";
import { unseenKey } from "../../src/store/trust-rows.ts";
import { decide, type Decision } from "../../src/trust/decide.ts";
import type { Keyring } from "../../src/trust/keyring.ts";
import { NO_PINS, type Pins, pinsOf, refusedByPins, withPins } from "../../src/trust/pins.ts";
import type { KeyRecord, KeyState, StatementKind } from "../../src/trust/record.ts";
import { sightingOf } from "../store/support.ts";
import { ALICE, BOB, keyOf, says, TIME } from "./support.ts";

const [A, B, C] = [keyOf(1), keyOf(2), keyOf(3)];
const record = (key: string, state: KeyState): KeyRecord => ({
  ...unseenKey(ALICE, key, TIME),
  state,
});

function keyring(keys: Record<string, string[]>, statements: Keyring["statements"] = []): Keyring {
  const none = { keys: new Map(), files: new Map() };
  const its = new Map(Object.entries(keys));
  return { keys: its, files: new Map(), results: none, statements, problems: [] };
}

describe("several keyrings", () => {
  test("the first one that has an address counts for it", () => {
    const { keys } = pinsOf([
      keyring({ [ALICE]: [A.text] }),
      keyring({ [ALICE]: [B.text], [BOB]: [B.text] }),
    ]);
    expect([...keys]).toEqual([
      [ALICE, [A.text]],
      [BOB, [B.text]],
    ]);
  });

  test.each<[StatementKind, typeof A, boolean]>([
    ["revoke", A, true],
    ["revoke", B, false],
    ["rotate", A, false],
    ["endorse", A, false],
  ])("%s, said of a key: revoked only if it says so of itself", (kind, of, revoked) => {
    const { revoked: found } = pinsOf([keyring({}, [says(A, kind, of)])]);
    expect([...found]).toEqual(revoked ? [A.text] : []);
  });
});

const PINS = pinsOf([keyring({ [ALICE]: [A.text, B.text] })]);
const REVOKED: Pins = { ...PINS, revoked: new Set([A.text]) };

describe("a key of somebody whom the keyring has", () => {
  const refused = (pins: Pins, key: string, records: readonly KeyRecord[]): string => {
    const decision = refusedByPins(pins, sightingOf(key, "x"), records);
    return decision === null ? "not refused" : decision.trust;
  };

  test.each<[string, Pins, string, readonly KeyRecord[], string]>([
    ["one of its keys", PINS, A.text, [], "not refused"],
    ["another one, nothing in use here", PINS, C.text, [], "changed"],
    ["another one, a replaced one here", PINS, C.text, [record(A.text, "replaced")], "changed"],
    ["another one, which is in use here", PINS, C.text, [record(C.text, "known")], "not refused"],
    [
      "another one, and the user has one in use",
      PINS,
      C.text,
      [record(B.text, "first-use")],
      "not refused",
    ],
    ["one that revoked itself", REVOKED, A.text, [record(A.text, "pinned")], "revoked"],
    ["any, without a keyring", NO_PINS, C.text, [], "not refused"],
  ])("%s", (_, pins, key, records, expected) => {
    expect(refused(pins, key, records)).toBe(expected);
  });

  test("names the keys that were expected, and changes nothing", () => {
    const decision = refusedByPins(PINS, sightingOf(C.text, "x"), []);
    expect(decision).toMatchObject({
      change: null,
      others: [
        { publicKey: A.text, state: "pinned", identity: ALICE, patches: 0, applied: 0 },
        { publicKey: B.text, state: "pinned" },
      ],
    });
  });
});

describe("a key that the keyring has", () => {
  const decided = (key: string, records: readonly KeyRecord[], pins = PINS): Decision => {
    const history = { records, revoked: false, tainted: true };
    return withPins(
      pins,
      sightingOf(key, "x", { at: TIME }),
      decide(sightingOf(key, "x"), history, true),
    );
  };

  test.each<[KeyState, Decision["trust"]]>([
    ["first-use", "pinned"],
    ["known", "pinned"],
    ["endorsed", "pinned"],
    ["pinned", "pinned"],
    ["replaced", "replaced"],
    ["revoked", "revoked"],
  ])("%s in the database: %s", (state, trust) => {
    expect(decided(A.text, [record(A.text, state)]).trust).toBe(trust);
  });

  test("counts as pinned if it is new, with nothing that taints it", () => {
    expect(decided(A.text, [])).toMatchObject({
      trust: "pinned",
      tainted: false,
      record: { state: "pinned", firstSeen: TIME, patches: 0 },
    });
  });

  test("does not if another key of the user's is in use", () => {
    expect(decided(A.text, [record(C.text, "known")]).trust).toBe("changed");
  });

  test("does not for anybody else, nor does a key that the keyring lacks", () => {
    expect(decided(C.text, [record(C.text, "known")]).trust).toBe("known");
    expect(decided(A.text, [], pinsOf([keyring({ [BOB]: [A.text] })])).trust).toBe("first-use");
  });
});
