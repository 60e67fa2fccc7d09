/** A hint is not broken into lines, since it may be a command to copy: what we write of it fits. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");
const COLUMNS = 80;

/** Texts after `hint:` or `hint =`, on either side of a condition; what is filled in is not counted. */
function hintsIn(text: string): string[] {
  const values = text.matchAll(/\bhint(?:: | =)((?:(?:[^"`;{}]*?)(?:"[^"\n]*"|`[^`]*`))+)/g);
  return [...values].flatMap(([, value]) =>
    [...value!.matchAll(/"([^"\n]*)"|`([^`]*)`/g)].map(([, plain, filled]) =>
      (plain ?? filled!).replaceAll(/\$\{[^}]*\}/g, ""),
    ),
  );
}

test("hints fit on a terminal", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => name.endsWith(".ts"));
  const hints = sources.flatMap((name) => hintsIn(readFileSync(join(SRC, name), "utf8")));
  expect(hints.length).toBeGreaterThan(100);
  expect(hints.filter((hint) => `hint: ${hint}`.length > COLUMNS)).toEqual([]);
});
