/**
 * The library's types in one file: the exports of src/index.ts and all types that they name, with
 * doc comments. So users of the package see its public API, and no internals.
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isolatedDeclarationSync, parseSync } from "rolldown/experimental";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One statement that declares a name. */
interface Declaration {
  readonly file: string;
  readonly name: string;
  /** Its doc comment and a line end, or "". */
  readonly comment: string;
  readonly node: Node;
}

/** A name of another module. */
interface Link {
  readonly file: string;
  readonly name: string;
}

interface Module {
  readonly text: string;
  /** The error for a value in it whose type is not written out, or null. */
  readonly problem: string | null;
  /** The comment at its top. */
  readonly comment: string;
  readonly declared: ReadonlyMap<string, Declaration>;
  readonly imported: ReadonlyMap<string, Link>;
  /** In order, by the names under which they are exported. */
  readonly exported: ReadonlyMap<string, Link>;
}

/** Types that are published in a wider form, so that a new finding code does not break callers. */
const WIDER: Readonly<Record<string, string>> = { FindingCode: "type FindingCode = string;\n" };

/**
 * @param entry a TypeScript file that does nothing but export names of others
 * @throws Error if two types would have one name, or one is not written out
 */
export function rollup(entry: string): string {
  const modules = new Map<string, Module>();
  const load = (file: string): Module => {
    const module = modules.get(file) ?? readModule(file);
    modules.set(file, module);
    return module;
  };

  function find({ file, name }: Link): Declaration | null {
    const { declared, imported, exported } = load(file);
    const link = imported.get(name) ?? (declared.has(name) ? undefined : exported.get(name));
    return link === undefined ? (declared.get(name) ?? null) : find(link);
  }

  const { exported, comment } = load(entry);
  const names = new Map<Declaration, string>();
  for (const [name, link] of exported) {
    const declaration = find(link);
    if (declaration === null) throw new Error(`${entry} exports ${name}, which is nowhere`);
    names.set(declaration, name);
  }
  const isPublic = new Set(names.keys());
  const texts: string[] = [];
  // grows during the loop
  for (const declaration of names.keys()) {
    const { file, name: own, node } = declaration;
    const wider = WIDER[own];
    if (wider !== undefined) {
      texts.push(declaration.comment + wider);
      continue;
    }
    const { text, problem } = load(file);
    if (problem !== null && !isType(node)) throw new Error(`${file}: ${problem}`);
    const changes: { at: Node; name: string }[] = [];
    for (const reference of references(node)) {
      const found = find({ file, name: reference["name"] as string });
      if (found === null) continue;
      if (!names.has(found)) names.set(found, found.name);
      changes.push({ at: reference, name: names.get(found)! });
    }
    const word = isPublic.has(declaration) ? "export " : "";
    texts.push(declaration.comment + word + changed(text, node, changes));
  }
  const taken = [...names.values()];
  const twice = taken.find((name, i) => taken.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two types of the library are called ${twice}`);
  return tidy([comment, ...texts, "export {};\n"].join("\n"));
}

function readModule(file: string): Module {
  const { code: text, errors } = isolatedDeclarationSync(file, readFileSync(file, "utf8"));
  const parsed = parseSync(file.replace(/\.ts$/, ".d.ts"), text);
  const { body } = parsed.program as unknown as { body: Node[] };
  const comments = parsed.comments.filter(({ value }) => value.startsWith("*"));
  const commentBefore = (start: number): string => {
    const comment = comments.find(({ end }) => end < start && text.slice(end, start).trim() === "");
    return comment === undefined ? "" : `${text.slice(comment.start, comment.end)}\n`;
  };
  const declared = new Map<string, Declaration>();
  const imported = new Map<string, Link>();
  const exported = new Map<string, Link>();
  for (const statement of body) {
    const source = statement["source"] as { value: string } | null | undefined;
    const from = source?.value.startsWith(".") ? join(dirname(file), source.value) : null;
    const specifiers = (statement["specifiers"] ?? []) as Record<string, { name: string }>[];
    for (const { local, imported: theirs, exported: ours } of specifiers) {
      if (from === null) continue;
      if (theirs !== undefined) imported.set(local!.name, { file: from, name: theirs.name });
      if (ours !== undefined) exported.set(ours.name, { file: from, name: local!.name });
    }
    const node = (statement["declaration"] ?? statement) as Node;
    for (const name of namesIn(node))
      declared.set(name, { file, name, comment: commentBefore(statement.start), node });
  }
  const problem = errors[0]?.message ?? null;
  return { text, problem, comment: commentBefore(body[0]!.start), declared, imported, exported };
}

function namesIn(node: Node): string[] {
  if (node.type === "VariableDeclaration")
    return (node["declarations"] as { id: { name: string } }[]).map(({ id }) => id.name);
  const id = node["id"] as { name?: string } | undefined;
  return id?.name === undefined ? [] : [id.name];
}

/** All names in it that may be those of other declarations, its own included. */
function references(node: Node): Node[] {
  if (node.type === "Identifier") return [node];
  return Object.entries(node)
    .filter(([field]) => field !== "key" || node["computed"] === true)
    .flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(
      (value): value is Node => typeof value === "object" && value !== null && "type" in value,
    )
    .flatMap(references);
}

function changed(
  text: string,
  node: Node,
  changes: readonly { readonly at: Node; readonly name: string }[],
): string {
  let out = text.slice(node.start, node.end);
  for (const { at, name } of [...changes].sort((a, b) => b.at.start - a.at.start)) {
    const [start, end] = [at.start - node.start, at.start + nameLength(at) - node.start];
    out = out.slice(0, start) + name + out.slice(end);
  }
  return `${isType(node) || out.startsWith("declare ") ? "" : "declare "}${out}\n`;
}

function isType({ type }: Node): boolean {
  return /^TS(?:Interface|TypeAlias)Declaration$/.test(type);
}

/** The span of an identifier may include its type. */
function nameLength(identifier: Node): number {
  return (identifier["name"] as string).length;
}

/** As the sources are indented. */
function tidy(text: string): string {
  return text.replace(
    /^(\t*)(\*)?/gm,
    (_, tabs: string, star = "") => `${"  ".repeat(tabs.length)}${star === "" ? "" : " *"}`,
  );
}
