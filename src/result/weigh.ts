/**
 * What test results are worth (docs/spec/result.md, "What it counts for"): each by its key, and several together. A
 * result never changes the verdict on a patch.
 */

import type { KeyState } from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { type SignedResult, TEST_OUTCOMES, type TestResult } from "./text.ts";

/** What the key database knows of the key that signed a result, for the identity that the result claims. */
export interface ResultKey {
  /** Null if the database does not have the key. */
  readonly state: KeyState | null;
  /** The key is revoked, under this identity or any other. */
  readonly revoked: boolean;
  /** The user has accepted the key for results, alone or besides patches. */
  readonly forResults: boolean;
  /**
   * Of a replaced key: when it was replaced (seconds since the epoch, by our clock), and its state before. Else
   * null.
   */
  readonly replaced: { readonly at: number; readonly from: KeyState } | null;
}

/**
 * `counts`: the user has accepted the key for results. `claims`: it is shown, and decides nothing. `void`: the key is
 * revoked.
 */
export type ResultWorth = "counts" | "claims" | "void";

/**
 * What one result is worth.
 *
 * @param named identities whose pinned keys count, although they were accepted for patches only
 */
export function worthOf(
  { time, by }: Pick<TestResult, "time" | "by">,
  key: ResultKey,
  named: ReadonlySet<string> = new Set(),
): ResultWorth {
  if (key.revoked || key.state === "revoked") return "void";
  const state =
    key.state === "replaced" && key.replaced !== null && time <= key.replaced.at
      ? key.replaced.from
      : key.state;
  return state === "pinned" && (key.forResults || named.has(by)) ? "counts" : "claims";
}

/** The results of one key for one tree, test and environment. */
interface SignerAnswer {
  readonly publicKey: PublicKeyText;
  /** The result that holds: of the highest attempt, and of that, the latest. */
  readonly last: SignedResult;
  /** An earlier attempt failed, and the last one passed. */
  readonly flaky: boolean;
}

/** What several results say together. `disputed`: some keys say pass, others fail. `none`: no key says either. */
export interface Weighed {
  readonly answer: "pass" | "fail" | "disputed" | "none";
  /** By key and environment, in the order in which they were given. */
  readonly keys: readonly SignerAnswer[];
}

/** Weighs results that count, about one tree and test. There is no majority: passes do not outvote a failure. */
export function weigh(results: readonly SignedResult[]): Weighed {
  const groups = new Map<string, SignedResult[]>();
  for (const signed of results) {
    const { tree, test, rev, env, config } = signed.said;
    const name = JSON.stringify([signed.publicKey, tree, test, rev, env, config]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [signed]);
    else group.push(signed);
  }
  const keys = [...groups.values()].map(answerOf);
  const said = new Set(keys.map(({ last }) => last.said.result));
  const answer = said.has("pass")
    ? said.has("fail")
      ? "disputed"
      : "pass"
    : said.has("fail")
      ? "fail"
      : "none";
  return { answer, keys };
}

function answerOf(group: readonly SignedResult[]): SignerAnswer {
  const [last, ...earlier] = group.toSorted((a, b) => order(b.said, a.said));
  const failed = earlier.some(({ said }) => said.result === "fail" && said.run < last!.said.run);
  return { publicKey: last!.publicKey, last: last!, flaky: last!.said.result === "pass" && failed };
}

/** Ascending. Of two results of the same attempt and second, the worse one comes later. */
function order(a: TestResult, b: TestResult): number {
  const rank = ({ result }: TestResult): number => TEST_OUTCOMES.indexOf(result);
  return a.run - b.run || a.time - b.time || rank(b) - rank(a);
}
