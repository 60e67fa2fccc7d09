/** What is remembered of a good signature: no more than the policy admits. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { join } from "node:path";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { DAY } from "../../src/primitives/time.ts";
import { sightingOf, someKey, temporaryDirectory } from "../store/support.ts";
import { ALICE } from "./support.ts";

const [A, B] = [someKey(), someKey()];
const AT = 1_790_000_000;
let trust: TrustStore;
beforeEach(() => {
  trust = openTrustStore({ file: join(temporaryDirectory(), "trust.db") });
});
afterEach(() => trust.close());

const never = (): boolean => false;
const states = (): string[] =>
  trust.lookup(ALICE).map(({ state, patches }) => `${state} ${patches}`);

test("a patch that fails leaves nothing", () => {
  judgeSighting(trust, sightingOf(A, "one"), true, never);
  expect(states()).toEqual([]);
});

test("nor does it count for a key that is known", () => {
  judgeSighting(trust, sightingOf(A, "one"));
  judgeSighting(trust, sightingOf(A, "two", { at: AT + DAY }), true, never);
  expect(states()).toEqual(["first-use 1"]);
  judgeSighting(trust, sightingOf(A, "two", { at: AT + DAY }));
  expect(states()).toEqual(["known 2"]);
});

test("another key that was seen is remembered, though its patch fails", () => {
  judgeSighting(trust, sightingOf(A, "one"));
  expect(judgeSighting(trust, sightingOf(B, "two"), true, never).trust).toBe("changed");
  expect(states()).toEqual(["first-use 1"]);
  expect(trust.changedKey(ALICE, B, AT + 1).since).toBe(AT);
});

test("a policy that does not admit first use lets no key become known", () => {
  judgeSighting(trust, sightingOf(A, "one"));
  const decision = judgeSighting(trust, sightingOf(A, "two", { at: AT + DAY }), false);
  expect(decision.trust).toBe("known");
  expect(states()).toEqual(["first-use 2"]);
});

test("of the other people with a changed key, three are named", () => {
  judgeSighting(trust, sightingOf(A, "one"));
  for (const other of ["b", "c", "d", "e"])
    judgeSighting(trust, { ...sightingOf(B, other), identity: `${other}@example.org` });
  expect(trust.changedKey(ALICE, B, AT).elsewhere.map(({ identity }) => identity)).toEqual([
    "b@example.org",
    "c@example.org",
    "d@example.org",
  ]);
});
