/** What a statement whose signatures are good changes: each rule of docs/spec/trust.md by itself. */

import { describe, expect, test } from "vitest";
import type { KeyRecord, KeyState, StatementKind } from "../../src/trust/record.ts";
import { unseenKey } from "../../src/store/trust-rows.ts";
import { ownRuling, type Ruling, ruleOn, type StatementStanding } from "../../src/trust/ruling.ts";
import type { Statement } from "../../src/trust/statement.ts";
import { ALICE, BOB, TIME } from "./support.ts";

const CAROL = "carol@example.org";
const [OLD, NEW, BOBS, THIRD] = ["RWOLD", "RWNEW", "RWBOB", "RWTHIRD"] as const;

function key(publicKey: string, state: KeyState, more: Partial<KeyRecord> = {}): KeyRecord {
  return { ...unseenKey(ALICE, publicKey, TIME), state, ...more };
}
const bobs = (state: KeyState): KeyRecord => key(BOBS, state, { identity: BOB });

function says(kind: StatementKind, signer: string, of = NEW as string, by = ALICE): Statement {
  return { kind, time: TIME, by, of: ALICE, key: of, signer, text: "", digest: Buffer.alloc(32) };
}

type Standing = Partial<Omit<StatementStanding, "everywhere">> & {
  readonly everywhere?: readonly KeyRecord[];
};

function standing({ everywhere = [], ...more }: Standing): StatementStanding {
  return {
    applied: false,
    signers: [],
    subjects: [],
    signerRevoked: false,
    keyRevoked: false,
    ...more,
    everywhere: () => everywhere,
  };
}

/** `applied: RWOLD replaced, RWNEW known` or `refused: why` */
function shown({ outcome, why, transitions }: Ruling): string {
  const changes = transitions.map(({ identity, publicKey, to }) =>
    identity === ALICE ? `${publicKey} ${to}` : `${publicKey} ${to} for ${identity}`,
  );
  expect(outcome === "applied" || transitions.length === 0).toBe(true);
  return `${outcome}: ${why === "" ? changes.join(", ") : why}`;
}

/** A statement of Alice's about her own keys, hers being these. */
const own = (statement: Statement, keys: readonly KeyRecord[], more: Standing = {}): string =>
  shown(ruleOn(statement, standing({ signers: keys, subjects: keys, ...more })));

const many = (count: number, state: KeyState): KeyRecord[] =>
  Array.from({ length: count }, (_, i) => key(`RW${i}`, state));

