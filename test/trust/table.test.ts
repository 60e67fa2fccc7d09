/** The table of docs/spec/trust.md: it is the code's, and each of its cells is what the store does. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { unseenKey } from "../../src/store/trust-rows.ts";
import { decideKeyring } from "../../src/trust/decide.ts";
import type { KeyRecord, KeyState } from "../../src/trust/record.ts";
import { ruleOn } from "../../src/trust/ruling.ts";
import type { Statement } from "../../src/trust/statement.ts";
import { type Cell, type TrustRow, STATES, TABLE } from "../../src/trust/table.ts";
import { sightingOf, temporaryDirectory } from "../store/support.ts";
import { ALICE, BOB, byMail, keyOf, says, TIME } from "./support.ts";

const PAGE = readFileSync(
  join(import.meta.dirname, "..", "..", "docs", "spec", "trust.md"),
  "utf8",
);

/** A cell as the page has it, as a word of the code. */
function word(text: string): string {
  if (text === "·") return "=";
  const italic = /^\*(\w+)\*$/.exec(text)?.[1];
  if (italic !== undefined && ["changed", "replaced", "revoked"].includes(italic))
    return italic.toUpperCase();
  return italic ?? text;
}

test("the table in docs/spec/trust.md is the code's", () => {
  const [head, ...rows] = /^\| event \| none \|.*\n\|[-|]+\n((?:\|.*\n)+)/m
    .exec(PAGE)![0]
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("|-"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  expect(head).toEqual(["event", ...STATES]);
  expect(Object.fromEntries(rows.map(([name, ...cells]) => [name!, cells.map(word)]))).toEqual(
    TABLE,
  );
});

let trust: TrustStore;
beforeEach(() => {
  trust = openTrustStore({ file: join(temporaryDirectory(), "trust.db") });
});
afterEach(() => trust.close());

const [K, OTHER, E] = [keyOf(1), keyOf(2), keyOf(3)];
let patch = 0;

/** Another series on another day. */
function see(key = K, identity = ALICE): string {
  const at = TIME + patch * 86_400;
  return judgeSighting(trust, sightingOf(key.text, `patch ${patch++}`, { identity, at })).trust;
}

function stateOf(key = K, identity = ALICE): KeyState | "none" {
  return trust.lookup(identity).find((record) => record.publicKey === key.text)?.state ?? "none";
}

/** What leads a key of an identity that has no other one to a state. */
const LEAD: Readonly<Record<string, () => void>> = {
  none: () => undefined,
  "first-use": () => void see(),
  known: () => void [see(), see()],
  endorsed: () => {
    trust.accept(BOB, E.text, TIME);
    trust.applyStatement(says(E, "endorse", K, { by: BOB }), byMail());
  },
  pinned: () => void trust.accept(ALICE, K.text, TIME),
  replaced: () => {
    trust.accept(ALICE, K.text, TIME);
    trust.accept(ALICE, keyOf(9).text, TIME);
    trust.drop(ALICE, keyOf(9).text, TIME);
  },
  revoked: () => void trust.drop(ALICE, K.text, TIME),
};

const IN_USE = ["first-use", "known", "endorsed", "pinned"];

/**
 * Makes the event happen; what came of it, as a word of the table. Null if the store cannot come
 * there: without an addition or a person's word an identity has one key in use at most.
 */
const EVENTS: Readonly<Record<TrustRow, (state: string) => string | null>> = {
  "sighting, no other key remembered": (state) => verdict(state, see()),
  "sighting, another key remembered": (state) => {
    trust.drop(ALICE, OTHER.text, TIME);
    return verdict(state, see());
  },
  accept: () => {
    try {
      trust.accept(ALICE, K.text, TIME);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return stateOf();
  },
  drop: () => {
    trust.drop(ALICE, K.text, TIME);
    return stateOf();
  },
  "rotation, the old key": () => {
    const { outcome } = trust.applyStatement(says(K, "rotate", OTHER), byMail());
    return outcome === "applied" ? stateOf() : outcome;
  },
  "addition, the first key": () => {
    const { outcome } = trust.applyStatement(says(K, "add", OTHER), byMail());
    if (outcome !== "applied") return outcome;
    expect(stateOf(OTHER)).toBe(stateOf() === "known" ? "known" : "endorsed");
    return stateOf();
  },
  "rotation or addition, the new key after a known one": (state) =>
    rotateTo(state, () => void [see(OTHER), see(OTHER)]),
  "rotation or addition, the new key after a better one": (state) =>
    rotateTo(state, () => void trust.accept(ALICE, OTHER.text, TIME)),
  "endorsement, no other key in use": () => endorse(),
  "endorsement, another key in use": (state) => {
    if (IN_USE.includes(state)) return null;
    trust.accept(ALICE, OTHER.text, TIME);
    return endorse();
  },
  revocation: () => {
    trust.applyStatement(says(K, "revoke", K), byMail());
    return see() === "revoked" ? "revoked" : "";
  },
  "keyring, no key in use that it lacks": () => keyring(),
  "keyring, a key in use that it lacks": (state) => {
    if (IN_USE.includes(state)) return null;
    trust.accept(ALICE, OTHER.text, TIME);
    return keyring();
  },
};

function verdict(before: string, trusted: string): string {
  if (["changed", "replaced", "revoked"].includes(trusted)) {
    expect(stateOf()).toBe(before);
    return trusted.toUpperCase();
  }
  expect(stateOf()).toBe(trusted);
  return trusted;
}

/** OTHER is rotated to K; only where K is not in use, since then OTHER cannot be. */
function rotateTo(state: string, lead: () => void): string | null {
  if (IN_USE.includes(state)) return null;
  if (trust.lookup(ALICE).length > 0 && stateOf(OTHER) === "none") {
    // records are there, so that a first use is none: a person begins, and mails go on
    trust.accept(ALICE, OTHER.text, TIME);
  } else lead();
  const before = stateOf(OTHER);
  const { outcome } = trust.applyStatement(says(OTHER, "rotate", K), byMail());
  if (outcome === "applied") {
    expect(stateOf(OTHER)).toBe("replaced");
    return stateOf();
  }
  expect(stateOf(OTHER)).toBe(before);
  return outcome;
}

function endorse(): string {
  trust.accept(BOB, E.text, TIME);
  const { outcome } = trust.applyStatement(says(E, "endorse", K, { by: BOB, time: 7 }), byMail());
  return outcome === "applied" || outcome === "repeated" ? stateOf() : outcome;
}

function keyring(): string {
  const cause = { cause: "keyring", at: TIME, messageId: "", source: "keyring" } as const;
  const outcome = trust.importKey(ALICE, K.text, cause, [K.text]);
  return outcome === "conflict" ? outcome : stateOf();
}

describe.each(Object.keys(EVENTS) as TrustRow[])("%s", (row) => {
  test.each(STATES.map((state, i) => [state, TABLE[row][i]!] as const))("%s: %s", (state, cell) => {
    LEAD[state]!();
    expect(stateOf()).toBe(state);
    const came = EVENTS[row](state);
    if (came === null) return expect(IN_USE).toContain(state);
    expect(came).toBe(cell === "=" ? state : cell);
    const inUse = trust
      .lookup(ALICE)
      .filter((record) => !["replaced", "revoked"].includes(record.state));
    const most = row.startsWith("addition") ? 2 : 1;
    expect(inUse.length).toBeLessThanOrEqual(most);
  });
});

test("an identity with 128 keys gets no more by statements", () => {
  const pinned = { ...unseenKey(BOB, E.text, TIME), state: "pinned" as const };
  const had = Array.from({ length: 128 }, (_, i) => ({
    ...unseenKey(ALICE, `${K.text.slice(0, 52)}${String(i).padStart(4, "0")}`, TIME),
    state: "revoked" as const,
  }));
  const rule = (subjects: readonly KeyRecord[]): string =>
    ruleOn(says(E, "endorse", K, { by: BOB }), {
      applied: false,
      signers: [pinned],
      subjects,
      signerRevoked: false,
      keyRevoked: false,
      everywhere: () => [],
    }).outcome;
  expect(rule(had.slice(1))).toBe("applied");
  expect(rule(had)).toBe("ignored");
  // one that is there already is no more
  const known = { ...unseenKey(ALICE, K.text, TIME), state: "known" as const };
  expect(rule([...had.slice(1), known])).toBe("applied");
});

describe("two keys of an identity in use", () => {
  const both = (state: string): KeyRecord[] => [
    { ...unseenKey(ALICE, K.text, TIME), state: state as KeyState },
    unseenKey(ALICE, OTHER.text, TIME),
    unseenKey(BOB, E.text, TIME),
  ];
  const of = (identity: string, records: KeyRecord[]): KeyRecord[] =>
    records.filter((record) => record.identity === identity);
  const rule = (statement: Statement, records: KeyRecord[]): string => {
    const { outcome, transitions } = ruleOn(statement, {
      applied: false,
      signers: of(statement.by, records),
      subjects: of(ALICE, records),
      signerRevoked: false,
      keyRevoked: false,
      everywhere: () => [],
    });
    return transitions.find(({ publicKey }) => publicKey === K.text)?.to ?? outcome;
  };

  test.each(IN_USE)("%s", (state) => {
    const column = STATES.indexOf(state);
    const same = (cell: Cell, otherwise: string): string => (cell === "=" ? otherwise : cell);
    const records = both(state);
    expect(decideKeyring(ALICE, K.text, of(ALICE, records), false, [K.text])).toBe(
      same(TABLE["keyring, a key in use that it lacks"][column]!, "same"),
    );
    expect(rule(says(E, "endorse", K, { by: BOB }), records)).toBe(
      same(TABLE["endorsement, another key in use"][column]!, "repeated"),
    );
    for (const [kind, otherwise] of [
      ["rotate", "applied"],
      ["add", "repeated"],
    ] as const)
      expect(rule(says(OTHER, kind, K), records)).toBe(
        same(TABLE["rotation or addition, the new key after a better one"][column]!, otherwise),
      );
    const known = records.map((record) =>
      record.publicKey === OTHER.text ? { ...record, state: "known" as const } : record,
    );
    expect(rule(says(OTHER, "rotate", K), known)).toBe(
      same(TABLE["rotation or addition, the new key after a known one"][column]!, "applied"),
    );
  });
});
