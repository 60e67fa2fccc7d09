import { createRequire } from "node:module";

/** The version in package.json, two folders above the built program. */
export const VERSION: string = (
  createRequire(import.meta.url)("../../../package.json") as { version: string }
).version;
