/** The public surface: a change of a name or a signature is meant, or this fails (then: vitest run test/library/api.test.ts --update). */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rollup } from "../../scripts/declarations/rollup.ts";
import { ROOT } from "./package.ts";

const declarations = rollup(join(ROOT, "src", "index.ts"));

test("names and signatures are as they were", async () => {
  const plain = declarations.replace(/^ *\/\*\*[^]*?\*\/\n/gm, "");
  await expect(plain).toMatchFileSnapshot("api.txt");
});

test("the package has these declarations", () => {
  expect(readFileSync(join(ROOT, "dist", "lib", "index.d.ts"), "utf8")).toBe(declarations);
});

test("whatever can be called says what it does", () => {
  const functions = [...declarations.matchAll(/^(.*)\nexport declare (?:function|class) (\w+)/gm)];
  expect(functions.length).toBeGreaterThan(8);
  for (const [, above, name] of functions)
    expect([name, above]).toEqual([name, expect.stringContaining("*/")]);
});

test("no type of the declarations is node's", () => {
  expect(declarations).not.toMatch(/\bBuffer\b|\bNodeJS\b|import\(/);
});
