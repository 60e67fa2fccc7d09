/**
 * What the trust database asks of the program that keeps it: SQLite in a file of this machine
 * (trust-sqlite.ts), or PostgreSQL for a team (docs/team-database.md). Statements are of the SQL that both
 * read in the same way; what the two do differently is here.
 */

/** As a statement of better-sqlite3: parameters are `?`, or `@name` of one object. */
interface SqlStatement<Parameters extends unknown[], Row> {
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  iterate(...parameters: Parameters): IterableIterator<Row>;
  run(...parameters: Parameters): { readonly changes: number };
  /** Rows are the values of their first columns. */
  pluck(): this;
  /** Rows are arrays, in the order of their columns. */
  raw(): this;
}

export interface Sql {
  prepare<Parameters extends unknown[], Row = unknown>(text: string): SqlStatement<Parameters, Row>;
}

/** A connection to the trust database. Each member may throw what `explained` explains. */
export interface TrustConnection extends Sql {
  /**
   * Begins a transaction into which nobody else can write, and which sees all that was written before.
   *
   * @returns names what the database holds: the same as at the last `begin` only if no other connection
   *   wrote since
   */
  begin(): string | number;
  /** What was written is on the disk when this returns. */
  commit(): void;
  /** Does nothing if the failure that led here has ended the transaction already. */
  rollback(): void;
  /** True if it does not see what others wrote, and has to be opened again: only in a dry run. */
  stale(): boolean;
  /** Rethrows the database's errors in `work` with a message for people. */
  explained<T>(work: () => T): T;
  close(): void;
}

/** SQL: no limit. */
export const ALL = Number.MAX_SAFE_INTEGER;

/** SQL: of the value that is there and the one to be inserted, the larger; for `on conflict do update`. */
export function laterOf(table: string, column: string): string {
  const [old, fresh] = [`${table}.${column}`, `excluded.${column}`];
  return `case when ${old} < ${fresh} then ${fresh} else ${old} end`;
}

/** SQL: the values to be inserted take the place of those that are there; for `on conflict do update`. */
export function replacing(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(", ");
}

/** SQL: the number after the last; a transaction writes alone, so nobody else takes it. */
export function nextId(table: string): string {
  return `(select coalesce(max(id), 0) + 1 from ${table})`;
}
