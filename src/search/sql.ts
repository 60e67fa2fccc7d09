/**
 * A query as SQL over the tables of the index (src/store/index-schema.ts): a condition on `m`, a row of
 * `mails`, and its parameters. Whatever a query says is a parameter, never SQL. Pure.
 */

import { DAY } from "../primitives/time.ts";
import { type PathTest, pathPattern, type SectionFilter } from "./maintainers.ts";
import type { ExactField, Query, TextField } from "./query.ts";

/**
 * By the plus SQLite does not look up each mail that a word is in, to sort them, but walks all from the newest, and ends
 * with the last one that is shown.
 */
const ONE_OF = "+m.id in";

export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** What stands in a query by name. */
export interface QueryTerms {
  /** Seconds since the epoch of a time in git's words. */
  readonly timeOf: (words: string) => number;
  readonly sectionOf: (name: string) => SectionFilter;
}

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
 * One of its files is the section's, or a changed line has one of its words. However many there are, they are
 * parameters: SQLite's limits are for the text.
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

/** Each pattern looks at the paths that begin as all that it matches do. */
const MATCHING_PATHS = `${ONE_OF} (
  select p.mail from json_each(?) w cross join paths p
  where p.path >= w.value ->> 2 and p.path < w.value ->> 3 and path_matches(w.value ->> 0, w.value ->> 1, p.path)
    and not exists (
      select 1 from json_each(?) x where path_matches(x.value ->> 0, x.value ->> 1, p.path)))`;

/** Kind and pattern, and between what the paths are; no sign of a path is above the last one. */
function ranges(tests: readonly PathTest[]): string {
  return JSON.stringify(
    tests.map((test) => {
      const { prefix } = pathPattern(test);
      return [test.kind, test.pattern, prefix, `${prefix}\u{10ffff}`];
    }),
  );
}

/** In FTS5's syntax a string in quotes is words that follow each other, whatever stands in it. */
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
  // nothing but signs: no word of any mail
  if (!/[\p{L}\p{N}]/u.test(text)) return { sql: "false", values: [] };
  const words = `${quoted(text)}${isPrefix ? " *" : ""}`;
  return { sql: MATCHING_WORDS, values: [`{${fields.join(" ")}} : ${words}`] };
}

/** As the columns have it: what is written in lower case only is found in any. */
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

/** The column that a field is in, and where a mail may have several, how its rows name the mail. */
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
