/** Writes the types of the library beside it. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rollup } from "./declarations/rollup.ts";

const root = join(import.meta.dirname, "..", "..");
writeFileSync(join(root, "dist/lib/index.d.ts"), rollup(join(root, "src/index.ts")));
