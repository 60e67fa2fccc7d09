/** Statements that are not in the database yet; in a dry run they never will be. */

import type { PublicKeyText } from "../types.ts";
import { digestKey, type StatementRow } from "./trust-rows.ts";

/**
 * How many statements of one key that came by mail and changed nothing are kept: the newest. Anybody with a
 * remembered key can make any number of them, about anybody.
 */
export const MAX_UNHEARD = 32;

type StoredStatement = StatementRow & { readonly digest: Uint8Array };

export function isUnheard({ applied, source }: StatementRow): boolean {
  return applied === 0 && source === "";
}

export class Statements {
  readonly #rows = new Map<string, StoredStatement>();
  readonly #about = new Map<string, Map<string, StoredStatement>>();
  /** Names of one key's statements without effect, oldest first. */
  readonly #unheard = new Map<PublicKeyText, Set<string>>();

  get(digest: Uint8Array): StatementRow | undefined {
    return this.#rows.get(digestKey(digest));
  }

  put(row: StoredStatement): void {
    const name = digestKey(row.digest);
    this.#drop(name);
    this.#rows.set(name, row);
    const about = this.#about.get(row.of) ?? new Map<string, StoredStatement>();
    this.#about.set(row.of, about.set(name, row));
    if (!isUnheard(row)) return;
    const unheard = this.#unheard.get(row.signer) ?? new Set<string>();
    this.#unheard.set(row.signer, unheard.add(name));
    if (unheard.size > MAX_UNHEARD) for (const oldest of unheard) return this.#drop(oldest);
  }

  all(): Iterable<StoredStatement> {
    return this.#rows.values();
  }

  about(identity: string): readonly StatementRow[] {
    return [...(this.#about.get(identity)?.values() ?? [])];
  }

  clear(): void {
    for (const map of [this.#rows, this.#about, this.#unheard]) map.clear();
  }

  #drop(name: string): void {
    const row = this.#rows.get(name);
    if (row === undefined) return;
    this.#rows.delete(name);
    this.#about.get(row.of)?.delete(name);
    this.#unheard.get(row.signer)?.delete(name);
  }
}
