/** The public surface: a change of a name or a signature is meant, or this fails (then: vitest run test/library/api.test.ts --update). */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rollup } from "../../scripts/declarations/rollup.ts";
import { ROOT } from "./package.ts";

const declarations = rollup(join(ROOT, "src", "index.ts"));

test("names and signatures have not changed", async () => {
  const plain = declarations.replace(/^ *\/\*\*[^]*?\*\/\n/gm, "");
  await expect(plain).toMatchFileSnapshot("api.txt");
});

test("the package has these declarations", () => {
  expect(readFileSync(join(ROOT, "dist", "lib", "index.d.ts"), "utf8")).toBe(declarations);
});

test("every function has a doc comment", () => {
  const functions = [...declarations.matchAll(/^(.*)\nexport declare (?:function|class) (\w+)/gm)];
  expect(functions.length).toBeGreaterThan(8);
  for (const [, above, name] of functions)
    expect([name, above]).toEqual([name, expect.stringContaining("*/")]);
});

test("the declarations use no types of node", () => {
  expect(declarations).not.toMatch(/\bBuffer\b|\bNodeJS\b|import\(/);
});
