/** The trust database in a file of SQLite. */

import { explainingSqlite, openDatabase, type OpenOptions } from "./database.ts";
import { STAMP } from "./log-check.ts";
import { TRUST_SCHEMA } from "./schema.ts";
import type { TrustConnection } from "./sql.ts";

/** @throws PatchsigError as `openDatabase` */
export function connectSqlite(options: OpenOptions): TrustConnection {
  const { db, stale } = openDatabase(TRUST_SCHEMA, options);
  const explained = <T>(work: () => T): T => explainingSqlite(TRUST_SCHEMA, options.file, work);
  const dryRun = options.dryRun === true;
  const sql = explained(() => ({
    begin: db.prepare<[]>("begin immediate"),
    commit: db.prepare<[]>("commit"),
    stamp: db.prepare<[]>(STAMP),
    dataVersion: db.prepare<[], number>("pragma data_version").pluck(),
    changes: db.prepare<[], number>("select total_changes()").pluck(),
  }));
  let changes = 0;
  return {
    prepare: (text) => db.prepare(text),
    begin() {
      // a dry run takes no locks
      if (dryRun) return 0;
      sql.begin.run();
      changes = sql.changes.get()!;
      return sql.dataVersion.get()!;
    },
    commit() {
      if (dryRun) return;
      if (sql.changes.get() !== changes) sql.stamp.run();
      sql.commit.run();
    },
    rollback() {
      // some errors (a full disk, for one) have rolled it back already
      if (db.inTransaction) db.exec("rollback");
    },
    stale,
    explained,
    close: () => void db.close(),
  };
}