describe("a new key, named by an old one", () => {
  test.each<[string, () => string, string]>([
    [
      "a rotation from a known key",
      () => own(says("rotate", OLD), [key(OLD, "known")]),
      "applied: RWOLD replaced, RWNEW known",
    ],
    [
      "from an endorsed one",
      () => own(says("rotate", OLD), [key(OLD, "endorsed")]),
      "applied: RWOLD replaced, RWNEW endorsed",
    ],
    [
      "from a pinned one",
      () => own(says("rotate", OLD), [key(OLD, "pinned")]),
      "applied: RWOLD replaced, RWNEW endorsed",
    ],
    [
      "from one on first use",
      () => own(says("rotate", OLD), [key(OLD, "first-use")]),
      `ignored: the key of ${ALICE} is not known yet`,
    ],
    [
      "from a replaced one",
      () => own(says("rotate", OLD), [key(OLD, "replaced")]),
      `refused: it is signed by a replaced key of ${ALICE}`,
    ],
    [
      "from a revoked one",
      () => own(says("rotate", OLD), [key(OLD, "revoked")], { signerRevoked: true }),
      "refused: it is signed by a revoked key",
    ],
    [
      "from one that is revoked elsewhere",
      () => own(says("rotate", OLD), [key(OLD, "pinned")], { signerRevoked: true }),
      "refused: it is signed by a revoked key",
    ],
    [
      "from one of nobody's",
      () => own(says("rotate", OLD), []),
      `ignored: no key of ${ALICE} is known here`,
    ],
    [
      "from one that is not theirs",
      () => own(says("rotate", OLD), [key(THIRD, "pinned")]),
      `refused: it is not signed by the key of ${ALICE}`,
    ],
    [
      "to itself",
      () => own(says("rotate", OLD, OLD), [key(OLD, "known")]),
      "refused: it names the same key",
    ],
    [
      "to one in use",
      () => own(says("rotate", OLD), [key(OLD, "known"), key(NEW, "pinned")]),
      "applied: RWOLD replaced",
    ],
    [
      "to one on first use",
      () => own(says("rotate", OLD), [key(OLD, "known"), key(NEW, "first-use")]),
      "applied: RWOLD replaced, RWNEW known",
    ],
    [
      "to a replaced one",
      () => own(says("rotate", OLD), [key(OLD, "known"), key(NEW, "replaced")]),
      "refused: the new key is replaced",
    ],
    [
      "to one that is revoked elsewhere",
      () => own(says("rotate", OLD), [key(OLD, "known")], { keyRevoked: true }),
      "refused: the new key is revoked",
    ],
    [
      "a second time",
      () => own(says("rotate", OLD), [key(OLD, "replaced"), key(NEW, "known")], { applied: true }),
      "repeated: seen before",
    ],
    [
      "an addition by a known key",
      () => own(says("add", OLD), [key(OLD, "known")]),
      "applied: RWNEW known",
    ],
    [
      "by a pinned one",
      () => own(says("add", OLD), [key(OLD, "pinned")]),
      "applied: RWNEW endorsed",
    ],
    [
      "by one on first use",
      () => own(says("add", OLD), [key(OLD, "first-use")]),
      `ignored: the key of ${ALICE} is not known yet`,
    ],
    [
      "of one in use",
      () => own(says("add", OLD), [key(OLD, "known"), key(NEW, "known")]),
      "repeated: nothing new",
    ],
    [
      "of one that a keyring brought, whose first key is not here",
      () => own(says("add", OLD), [key(NEW, "pinned")]),
      "repeated: nothing new",
    ],
    [
      "the same, but signed by a revoked key",
      () => own(says("add", OLD), [key(NEW, "pinned")], { signerRevoked: true }),
      "refused: it is signed by a revoked key",
    ],
    [
      "the same, but replaced since",
      () => own(says("add", OLD), [key(NEW, "replaced")]),
      `refused: it is not signed by the key of ${ALICE}`,
    ],
    [
      "the ninth",
      () => own(says("add", OLD), [key(OLD, "known"), ...many(7, "known")]),
      `refused: ${ALICE} has 8 keys in use`,
    ],
    [
      "the eighth",
      () => own(says("add", OLD), [key(OLD, "known"), ...many(6, "known"), ...many(9, "replaced")]),
      "applied: RWNEW known",
    ],
    [
      "one of eight, on first use",
      () => own(says("add", OLD), [key(OLD, "known"), ...many(6, "known"), key(NEW, "first-use")]),
      "applied: RWNEW known",
    ],
    [
      "one of nine, on first use",
      () => own(says("add", OLD), [key(OLD, "known"), ...many(7, "known"), key(NEW, "first-use")]),
      "applied: RWNEW known",
    ],
    [
      "a rotation of one of eight",
      () => own(says("rotate", OLD), [key(OLD, "known"), ...many(7, "known")]),
      "applied: RWOLD replaced, RWNEW known",
    ],
    [
      "the 129th",
      () => own(says("rotate", OLD), [key(OLD, "known"), ...many(127, "replaced")]),
      `ignored: ${ALICE} has had 128 keys; a person can still accept another one`,
    ],
  ])("%s", (_, found, expected) => {
    expect(found()).toBe(expected);
  });

  test("is only for the address that the old one speaks for", () => {
    const of = { ...says("rotate", BOBS, NEW, BOB), of: ALICE };
    const found = ruleOn(of, standing({ signers: [bobs("pinned")] }));
    expect(shown(found)).toBe("refused: a key can name another one only for its own address");
  });

  test("comes from the old one, and inherits its endorser: a pinned one depends on nobody", () => {
    const arrival = (state: KeyState, endorsedBy: string) => {
      const keys = [key(OLD, state, { endorsedBy })];
      return ruleOn(says("add", OLD), standing({ signers: keys, subjects: keys })).transitions[0];
    };
    expect(arrival("endorsed", BOBS)).toMatchObject({
      endorsedBy: BOBS,
      rotatedFrom: OLD,
      other: OLD,
    });
    expect(arrival("pinned", BOBS)).toMatchObject({ endorsedBy: "", rotatedFrom: OLD });
  });
});

