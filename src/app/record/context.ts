/** What the verdict on a commit depends on, besides its note: keys and the policy, as they are now. */

import type { CommitContext } from "../../record/judge.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { Pins } from "../../trust/pins.ts";
import type { Policy } from "../../verify/policy.ts";
import { decisionOn } from "../../verify/review.ts";

/**
 * Looks keys up, and stores none: whoever can push a note must not be able to bind a key to an address.
 *
 * @param at now, seconds since the epoch
 * @param tests finds what is known of tests on a tree
 */
export function commitContext(
  memory: TrustMemory,
  policy: Policy,
  pins: Pins,
  at: number,
  tests: CommitContext["testsOn"],
): CommitContext {
  const keys = new Map<string, ReturnType<CommitContext["keyOf"]>>();
  const signers = new Map<string, boolean>();
  return {
    policy,
    keyOf: (by, publicKey) =>
      remembered(keys, `${by} ${publicKey}`, () => decisionOn(memory, { by, publicKey }, pins, at)),
    signs: (identity) =>
      remembered(
        signers,
        identity,
        () => pins.keys.has(identity) || memory.lookup(identity).length > 0,
      ),
    testsOn: tests,
  };
}

/** Answers kept of each kind during a run; further keys and addresses are looked up each time. */
const MAX_REMEMBERED = 10_000;

function remembered<T>(known: Map<string, T>, name: string, find: () => T): T {
  const value = known.get(name) ?? find();
  if (known.size < MAX_REMEMBERED) known.set(name, value);
  return value;
}
