/**
 * What the user's index knows of tests, for commands that are about something else, such as verify. Without an index, or
 * without results in it, this costs nothing. If the index cannot be read, that is said once, and the command goes on.
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

/** Most results of one key about one tree, or about the same patches. */
const MAX_RESULTS = 10_000;

/** An index with results, and which of them feeds have withdrawn. */
interface ReadableIndex {
  readonly index: IndexStore;
  readonly isWithdrawn: IsWithdrawn;
}

/** Looks up results in an index. Whoever opened the index closes it. */
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

  /** The results about a tree, those of accepted keys first. */
  on(tree: string): WeighedResult[] {
    return this.#weighed(this.#index.resultsOn(tree, this.#keys, MAX_RESULTS));
  }

  /**
   * What is known of tests on a tree, and on the same patches elsewhere.
   *
   * @param tree null if it is not known
   * @param patches their `patchesDigest`; null for none
   * @returns null if nothing is known
   */
  about(tree: string | null, patches: string | null): TreeTests | null {
    const same = patches === null ? [] : this.#ofPatches(patches);
    const here = tree === null ? [] : this.on(tree);
    return testsOn(tree, [...here, ...same.filter(({ signed }) => signed.said.tree !== tree)]);
  }

  /** What is known of tests on a local branch's tree; null if nothing is, or there is no such branch. */
  async aboutBranch(repository: Repository, branch: string): Promise<TreeTests | null> {
    return this.about(await treeNamed(repository, `refs/heads/${branch}`), null);
  }

  /** Whether there is a result about these patches, on any tree. */
  hasPatches(patches: string): boolean {
    return this.#index.hasResultsOf(patches);
  }

  /** Whether there is a result that names no patches, and so may be about any. */
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

/** Opens the user's index, and writes nothing. Null if there is no index, or no result in it. */
export async function openKnownTests(
  trust: Pick<TrustStore, "results">,
  say: Reporter["say"],
): Promise<KnownTests | null> {
  const found = await openIndex(say);
  return found === null ? null : new KnownTests(found, trust);
}

/** Runs `work` with the user's index and key database. If no result is known, the database is not opened. */
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
    if (error.hint !== undefined) say(`hint: ${error.hint}`);
  }
  return null;
}

/** A result, and what it is worth by its key's state now. */
export function weighed(signed: SignedResult, trust: Pick<TrustStore, "results">): WeighedResult {
  const { said, publicKey } = signed;
  return { signed, worth: worthOf(said, trust.results.of(said.by, publicKey)) };
}

/** `weighed` for many results: looks each key up once. */
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

/** The keys that were accepted for results: they have shares of their own in queries, so nobody can crowd them out. */
export function resultKeysOf(trust: Pick<TrustStore, "results">): string[] {
  return [...new Set(trust.results.list().map(({ publicKey }) => publicKey))];
}
