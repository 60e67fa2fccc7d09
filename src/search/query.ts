/**
 * Reads queries as lei and public-inbox have them (lei-q(1), "SEARCH TERMS"; the syntax is Xapian's QueryParser):
 * `s:i2c f:wolfram AND NOT l:linux-kernel d:3.months.ago..`. Pure.
 */

/** The columns of the index that hold text. */
export const TEXT_FIELDS = [
  "subject",
  "sender",
  "recipient",
  "copied",
  "body",
  "quoted",
  "files",
  "removed",
  "added",
  "hunks",
  "context",
  "preimage",
  "postimage",
] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

/** A diff's lines are in these columns, and not in `body`: nothing is stored twice. */
const DIFF: readonly TextField[] = ["files", "removed", "added", "hunks", "context"];
/** What a person wrote, and diffs. */
const NOT_QUOTED: readonly TextField[] = ["body", ...DIFF, "preimage", "postimage"];
const WHOLE: readonly TextField[] = [...NOT_QUOTED, "quoted"];

/** Fields that must equal the value of a query, or begin with it. */
const EXACT_FIELDS = [
  "message",
  "list",
  "kind",
  "trust",
  "by",
  "test",
  "result",
  "env",
  "tree",
] as const;
export type ExactField = (typeof EXACT_FIELDS)[number];

/** The fields of which all values are known: others can never match (test/search/query.test.ts compares the lists). */
export const VALUES: Readonly<Partial<Record<ExactField, readonly string[]>>> = {
  kind: ["patch", "cover", "answer", "reply", "note", "result", "mail", "refused"],
  trust: [
    "pinned",
    "endorsed",
    "known",
    "first-use",
    "changed",
    "replaced",
    "revoked",
    "result-only",
    "unknown",
    "vouched",
  ],
  result: ["fail", "error", "miss", "pass", "done", "skip"],
};

/** `date`: from the mail's Date. `received`: from the last server's Received. */
type TimeField = "date" | "received";

/** A query as a tree. */
export type Query =
  | { readonly kind: "all" }
  | { readonly kind: "and" | "or"; readonly of: readonly Query[] }
  | { readonly kind: "not"; readonly of: Query }
  /** Words that follow each other in one of these columns; with `isPrefix`, the last may be the beginning of a word. */
  | {
      readonly kind: "text";
      readonly fields: readonly TextField[];
      readonly text: string;
      readonly isPrefix: boolean;
    }
  | {
      readonly kind: "exact";
      readonly field: ExactField;
      readonly value: string;
      readonly isPrefix: boolean;
    }
  /** The patches that belong to a section of MAINTAINERS. */
  | { readonly kind: "section"; readonly name: string }
  /** From and to a time, both included, in git's words as they were written; null for an open end. */
  | {
      readonly kind: "time";
      readonly field: TimeField;
      /** Whole days, in UTC: from the beginning of the first to the end of the last. */
      readonly inDays: boolean;
      readonly from: string | null;
      readonly to: string | null;
    };

type Prefix =
  /** `begins`: the beginning of a word is enough, as for abbreviated object names. */
  | { readonly text: readonly TextField[]; readonly begins?: true }
  | { readonly exact: ExactField }
  | { readonly section: true }
  | { readonly time: TimeField; readonly inDays: boolean };

/** What stands before the colon. Those up to `rt` are lei's, the others this program's own. */
const PREFIXES: Readonly<Record<string, Prefix>> = {
  s: { text: ["subject"] },
  f: { text: ["sender"] },
  t: { text: ["recipient"] },
  c: { text: ["copied"] },
  tc: { text: ["recipient", "copied"] },
  a: { text: ["recipient", "copied", "sender"] },
  b: { text: WHOLE },
  bs: { text: [...WHOLE, "subject"] },
  nq: { text: NOT_QUOTED },
  q: { text: ["quoted"] },
  dfn: { text: ["files"] },
  dfa: { text: ["removed"] },
  dfb: { text: ["added"] },
  dfhh: { text: ["hunks"] },
  dfctx: { text: ["context"] },
  dfpre: { text: ["preimage"], begins: true },
  dfpost: { text: ["postimage"], begins: true },
  dfblob: { text: ["preimage", "postimage"], begins: true },
  l: { exact: "list" },
  m: { exact: "message" },
  mid: { exact: "message" },
  d: { time: "date", inDays: true },
  dt: { time: "date", inDays: false },
  rt: { time: "received", inDays: false },
  kind: { exact: "kind" },
  trust: { exact: "trust" },
  by: { exact: "by" },
  test: { exact: "test" },
  result: { exact: "result" },
  env: { exact: "env" },
  tree: { exact: "tree" },
  maintainers: { section: true },
};