describe("an endorsement", () => {
  const endorsed = (subjects: readonly KeyRecord[], more: Standing = {}): Ruling =>
    ruleOn(
      says("endorse", BOBS, NEW, BOB),
      standing({ signers: [bobs("pinned")], subjects, ...more }),
    );

  test.each<[string, () => Ruling, string]>([
    ["of a key that nobody knows", () => endorsed([]), "applied: RWNEW endorsed"],
    ["of one on first use", () => endorsed([key(NEW, "first-use")]), "applied: RWNEW endorsed"],
    [
      "of that, beside another one in use",
      () => endorsed([key(NEW, "first-use"), key(OLD, "known")]),
      "applied: RWNEW endorsed",
    ],
    ["of an endorsed one", () => endorsed([key(NEW, "endorsed")]), "repeated: nothing new"],
    ["of a pinned one", () => endorsed([key(NEW, "pinned")]), "repeated: nothing new"],
    ["of a replaced one", () => endorsed([key(NEW, "replaced")]), "refused: the key is replaced"],
    [
      "of one that is revoked elsewhere",
      () => endorsed([], { keyRevoked: true }),
      "refused: the key is revoked",
    ],
    [
      "of a new one, beside another one in use",
      () => endorsed([key(OLD, "first-use")]),
      `ignored: another key of ${ALICE} is in use`,
    ],
    [
      "of a new one, after a replaced one",
      () => endorsed([key(OLD, "replaced")]),
      "applied: RWNEW endorsed",
    ],
    [
      "by a known key",
      () => endorsed([], { signers: [bobs("known")] }),
      `ignored: the key of ${BOB} is not pinned here`,
    ],
    [
      "by an endorsed one",
      () => endorsed([], { signers: [bobs("endorsed")] }),
      `ignored: the key of ${BOB} is not pinned here`,
    ],
    [
      "by a replaced one",
      () => endorsed([], { signers: [bobs("replaced")] }),
      `refused: it is signed by a replaced key of ${BOB}`,
    ],
    [
      "by one that is revoked elsewhere",
      () => endorsed([], { signerRevoked: true }),
      "refused: it is signed by a revoked key",
    ],
  ])("%s", (_, found, expected) => {
    expect(shown(found())).toBe(expected);
  });

  test("is one too many, if it is the 129th key", () => {
    const full = many(128, "replaced");
    const why = `${ALICE} has had 128 keys; a person can still accept another one`;
    expect(shown(endorsed(full))).toBe(`ignored: ${why}`);
    expect(shown(endorsed(full.slice(1)))).toBe("applied: RWNEW endorsed");
    expect(shown(endorsed([...full.slice(1), key(NEW, "first-use")]))).toBe(
      "applied: RWNEW endorsed",
    );
  });

  test("says who endorsed it", () => {
    expect(endorsed([]).transitions).toMatchObject([
      { endorsedBy: BOBS, other: BOBS, kind: "endorse" },
    ]);
  });
});

