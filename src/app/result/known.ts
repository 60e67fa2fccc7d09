/**
 * What the user's index knows of tests on trees, for commands whose subject is something else. They cost nothing
 * where there is no index, or none with results; and what is wrong with the index is said once, and fails nothing.
 */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { type Repository, treeNamed } from "../../git/repository.ts";
import { indexFile } from "../../places.ts";
import { testsOn, type TreeTests, type WeighedResult } from "../../result/about.ts";
import type { SignedResult, TestResult } from "../../result/text.ts";
import { type ResultKey, worthOf } from "../../result/weigh.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { type IsWithdrawn, withdrawals } from "../feed/followed.ts";
import type { Reporter } from "../reporter.ts";
import { withUserTrust } from "../trust/user-trust.ts";

/** Of one key, of one tree or list of patches. */
const MAX_RESULTS = 10_000;

/** An index with results, and which of them feeds have withdrawn. */
interface ReadableIndex {
  readonly index: IndexStore;
  readonly isWithdrawn: IsWithdrawn;
}

/** Whoever opened it closes it. */
export class KnownTests {
  readonly #index: IndexStore;
  readonly #trust: Pick<TrustStore, "results">;
  readonly #keys: readonly string[];
  readonly #isWithdrawn: IsWithdrawn;

  constructor({ index, isWithdrawn }: ReadableIndex, trust: Pick<TrustStore, "results">) {
    this.#index = index;
    this.#isWithdrawn = isWithdrawn;
    this.#trust = trust;
    this.#keys = resultKeysOf(trust);
  }

  /** Results of a tree, those of accepted keys first. */
  on(tree: string): WeighedResult[] {
    return this.#weighed(this.#index.resultsOn(tree, this.#keys, MAX_RESULTS));
  }

  /**
   * @param tree null if it is not known
   * @param patches `patchesDigest` of them; null if there are none
   */
  about(tree: string | null, patches: string | null): TreeTests | null {
    const same = patches === null ? [] : this.#ofPatches(patches);
    const here = tree === null ? [] : this.on(tree);
    return testsOn(tree, [...here, ...same.filter(({ signed }) => signed.said.tree !== tree)]);
  }

  /** On the tree of a branch that is here; null also if it is not. */
  async aboutBranch(repository: Repository, branch: string): Promise<TreeTests | null> {
    return this.about(await treeNamed(repository, `refs/heads/${branch}`), null);
  }

  /** Is there a result of these patches, on whatever tree? */
  hasPatches(patches: string): boolean {
    return this.#index.hasResultsOf(patches);
  }

  /** Is there a result that names no patches, so that it may be about any? */
  get hasUnbound(): boolean {
    return this.hasPatches("");
  }

  close(): void {
    this.#index.close();
  }

  #ofPatches(patches: string): WeighedResult[] {
    return this.#weighed(this.#index.resultsOfPatches(patches, this.#keys, MAX_RESULTS));
  }

  #weighed(rows: readonly StoredResult[]): WeighedResult[] {
    const weigh = weigher(this.#trust);
    return rows
      .filter((row) => !this.#isWithdrawn(row))
      .map(({ said, publicKey, text, minisig }) =>
        weigh({ said: JSON.parse(said) as TestResult, publicKey, text, minisig }),
      );
  }
}

/** Null where no result is known. Nothing is written. */
export async function openKnownTests(
  trust: Pick<TrustStore, "results">,
  say: Reporter["say"],
): Promise<KnownTests | null> {
  const found = await openIndex(say);
  return found === null ? null : new KnownTests(found, trust);
}

/** The same by the user's own key database, which is not opened where no result is known. */
export async function withKnownTests<T>(
  say: Reporter["say"],
  work: (known: KnownTests | null) => Promise<T>,
): Promise<T> {
  const found = await openIndex(say);
  if (found === null) return work(null);
  try {
    return await withUserTrust(true, (trust) => work(new KnownTests(found, trust)));
  } finally {
    found.index.close();
  }
}

async function openIndex(say: Reporter["say"]): Promise<ReadableIndex | null> {
  const file = indexFile(process.env);
  if (!existsSync(file)) return null;
  try {
    const { IndexStore: Store } = await import("../../store/index-store.ts");
    const isWithdrawn = withdrawals();
    const index = new Store(file, true);
    if (index.hasResults()) return { index, isWithdrawn };
    index.close();
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    say(`note: test results are not looked up: ${error.message}`);
  }
  return null;
}

/** A result with what its key is worth now. */
export function weighed(signed: SignedResult, trust: Pick<TrustStore, "results">): WeighedResult {
  const { said, publicKey } = signed;
  return { signed, worth: worthOf(said, trust.results.of(said.by, publicKey)) };
}

/** The same for many: each key is looked up once. */
export function weigher(
  trust: Pick<TrustStore, "results">,
): (signed: SignedResult) => WeighedResult {
  const keys = new Map<string, ResultKey>();
  return (signed) => {
    const { said, publicKey } = signed;
    const name = `${publicKey} ${said.by}`;
    const key = keys.get(name) ?? trust.results.of(said.by, publicKey);
    keys.set(name, key);
    return { signed, worth: worthOf(said, key) };
  };
}

/** The keys whose results are read first: whoever sends many others hides none of theirs. */
export function resultKeysOf(trust: Pick<TrustStore, "results">): string[] {
  return [...new Set(trust.results.list().map(({ publicKey }) => publicKey))];
}