/** Where a word without a prefix is searched for: as in public-inbox, not in To. */
const ANYWHERE: readonly TextField[] = ["subject", "sender", ...WHOLE];

/** Characters. */
const MAX_QUERY = 4_000;
const MAX_DEPTH = 50;
const MAX_TERMS = 200;

/** `why` says in one line what is wrong with the query. */
export type QueryReading =
  | { readonly ok: true; readonly query: Query }
  | { readonly ok: false; readonly why: string };

/** Reads a query; one of blanks only is `{ kind: "all" }`. Never throws. */
export function parseQuery(text: string): QueryReading {
  try {
    return { ok: true, query: read(text) };
  } catch (error) {
    if (error instanceof NoQuery) return { ok: false, why: error.message };
    throw error;
  }
}

function read(text: string): Query {
  if (text.length > MAX_QUERY) throw new NoQuery(`it is longer than ${MAX_QUERY} characters`);
  const tokens = tokensOf(text);
  if (tokens.length > MAX_TERMS) throw new NoQuery(`it has more than ${MAX_TERMS} words`);
  return tokens.length === 0 ? { kind: "all" } : new Parser(tokens).whole();
}

/** What is wrong with a query. `parseQuery` catches it. */
class NoQuery extends Error {}

type Token =
  | { readonly kind: "(" | ")" | "AND" | "OR" | "NOT" }
  | { readonly kind: "term"; readonly query: Query };

/** `prefix:"some words"`, `prefix:word`, `word*`, `(`, `)`; a `-` before a term is NOT. */
const TOKEN = /\s*(?:([()])|(-)?(?:([A-Za-z]+):)?(?:"([^"]*)("?)|([^\s()"]+)))/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(rest);
    if (found === null) throw new NoQuery(`"${rest.slice(at).trim()}" cannot be read`);
    const [, bracket, minus, prefix, phrase, closed, word] = found;
    if (bracket !== undefined) tokens.push({ kind: bracket as "(" | ")" });
    else if (prefix === undefined && minus === undefined && isOperator(word))
      tokens.push({ kind: word });
    else {
      if (phrase !== undefined && closed === "") throw new NoQuery('a " is not closed');
      if (minus !== undefined) tokens.push({ kind: "NOT" });
      tokens.push({ kind: "term", query: termOf(prefix, phrase ?? word!, phrase !== undefined) });
    }
  }
  return tokens;
}

function isOperator(word: string | undefined): word is "AND" | "OR" | "NOT" {
  return word === "AND" || word === "OR" || word === "NOT";
}

function own(name: string): Prefix | undefined {
  return Object.hasOwn(PREFIXES, name) ? PREFIXES[name] : undefined;
}

function termOf(name: string | undefined, text: string, isQuoted: boolean): Query {
  if (name === undefined && !isQuoted && /^.+:$/.test(text) && own(text.slice(0, -1)))
    throw new NoQuery(`nothing stands after ${text}`);
  const prefix: Prefix | undefined = name === undefined ? { text: ANYWHERE } : own(name);
  if (prefix === undefined)
    throw new NoQuery(`there is no ${name}: (there are ${Object.keys(PREFIXES).join(", ")})`);
  if ("time" in prefix) return timeOf(name!, prefix, text);
  if ("section" in prefix) return { kind: "section", name: text };
  const isMarked = !isQuoted && text.endsWith("*");
  const value = isMarked ? text.slice(0, -1) : text;
  if (value === "")
    throw new NoQuery(`nothing stands after ${name === undefined ? "*" : `${name}:`}`);
  return wordsOf(prefix, value, isMarked);
}

