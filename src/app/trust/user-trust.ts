/** The user's own trust database: a file in the usual place, or the server that `patchsig.database` names. */

import { trustFile } from "../../store/place.ts";
import { connectSqlite } from "../../store/trust-sqlite.ts";
import { openTrustStore, TrustStore } from "../../store/trust-store.ts";
import { usersSetting } from "../settings.ts";

/**
 * The URL of a team's database (docs/team-database.md); null if the user has none. What a repository says
 * does not count: who keeps the keys decides which mails are good.
 */
export function teamDatabase(): string | null {
  return usersSetting("patchsig.database") || null;
}

/** Opens it; nothing is written in a dry run. Throws what `openTrustStore` and `connectPostgres` throw. */
export async function openUserTrust(dryRun: boolean): Promise<TrustStore> {
  const file = trustFile(process.env);
  const url = teamDatabase();
  if (url === null) return openTrustStore({ file, dryRun });
  const { connectPostgres } = await import("../../store/postgres/trust-postgres.ts");
  return new TrustStore(
    () => connectPostgres({ url, dryRun }),
    dryRun,
    () => connectSqlite({ file, dryRun }),
  );
}

/** Opens it for as long as `work` takes. */
export async function withUserTrust<T>(
  dryRun: boolean,
  work: (trust: TrustStore) => T | Promise<T>,
): Promise<T> {
  const trust = await openUserTrust(dryRun);
  try {
    return await work(trust);
  } finally {
    trust.close();
  }
}
