/**
 * What test results are worth (docs/spec/result.md, "What it counts for"): by whose key, and together. A result
 * never changes what is said of a patch.
 */

import type { KeyState } from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { type SignedResult, TEST_OUTCOMES, type TestResult } from "./text.ts";

/** What the key database knows of the key that signed a result, under the identity that it claims. */
export interface ResultKey {
  /** Null if it is not remembered. */
  readonly state: KeyState | null;
  /** Under this identity or any other. */
  readonly revoked: boolean;
  /** A person has accepted it for results, alone or with patches. */
  readonly forResults: boolean;
  /** Of a replaced key: when it was, in seconds by the verifier's clock, and its state until then. */
  readonly replaced: { readonly at: number; readonly from: KeyState } | null;
}

/**
 * `counts`: a person has confirmed the key for results. `claims`: shown, and no more. `void`: the key is revoked.
 */
export type ResultWorth = "counts" | "claims" | "void";

/**
 * @param named identities whose pinned keys count though they were accepted for patches
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

/** What one key says of one tree, test and environment. */
interface SignerAnswer {
  readonly publicKey: PublicKeyText;
  /** Its last word: of the highest run, and of that the latest. */
  readonly last: SignedResult;
  /** An earlier run failed, and the last one passed. */
  readonly flaky: boolean;
}

/**
 * What several results say together. `disputed`: some pass and some fail. `none`: there is none, or none that has a
 * verdict.
 */
export interface Weighed {
  readonly answer: "pass" | "fail" | "disputed" | "none";
  /** By key and environment, in the order in which they were given. */
  readonly keys: readonly SignerAnswer[];
}

/**
 * Weighs results of one tree and test, all of which count. There is no majority: one that fails is not outvoted.
 */
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

/** Of two of one run and second, the worse one is the last word. */
function order(a: TestResult, b: TestResult): number {
  const rank = ({ result }: TestResult): number => TEST_OUTCOMES.indexOf(result);
  return a.run - b.run || a.time - b.time || rank(b) - rank(a);
}
