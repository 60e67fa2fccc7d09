/**
 * The part of JSON Schema 2020-12 that docs/schema uses. An unknown keyword is an error, so that a
 * schema cannot require something that is not checked.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export interface Schema {
  readonly [keyword: string]: Json;
}

/** The schema of docs/schema for the records of a command. */
export function schemaOf(
  command: "base" | "bot" | "record" | "result" | "send" | "series" | "verify",
): Schema {
  const file = join(import.meta.dirname, "../../docs/schema", `${command}.schema.json`);
  return JSON.parse(readFileSync(file, "utf8")) as Schema;
}

const typeOf = (value: Json): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "array"
      : Number.isInteger(value)
        ? "integer"
        : typeof value;

const isUri = (text: string): boolean =>
  URL.canParse(text) && /^[a-z]+:(?:[\w!$&'()*+,./:;=?@~-]|%[0-9A-Fa-f]{2}|#(?!.*#))*$/i.test(text);

const isObject = (value: Json): value is { [name: string]: Json } => typeOf(value) === "object";
const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The check of a keyword: returns what is wrong with the value, or nothing. Most apply to one type
 * only.
 */
type Check = (value: Json, wanted: Json, schema: Schema, root: Schema, at: string) => string[];

const when = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);

const CHECKS: Record<string, Check> = {
  $schema: () => [],
  $defs: () => [],
  title: () => [],
  $ref: (value, wanted, _, root, at) => {
    const name = /^#\/\$defs\/(\w+)$/.exec(wanted as string)![1]!;
    return problems(value, (root["$defs"] as Schema)[name] as Schema, root, at);
  },
  oneOf: (value, wanted, _, root, at) => {
    const tried = (wanted as Schema[]).map((schema) => problems(value, schema, root, at));
    const fitting = tried.filter((found) => found.length === 0).length;
    return fitting === 1 ? [] : [`${at}: fits ${fitting} of oneOf`, ...tried.flat()];
  },
  type: (value, wanted, _, __, at) =>
    when([wanted].flat().includes(typeOf(value)), `${at}: is ${typeOf(value)}`),
  const: (value, wanted, _, __, at) =>
    when(same(value, wanted), `${at}: is not ${JSON.stringify(wanted)}`),
  enum: (value, wanted, _, __, at) =>
    when(
      (wanted as Json[]).some((one) => same(one, value)),
      `${at}: ${JSON.stringify(value)}`,
    ),
  pattern: (value, wanted, _, __, at) =>
    when(
      typeof value !== "string" || new RegExp(wanted as string, "u").test(value),
      `${at}: ${JSON.stringify(value)}`,
    ),
  // the two that KCIDB has, as jsonschema's checker of formats knows them
  format: (value, wanted, _, __, at) =>
    when(
      typeof value !== "string" || (wanted === "email" ? value.includes("@") : isUri(value)),
      `${at}: ${JSON.stringify(value)}`,
    ),
  minimum: (value, wanted, _, __, at) =>
    when(typeof value !== "number" || value >= (wanted as number), `${at}: below`),
  maximum: (value, wanted, _, __, at) =>
    when(typeof value !== "number" || value <= (wanted as number), `${at}: above`),
  required: (value, wanted, _, __, at) =>
    isObject(value)
      ? (wanted as string[]).flatMap((name) => when(name in value, `${at}: no ${name}`))
      : [],
  properties: (value, wanted, _, root, at) =>
    isObject(value)
      ? Object.entries(wanted as Schema).flatMap(([name, schema]) =>
          name in value ? problems(value[name]!, schema as Schema, root, `${at}.${name}`) : [],
        )
      : [],
  additionalProperties: (value, _, schema, __, at) =>
    isObject(value)
      ? Object.keys(value).flatMap((name) =>
          when(name in (schema["properties"] as Schema), `${at}: also has ${name}`),
        )
      : [],
  items: (value, wanted, _, root, at) =>
    Array.isArray(value)
      ? value.flatMap((item, i) => problems(item, wanted as Schema, root, `${at}[${i}]`))
      : [],
  minItems: (value, wanted, _, __, at) =>
    when(!Array.isArray(value) || value.length >= (wanted as number), `${at}: too few`),
  maxItems: (value, wanted, _, __, at) =>
    when(!Array.isArray(value) || value.length <= (wanted as number), `${at}: too many`),
  uniqueItems: (value, _, __, ___, at) =>
    when(
      !Array.isArray(value) ||
        new Set(value.map((one) => JSON.stringify(one))).size === value.length,
      `${at}: repeats`,
    ),
};

/** All violations of a schema by a value; empty if it is valid. */
export function problems(value: unknown, schema: Schema, root = schema, at = "record"): string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`keyword ${keyword} is not known`);
    return check(value as Json, wanted, schema, root, at);
  });
}
