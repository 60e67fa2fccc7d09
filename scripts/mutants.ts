/**
 * The mutants of a source, all in it at once, each behind a switch: conditions negated, `&&` and `||` swapped,
 * comparisons and numbers moved by one, early returns dropped, callbacks made constant.
 */

import { parseAst } from "rolldown/parseAst";

/** Stands before each switched source: `$is(n)` is true if mutant n is switched on. */
const PRELUDE = `
  const $mutants = (globalThis.$mutants ??= {
    active: Number(process.env.PATCHSIG_MUTANT ?? -1), reached: new Uint8Array(1 << 14), calls: 0, limit: Infinity,
    constants: [],
  });
  const $is = (n) => {
    $mutants.reached[n] = 1;
    if (++$mutants.calls > $mutants.limit) throw new Error("a mutant never ends");
    return n === $mutants.active;
  };
  const $swap = (n, a, b) => ($is(n) ? b : a);
  const $compare = {
    "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
    "===": (a, b) => a === b, "!==": (a, b) => a !== b,
  };
  const $constant = (set) => { $mutants.constants.push(set); set(); };
  let $left;
`.replace(/\n\s*/g, " ");

export interface Mutant {
  readonly file: string;
  /** `file:line:column  what it was → what it is` */
  readonly name: string;
  /** It is in a constant that is set anew when the mutant is switched on. */
  readonly isConstant: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const SWAPPED: Readonly<Record<string, string>> = {
  "&&": "||",
  "||": "&&",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
};
const WITH_CALLBACK = /^(?:filter|some|every|find|findIndex|findLast)$/;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** Writes text around parts of a source. What is put around a part comes before what is put around parts of it. */
class Wrapping {
  readonly #before = new Map<number, string>();
  readonly #after = new Map<number, string>();
  readonly #instead = new Map<number, { end: number; text: string }>();
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  wrap({ start, end }: Node, before: string, after: string): void {
    this.#before.set(start, (this.#before.get(start) ?? "") + before);
    this.#after.set(end, after + (this.#after.get(end) ?? ""));
  }

  replace(start: number, end: number, text: string): void {
    this.#instead.set(start, { end, text });
  }

  toString(): string {
    const places = [...this.#before.keys(), ...this.#after.keys(), ...this.#instead.keys()];
    let text = "";
    let at = 0;
    for (const place of [...new Set(places)].sort((a, b) => a - b)) {
      text += this.#source.slice(at, place);
      text += (this.#after.get(place) ?? "") + (this.#before.get(place) ?? "");
      const instead = this.#instead.get(place);
      text += instead?.text ?? "";
      at = instead?.end ?? place;
    }
    return text + this.#source.slice(at);
  }
}

/** `const NAME = …` in capitals: of numbers, other constants, and lists and records of them alone. */
function constantIn(node: Node): { name: string; init: Node } | null {
  const [one] = node["kind"] === "const" ? (node["declarations"] as Node[]) : [];
  const { id, init } = (one ?? {}) as { id?: Node; init?: Node | null };
  const name = id?.["name"];
  if (!isNode(init) || typeof name !== "string" || !/^[A-Z0-9_]+$/.test(name)) return null;
  return isPlain(init) ? { name, init } : null;
}

function isPlain(node: Node): boolean {
  const { type, left, right, argument, properties, elements, value, expression } = node;
  if (type === "Identifier" || type === "Literal") return true;
  const parts = [
    left,
    right,
    argument,
    properties,
    elements,
    expression,
    type === "Property" && value,
  ]
    .flat()
    .filter(isNode);
  return (
    /^(?:Unary|Binary|Object|Array|TSAs|TSSatisfies)Expression$|^Property$/.test(type) &&
    parts.every(isPlain)
  );
}

/**
 * Adds all mutants of a file to a list, and returns its source with a switch for each; the number of a mutant is its
 * place in the list. No part is written twice, however deep the switches lie in each other.
 */
export function switched(file: string, source: string, mutants: Mutant[]): string {
  const out = new Wrapping(source);
  let isConstant = false;
  const short = (code: string): string => code.replace(/\s+/g, " ").slice(0, 70);
  const add = (node: Node, text: string): number => {
    const lines = source.slice(0, node.start).split("\n");
    const place = `${file}:${lines.length}:${lines.at(-1)!.length + 1}`;
    const name = `${place}  ${short(textOf(node))} → ${short(text)}`;
    return mutants.push({ file, name, isConstant }) - 1;
  };
  const textOf = ({ start, end }: Node): string => source.slice(start, end);

  function swap(node: Node, operator: string, left: Node, right: Node): void {
    const other = SWAPPED[operator];
    if (other === undefined) return;
    const between = source.slice(left.end, right.start);
    const at = left.end + between.indexOf(operator);
    const n = add(node, textOf(left) + between.replace(operator, other) + textOf(right));
    if (operator === "&&" || operator === "||") {
      out.wrap(node, "($left = ", " : $left)");
      const goesOn = operator === "&&" ? "!==" : "===";
      out.replace(at, at + 2, `, $is(${n}) ${goesOn} !!$left ? `);
    } else {
      out.wrap(node, `$compare[$swap(${n}, "${operator}", "${other}")](`, ")");
      out.replace(at, at + operator.length, ",");
    }
  }

  function visit(node: Node): void {
    const constant = constantIn(node);
    if (constant !== null) {
      isConstant = true;
      const { name, init } = constant;
      out.replace(node.start, init.start, `let ${name}; $constant(() => (${name} = `);
      out.wrap(init, "", "))");
    }
    const { type, test, left, right, operator, consequent, callee, value, key } = node;
    if (isNode(test) && type !== "SwitchCase")
      out.wrap(test, `$is(${add(test, `!(${textOf(test)})`)}) !== !!(`, ")");
    if (isNode(left) && isNode(right) && typeof operator === "string")
      swap(node, operator, left, right);
    if (type === "IfStatement" && node["alternate"] === null && isNode(consequent))
      if (/^(?:return|continue|break)\b/.test(textOf(consequent)))
        out.wrap(consequent, `{ if (!$is(${add(consequent, "{}")})) `, "}");
    if (type === "Literal" && typeof value === "number") {
      const [less, more] = [value - 1, value + 1].map((other) => add(node, `${other}`));
      out.wrap(node, `($is(${less}) ? ${value - 1} : $is(${more}) ? ${value + 1} : `, ")");
    }
    if (type === "CallExpression" && isNode(callee) && isNode(callee["property"])) {
      const [callback] = node["arguments"] as Node[];
      if (callback !== undefined && WITH_CALLBACK.test(textOf(callee["property"]))) {
        const [all, none] = ["() => true", "() => false"].map((text) => add(callback, text));
        const both = `$is(${all}) ? (() => true) : $is(${none}) ? (() => false) : (`;
        out.wrap(callback, both, ")");
      }
    }
    for (const child of Object.values(node))
      for (const one of Array.isArray(child) ? child : [child])
        if (isNode(one) && (one !== key || node["computed"] === true))
          if (!one.type.startsWith("TS") || isNode(one["expression"])) visit(one);
    if (constant !== null) isConstant = false;
  }

  visit(parseAst(source, { lang: "ts" }, file) as unknown as Node);
  return PRELUDE + out.toString();
}