describe("a revocation", () => {
  const byBob = (subject: KeyRecord | null, more: Standing = {}): Ruling => {
    const subjects = subject === null ? [] : [subject];
    const terms = { signers: [bobs("pinned")], subjects, everywhere: subjects, ...more };
    return ruleOn(says("revoke", BOBS, NEW, BOB), standing(terms));
  };
  const itself = (everywhere: readonly KeyRecord[], more: Standing = {}): Ruling =>
    ruleOn(
      says("revoke", NEW),
      standing({ signers: everywhere, subjects: everywhere, everywhere, ...more }),
    );
  const hers = key(NEW, "endorsed", { endorsedBy: BOBS });
  const carols = (state: KeyState, endorsedBy = ""): KeyRecord =>
    key(NEW, state, { identity: CAROL, endorsedBy });

  test.each<[string, () => Ruling, string]>([
    ["by the key itself", () => itself([key(NEW, "pinned")]), "applied: RWNEW revoked"],
    [
      "by the key itself, under every address",
      () => itself([key(NEW, "known"), carols("pinned")]),
      `applied: RWNEW revoked, RWNEW revoked for ${CAROL}`,
    ],
    ["by a replaced key itself", () => itself([key(NEW, "replaced")]), "applied: RWNEW revoked"],
    ["by the key itself, which nobody knows: it is remembered", () => itself([]), "applied: "],
    [
      "by the key itself, again",
      () => itself([key(NEW, "revoked")], { keyRevoked: true, signerRevoked: true }),
      "repeated: nothing new",
    ],
    ["by its endorser", () => byBob(hers), "applied: RWNEW revoked"],
    ["by its endorser, again", () => byBob(hers, { keyRevoked: true }), "repeated: nothing new"],
    [
      "by its endorser, who is not pinned any more",
      () => byBob(hers, { signers: [bobs("known")] }),
      `ignored: the key of ${BOB} is not pinned here`,
    ],
    [
      "by its endorser, whose key is revoked",
      () => byBob(hers, { signerRevoked: true }),
      "refused: it is signed by a revoked key",
    ],
    [
      "by somebody else",
      () => byBob(key(NEW, "endorsed", { endorsedBy: THIRD })),
      `refused: ${BOB} has not endorsed that key of ${ALICE}`,
    ],
    [
      "of a key that is not here, by somebody else",
      () => byBob(null),
      `refused: ${BOB} has not endorsed that key of ${ALICE}`,
    ],
    [
      "by its endorser, where a person pinned it for another address",
      () => byBob(hers, { everywhere: [hers, carols("pinned")] }),
      `refused: others have confirmed that key, for ${CAROL}`,
    ],
    [
      "by its endorser, where another one endorsed it, too",
      () => byBob(hers, { everywhere: [hers, carols("endorsed", THIRD)] }),
      `refused: others have confirmed that key, for ${CAROL}`,
    ],
    [
      "by the endorser of both",
      () => byBob(hers, { everywhere: [hers, carols("endorsed", BOBS)] }),
      `applied: RWNEW revoked, RWNEW revoked for ${CAROL}`,
    ],
    [
      "by its endorser, where mails alone made it known",
      () => byBob(hers, { everywhere: [hers, carols("known")] }),
      `applied: RWNEW revoked, RWNEW revoked for ${CAROL}`,
    ],
  ])("%s", (_, found, expected) => {
    expect(shown(found())).toBe(expected);
  });
});

describe("the user's own statement counts as the user's decision", () => {
  const keys = [key(OLD, "known"), key(NEW, "first-use")];
  const ruled = (kind: StatementKind, more: Standing = {}): string =>
    shown(
      ownRuling(says(kind, OLD), standing({ subjects: keys, everywhere: [keys[1]!], ...more })),
    );

  test.each<[string, () => string, string]>([
    ["a rotation", () => ruled("rotate"), "applied: RWOLD replaced, RWNEW pinned"],
    ["an addition", () => ruled("add"), "applied: RWNEW pinned"],
    ["an endorsement", () => ruled("endorse"), "applied: RWOLD replaced, RWNEW pinned"],
    ["a revocation", () => ruled("revoke"), "applied: RWNEW revoked"],
    [
      "not of a revoked key",
      () => ruled("add", { keyRevoked: true }),
      "refused: the key is revoked",
    ],
  ])("%s", (_, found, expected) => {
    expect(found()).toBe(expected);
  });
});
