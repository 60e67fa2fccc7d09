/** Statements in SQLite's way, asked of PostgreSQL. */

import type { Sql } from "../sql.ts";
import type { RowSet } from "./link.ts";

type Run = (text: string, name: string, values: readonly unknown[]) => RowSet;

/** Their parameters: by their places, or by the names of an object's. */
interface Translated {
  readonly text: string;
  /** Null: by their places. */
  readonly names: readonly string[] | null;
}

/** @param run asks for one statement; the name is the same for the same text */
export function preparedIn(run: Run): Sql["prepare"] {
  let count = 0;
  return (text) => new PostgresStatement(text, `s${++count}`, run) as never;
}

class PostgresStatement {
  readonly #translated: Translated;
  readonly #name: string;
  readonly #run: Run;
  #form: "objects" | "arrays" | "values" = "objects";

  constructor(text: string, name: string, run: Run) {
    this.#translated = translate(text);
    this.#name = name;
    this.#run = run;
  }

  pluck(): this {
    this.#form = "values";
    return this;
  }

  raw(): this {
    this.#form = "arrays";
    return this;
  }

  run(...given: unknown[]): { changes: number } {
    return { changes: this.#ask(given).changes };
  }

  get(...given: unknown[]): unknown {
    return this.all(...given)[0];
  }

  all(...given: unknown[]): unknown[] {
    const { columns, rows } = this.#ask(given);
    if (this.#form === "arrays") return [...rows];
    if (this.#form === "values") return rows.map((row) => row[0]);
    return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  }

  iterate(...given: unknown[]): IterableIterator<unknown> {
    return this.all(...given).values();
  }

  #ask(given: readonly unknown[]): RowSet {
    const { text, names } = this.#translated;
    const named = given[0] as Record<string, unknown>;
    const values = names === null ? given : names.map((name) => named[name]);
    return this.#run(text, this.#name, values.map(storable));
  }
}

/** PostgreSQL has no text with a NUL in it; only a mail with a broken header could bring one. */
function storable(value: unknown): unknown {
  return typeof value === "string" && value.includes("\0")
    ? value.replaceAll("\0", "\ufffd")
    : value;
}

/** `?` and `@name` as `$1`, outside of texts and quoted names. */
export function translate(text: string): Translated {
  const names: string[] = [];
  let places = 0;
  const translated = text.replace(
    /'[^']*'|"[^"]*"|\?|@(\w+)/g,
    (found: string, name: string | undefined) => {
      if (found === "?") return `$${++places}`;
      if (name === undefined) return found;
      if (!names.includes(name)) names.push(name);
      return `$${names.indexOf(name) + 1}`;
    },
  );
  return { text: translated, names: names.length === 0 ? null : names };
}
