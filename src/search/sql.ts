/**
 * A query as SQL over the tables of the index (src/store/index-schema.ts): a condition on `m`, a row of
 * `mails`, and its parameters. Whatever a query says is a parameter, never SQL. Pure.
 */

import { DAY } from "../primitives/time.ts";
import { type PathTest, pathPattern, type SectionFilter } from "./maintainers.ts";
import type { ExactField, Query, TextField } from "./query.ts";

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

/** One of its files is the section's, or a changed line has one of its words. */
function sectionCondition({ paths, excluded, words }: SectionFilter): Condition {
  const of: Condition[] = words.map((text) =>
    textCondition({ fields: ["removed", "added"], text, isPrefix: true }),
  );
  if (paths.length > 0) {
    const wanted = joined(paths.map(pathCondition), "or");
    const not = joined(excluded.map(pathCondition), "or");
    const sql = `m.id in (select p.mail from paths p where ${wanted.sql}${
      excluded.length > 0 ? ` and not ${not.sql}` : ""
    })`;
    of.push({ sql, values: [...wanted.values, ...(excluded.length > 0 ? not.values : [])] });
  }
  return of.length === 0 ? { sql: "false", values: [] } : joined(of, "or");
}

function pathCondition(test: PathTest): Condition {
  const { prefix } = pathPattern(test);
  const matches = { sql: "path_matches(?, ?, p.path)", values: [test.kind, test.pattern] };
  if (prefix === "") return matches;
  const from = { sql: "p.path >= ?", values: [prefix] };
  // no sign of a path is above this one
  const to = { sql: "p.path < ?", values: [`${prefix}\u{10ffff}`] };
  return joined([from, to, matches], "and");
}

/** In FTS5's syntax a string in quotes is words that follow each other, whatever stands in it. */
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
  const quoted = `"${text.replaceAll('"', " ").replaceAll("\0", " ")}"${isPrefix ? " *" : ""}`;
  return {
    sql: "m.id in (select rowid from words where words match ?)",
    values: [`{${fields.join(" ")}} : ${quoted}`],
  };
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
  return { sql: within === undefined ? sql : `m.id in (${within} where ${sql})`, values };
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
