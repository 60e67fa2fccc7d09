/** How far sources are read: the same table in every database that remembers it. */

import type { Sql } from "./sql.ts";

/** Statements over a table `cursors (name, value)`, to be prepared with a store's others. */
export function cursorStatements(db: Sql) {
  return {
    cursor: db.prepare<[string], string>("select value from cursors where name = ?").pluck(),
    moveCursor: db.prepare<[string, string]>(
      `insert into cursors values (?, ?) on conflict (name) do update set value = excluded.value`,
    ),
    dropCursor: db.prepare<[string]>("delete from cursors where name = ?"),
    cursorsBelow: db
      .prepare<[number, string], string>("select name from cursors where substr(name, 1, ?) = ?")
      .pluck(),
  };
}
