/** One name, one meaning: no type and no exported function is called like one of another file. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");

/** Where a name is declared more than once, and rightly. */
const SHARED: ReadonlySet<string> = new Set([
  // what each command takes, in its own file
  "Arguments",
  // the library's, and what it stands on
  "readMail",
]);

test("no two types or exported functions share a name", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  const places = new Map<string, string[]>();
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(SRC, file), "utf8");
    const types = text.matchAll(/^(?:export )?(?:abstract )?(?:interface|type|class) (\w+)[ <]/gm);
    const functions = text.matchAll(/^export (?:async )?function\*? (\w+)/gm);
    // overloads declare one function
    for (const name of new Set([...types, ...functions].map((found) => found[1]!)))
      places.set(name, [...(places.get(name) ?? []), file]);
  }
  expect(places.size).toBeGreaterThan(500);
  const shared = [...places].filter(([name, { length }]) => length > 1 && !SHARED.has(name));
  expect(shared).toEqual([]);
});
