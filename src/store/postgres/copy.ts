/** A team's whole database as a file of SQLite, and such a file as the database (docs/team-database.md). */

import type Database from "better-sqlite3";
import { checkTarget, withCopy, writeCopy } from "../backup.ts";
import { explainedFile, openDatabase, openMemory } from "../database.ts";
import { TRUST_SCHEMA } from "../schema.ts";
import type { TrustConnection } from "../sql.ts";
import { connectPostgres, type TeamOptions } from "./trust-postgres.ts";

/** Rows that are on their way at the same time. */
const PORTION = 2000;
/** PostgreSQL takes 65,535 parameters of one statement. */
const MAX_PARAMETERS = 8192;

/** Each machine knows for itself how far it has read; and each database has its own stamp. */
const NOT_SHARED = ["cursors", "generation"];

/**
 * Writes a consistent copy (0600) even while others write.
 *
 * @throws PatchsigError "exists", "unwritable", and as `connectPostgres`
 */
export function backUpTeam(options: TeamOptions, target: string): void {
  checkTarget(target);
  const team = connectPostgres({ ...options, dryRun: true });
  try {
    team.explained(() => {
      team.begin();
      writeDown(team, target);
      team.commit();
    });
  } finally {
    team.close();
  }
}

/**
 * Puts what a file has in the place of all that is there, in one transaction.
 *
 * @param kept the file to which that is written before, if there is anything
 * @returns whether there was
 * @throws PatchsigError as `restore` (backup.ts) and `connectPostgres`; then nothing has changed
 */
export function restoreTeam(options: TeamOptions, from: string, kept: string): boolean {
  return withCopy(kept, from, (draft) => {
    const { db } = openDatabase(TRUST_SCHEMA, { file: draft });
    const team = connectPostgres(options);
    try {
      return team.explained(() => {
        team.begin();
        const tables = tablesOfSchema();
        const had = tables.some(({ name }) => team.prepare(`select 1 from ${name} limit 1`).get());
        if (had) writeDown(team, kept);
        for (const { name } of tables) team.prepare(`delete from ${name}`).run();
        for (const table of tables) fill(team, db, table);
        team.commit();
        return had;
      });
    } finally {
      team.rollback();
      team.close();
      db.close();
    }
  });
}

interface StoredTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** By the schema alone: names of a file could be anything, and are a part of what the server is told. */
function tablesOfSchema(): readonly StoredTable[] {
  const db = openMemory(TRUST_SCHEMA);
  try {
    const names = db
      .prepare<[], string>("select name from sqlite_schema where type = 'table' order by name")
      .pluck()
      .all()
      .filter((name) => !NOT_SHARED.includes(name));
    const columns = db.prepare<[string], string>("select name from pragma_table_info(?)").pluck();
    return names.map((name) => ({ name, columns: columns.all(name) }));
  } finally {
    db.close();
  }
}

/** What the transaction sees, as a new file. */
function writeDown(team: TrustConnection, target: string): void {
  writeCopy(target, (draft) =>
    explainedFile(TRUST_SCHEMA, target, () => {
      const { db } = openDatabase(TRUST_SCHEMA, { file: draft });
      try {
        db.transaction(() => {
          for (const table of tablesOfSchema()) fetchAll(team, db, table);
        })();
      } finally {
        db.close();
      }
    }),
  );
}

function fetchAll(
  team: TrustConnection,
  db: Database.Database,
  { name, columns }: StoredTable,
): void {
  const places = columns.map(() => "?").join(", ");
  const add = db.prepare(`insert into ${name} (${columns.join(", ")}) values (${places})`);
  team.prepare(`declare rows cursor for select ${columns.join(", ")} from ${name}`).run();
  const fetch = team.prepare<[], unknown[]>(`fetch ${PORTION} from rows`).raw();
  for (let rows = fetch.all(); rows.length > 0; rows = fetch.all())
    for (const row of rows) add.run(...row);
  team.prepare("close rows").run();
}

function fill(team: TrustConnection, db: Database.Database, { name, columns }: StoredTable): void {
  const rows = db.prepare<[], unknown[]>(`select ${columns.join(", ")} from ${name}`).raw();
  const places = `(${columns.map(() => "?").join(", ")})`;
  const insert = (count: number): ReturnType<typeof team.prepare> =>
    team.prepare(
      `insert into ${name} (${columns.join(", ")}) values ${Array(count).fill(places).join(", ")}`,
    );
  const most = Math.floor(MAX_PARAMETERS / columns.length);
  const insertMost = insert(most);
  let waiting: unknown[][] = [];
  for (const row of rows.iterate()) {
    waiting.push(row);
    if (waiting.length < most) continue;
    insertMost.run(...waiting.flat());
    waiting = [];
  }
  if (waiting.length > 0) insert(waiting.length).run(...waiting.flat());
}
