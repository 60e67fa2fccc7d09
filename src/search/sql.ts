/**
 * Turns a query into SQL for the index (src/store/index-schema.ts): a condition on a row `m` of `mails`, and its
 * parameters. What the user wrote is always a parameter, never SQL. Pure.
 */

import { DAY } from "../primitives/time.ts";
import { type PathTest, pathPattern, type SectionFilter } from "./maintainers.ts";
import type { ExactField, Query, TextField } from "./query.ts";

/**
 * The plus keeps SQLite from looking up every mail that has a word, and sorting them. It walks the mails from the newest
 * instead, and stops when the page is full.
 */
const ONE_OF = "+m.id in";

/** A condition on a mail, in SQL with `?` for its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** What the names in a query stand for. */
export interface QueryTerms {
  /** Seconds since the epoch of a time in git's words. */
  readonly timeOf: (words: string) => number;
  readonly sectionOf: (name: string) => SectionFilter;
}

/** Turns a query into a condition. @param terms what the times and sections in the query stand for */
export function conditionOf(query: Query, terms: QueryTerms): Condition {
  switch (query.kind) {
    case "all":
      return { sql: "true", values: [] };
    case "and":
    case "or":
      return joined(
        query.of.map((one) => conditionOf(one, terms)),
        query.kind,
      );
    case "not": {
      const { sql, values } = conditionOf(query.of, terms);
      return { sql: `not (${sql})`, values };
    }
    case "text":
      return textCondition(query);
    case "exact":
      return exactCondition(query);
    case "section":
      return sectionCondition(terms.sectionOf(query.name));
    case "time": {
      const { field, inDays, from, to } = query;
      const { timeOf } = terms;
      const first = (time: number): number => (inDays ? time - (time % DAY) : time);
      const last = (time: number): number => (inDays ? first(time) + DAY - 1 : time);
      const ends = [
        ...(from === null ? [] : [{ sql: `m.${field} >= ?`, values: [first(timeOf(from))] }]),
        ...(to === null ? [] : [{ sql: `m.${field} <= ?`, values: [last(timeOf(to))] }]),
      ];
      return joined(ends, "and");
    }
  }
}

function joined(all: readonly Condition[], word: "and" | "or"): Condition {
  return {
    sql: `(${all.map(({ sql }) => sql).join(` ${word} `)})`,
    values: all.flatMap(({ values }) => values),
  };
}

/**
 * A mail belongs to a section if it changes one of the section's files, or a line with one of its words. All patterns
 * are in one parameter each: SQLite limits the length of the statement and the number of parameters.
 */
function sectionCondition({ paths, excluded, words }: SectionFilter): Condition {
  const of: Condition[] = [];
  if (words.length > 0) {
    const all = words.map((word) => `${quoted(word)} *`).join(" OR ");
    of.push({ sql: MATCHING_WORDS, values: [`{removed added} : (${all})`] });
  }
  if (paths.length > 0) of.push({ sql: MATCHING_PATHS, values: [ranges(paths), ranges(excluded)] });
  return of.length === 0 ? { sql: "false", values: [] } : joined(of, "or");
}

const MATCHING_WORDS = `${ONE_OF} (select rowid from words where words match ?)`;

/** For each pattern, looks only at the range of paths that begin as the pattern does. */
const MATCHING_PATHS = `${ONE_OF} (
  select p.mail from json_each(?) w cross join paths p
  where p.path >= w.value ->> 2 and p.path < w.value ->> 3 and path_matches(w.value ->> 0, w.value ->> 1, p.path)
    and not exists (
      select 1 from json_each(?) x where path_matches(x.value ->> 0, x.value ->> 1, p.path)))`;

/** JSON: for each pattern its kind, its text, and the range of paths; U+10FFFF sorts after all characters of a path. */
function ranges(tests: readonly PathTest[]): string {
  return JSON.stringify(
    tests.map((test) => {
      const { prefix } = pathPattern(test);
      return [test.kind, test.pattern, prefix, `${prefix}\u{10ffff}`];
    }),
  );
}

/** For FTS5, a quoted string is a phrase: no character in it is an operator. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', " ").replaceAll("\0", " ")}"`;
}

function textCondition({
  fields,
  text,
  isPrefix,
}: {
  readonly fields: readonly TextField[];
  readonly text: string;
  readonly isPrefix: boolean;
}): Condition {
  // without a letter or digit, the tokenizer finds no word to match
  if (!/[\p{L}\p{N}]/u.test(text)) return { sql: "false", values: [] };
  const words = `${quoted(text)}${isPrefix ? " *" : ""}`;
  return { sql: MATCHING_WORDS, values: [`{${fields.join(" ")}} : ${words}`] };
}

/** The value as the column has it: Message-IDs in angle brackets, most others in lower case. */
function valueOf(field: ExactField, value: string): string {
  if (field === "message") return `<${value.replaceAll(/[<>]/g, "")}`;
  return field === "test" || field === "env" ? value : value.toLowerCase();
}

function exactCondition({
  field,
  value,
  isPrefix,
}: {
  readonly field: ExactField;
  readonly value: string;
  readonly isPrefix: boolean;
}): Condition {
  const wanted = valueOf(field, value);
  const whole = field === "message" ? `${wanted}>` : wanted;
  const test = (column: string): Condition =>
    isPrefix
      ? { sql: `substr(${column}, 1, ${wanted.length}) = ?`, values: [wanted] }
      : { sql: `${column} = ?`, values: [whole] };
  const { column, within } = COLUMNS[field];
  const { sql, values } = test(column);
  return { sql: within === undefined ? sql : `${ONE_OF} (${within} where ${sql})`, values };
}

const RESULTS = "select r.mail from results r";

/** The column of a field; if a mail may have several rows of it, also the subquery that selects their mails. */
const COLUMNS: Readonly<Record<ExactField, { readonly column: string; readonly within?: string }>> =
  {
    message: { column: "m.message_id" },
    kind: { column: "m.kind" },
    trust: { column: "m.trust" },
    by: { column: "m.signer" },
    list: { column: "l.list", within: "select l.mail from lists l" },
    test: { column: "r.test", within: RESULTS },
    result: { column: "r.outcome", within: RESULTS },
    tree: { column: "r.tree", within: RESULTS },
    env: { column: "e.entry", within: `${RESULTS} join results_env e on e.result = r.id` },
  };