function wordsOf(
  prefix: Exclude<Prefix, { time: unknown } | { section: unknown }>,
  value: string,
  isPrefix: boolean,
): Query {
  if ("exact" in prefix) return exactOf(prefix.exact, value, isPrefix);
  const begins = isPrefix || prefix.begins === true;
  return { kind: "text", fields: prefix.text, text: value, isPrefix: begins };
}

function exactOf(field: ExactField, value: string, isPrefix: boolean): Query {
  const wanted = value.toLowerCase();
  const values = VALUES[field];
  if (values?.some((one) => (isPrefix ? one.startsWith(wanted) : one === wanted)) === false)
    throw new NoQuery(`${field}: is one of ${values.join(", ")}`);
  return { kind: "exact", field, value, isPrefix };
}

/** `d:A..B`, `d:A..`, `d:..B`; `d:A` alone is that day. */
function timeOf(
  name: string,
  { time: field, inDays }: { readonly time: TimeField; readonly inDays: boolean },
  text: string,
): Query {
  const [from, to, ...more] = text.split("..");
  if (more.length > 0 || from === undefined) throw new NoQuery(`${name}:${text} is no range`);
  if (to === undefined) return { kind: "time", field, inDays: true, from: text, to: text };
  if (from === "" && to === "") throw new NoQuery(`${name}: has neither a beginning nor an end`);
  return { kind: "time", field, inDays, from: from || null, to: to || null };
}

/** A recursive descent parser. AND binds stronger than OR, and stands between two terms without an operator. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Query {
    const query = this.#or();
    if (this.#next() !== undefined) throw new NoQuery("a ) has no (");
    return query;
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #or(): Query {
    const of = [this.#and()];
    while (this.#next()?.kind === "OR") {
      this.#at++;
      of.push(this.#and());
    }
    return of.length === 1 ? of[0]! : { kind: "or", of };
  }

  #and(): Query {
    const of = [this.#one()];
    for (;;) {
      const kind = this.#next()?.kind;
      if (kind === undefined || kind === ")" || kind === "OR") break;
      if (kind === "AND") this.#at++;
      of.push(this.#one());
    }
    return of.length === 1 ? of[0]! : { kind: "and", of };
  }

  #one(): Query {
    const token = this.#next();
    if (token === undefined) throw new NoQuery("it ends too early");
    this.#at++;
    if (token.kind === "term") return token.query;
    if (++this.#depth > MAX_DEPTH) throw new NoQuery("it is nested too deeply");
    if (token.kind === "NOT") {
      const of = this.#one();
      this.#depth--;
      return { kind: "not", of };
    }
    if (token.kind !== "(") throw new NoQuery(`${token.kind} stands where a word is expected`);
    const query = this.#or();
    if (this.#next()?.kind !== ")") throw new NoQuery("a ( is not closed");
    this.#at++;
    this.#depth--;
    return query;
  }
}

/** All times that a query names, in git's words. */
export function timesIn(query: Query): string[] {
  switch (query.kind) {
    case "and":
    case "or":
      return query.of.flatMap(timesIn);
    case "not":
      return timesIn(query.of);
    case "time":
      return [query.from, query.to].filter((time) => time !== null);
    case "text":
    case "exact":
    case "section":
    case "all":
      return [];
  }
}

/** All sections of MAINTAINERS that a query names, by the words of `maintainers:`. */
export function sectionsIn(query: Query): string[] {
  switch (query.kind) {
    case "and":
    case "or":
      return query.of.flatMap(sectionsIn);
    case "not":
      return sectionsIn(query.of);
    case "section":
      return [query.name];
    case "text":
    case "exact":
    case "time":
    case "all":
      return [];
  }
}
