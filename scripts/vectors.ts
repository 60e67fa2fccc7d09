/**
 * npm run vectors: writes fixtures/canonical, fixtures/feed, fixtures/result, fixtures/review, fixtures/series, fixtures/signed and fixtures/sets,
 * the same bytes each time. fixtures/README.md explains them. test/vectors.test.ts compares them.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { vectorFiles } from "./vectors/files.ts";

for (const [name, content] of vectorFiles()) {
  const path = join("fixtures", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
