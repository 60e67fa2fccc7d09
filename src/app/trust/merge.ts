/** Merges another database of the same person. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { openTrustStore, type TrustStore } from "../../store/trust-store.ts";
import { usableKeys } from "../../trust/decide.ts";
import type { KeyRecord } from "../../trust/record.ts";
import { findStatements } from "../../trust/statement.ts";

export interface MergedKey {
  readonly key: Pick<KeyRecord, "identity" | "publicKey" | "state">;
  readonly outcome: "taken" | "same" | "conflict";
}

/**
 * Everything in one transaction.
 *
 * @param time seconds since the epoch
 * @throws PatchsigError "not-found", "bad-database"
 */
export function mergeDatabase(trust: TrustStore, file: string, time: number): MergedKey[] {
  if (!existsSync(file)) throw new PatchsigError("not-found", `no such file: ${file}`);
  const other = openTrustStore({ file: resolve(file), dryRun: true });
  try {
    return trust.transaction(() => merge(trust, other, file, time));
  } finally {
    other.close();
  }
}

/** Revoked keys first, so that nothing depends on them; then the statements that brought keys. */
function merge(trust: TrustStore, other: TrustStore, source: string, time: number): MergedKey[] {
  const cause = { cause: "file", at: time, messageId: "", source } as const;
  const keys = [...other.list()];
  const take = (key: KeyRecord): MergedKey => {
    const inUse = usableKeys(other.lookup(key.identity)).map(({ publicKey }) => publicKey);
    return { key, outcome: trust.merge(key, inUse, cause) };
  };
  const [gone, rest] = [true, false].map((revoked) =>
    keys.filter(({ state }) => (state === "revoked") === revoked),
  ) as [KeyRecord[], KeyRecord[]];
  const results = (): MergedKey[] =>
    other.results.list().map((theirs) => {
      const { identity, publicKey } = theirs;
      const outcome = trust.results.merge(theirs, time);
      return { key: { identity, publicKey, state: "pinned" }, outcome };
    });
  const rows = [...[...gone, ...rest].map(take), ...results()];
  const verifier = createVerifier();
  for (const identity of new Set(keys.map((key) => key.identity)))
    for (const { text, applied } of other.statements(identity))
      for (const found of applied ? findStatements(Buffer.from(text), verifier) : [])
        if (found.ok) trust.applyStatement(found.statement, cause);
  return rows;
}
