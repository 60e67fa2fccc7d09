/**
 * Loads the files of the bundle with V8's code cache, if there is one: `x.js.v8` beside `x.js`, made on this
 * machine by `compile.ts`. V8 itself checks only the length of the source, and crashes on a damaged cache;
 * so a cache counts only if its digest matches the bytes of the source, this node and the bytes of the
 * cache. Otherwise it is ignored. Nothing is written here.
 */

import { createHash, type Hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { constants, Script } from "node:vm";

// V8 rejects a cache made under other flags, so these come first. Nearly all memory that a mail
// takes is free again by the next one: keeping the young generation from growing costs no
// measurable time, and saves 40 MB on an archive. A larger interrupt budget keeps V8 from
// optimizing what a start runs only once: that saves a tenth of a start, and of an archive. Later
// versions of V8 do not have that flag, and would print a warning.
setFlagsFromString("--semi-space-growth-factor=1");
if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=1000000");

/** A file of the bundle that was loaded, and what binds a cache to it. */
interface Loaded {
  readonly cache: string;
  readonly script: Script;
  readonly bound: Hash;
}

type Wrapper = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

const FOLDER = import.meta.dirname;
const DIGEST_BYTES = 32;

const outside = createRequire(import.meta.url);
const modules = new Map<string, { exports: object }>();

/** What was loaded, for `compile.ts`. */
export const loaded: Loaded[] = [];

/**
 * @param name of a file of the bundle
 * @returns what it exports
 */
export function load(name: string): object {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  const file = join(FOLDER, name);
  const require = (other: string): unknown =>
    other.startsWith("./") ? load(other.slice(2)) : outside(other);
  wrapperOf(file)(module.exports, require, module, file, FOLDER);
  return module.exports;
}

function wrapperOf(file: string): Wrapper {
  const source = readFileSync(file);
  const bound = createHash("sha256").update(`${process.version} ${process.arch}\n`).update(source);
  const cachedData = cacheOf(`${file}.v8`, bound);
  // all on the first line, so that line numbers stay those of the file
  const text = `(function (exports, require, module, __filename, __dirname) {${source.toString()}\n})`;
  const script = new Script(text, {
    filename: file,
    ...(cachedData === null ? {} : { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  loaded.push({ cache: `${file}.v8`, script, bound });
  return script.runInThisContext() as Wrapper;
}

/** The cache's data for V8; null if it does not belong to that source. */
function cacheOf(file: string, bound: Hash): Buffer | null {
  try {
    const bytes = readFileSync(file);
    const data = bytes.subarray(DIGEST_BYTES);
    return cacheDigest(bound, data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : null;
  } catch {
    return null;
  }
}

/** The header of a cache. */
export function cacheDigest(bound: Hash, data: Buffer): Buffer {
  return bound.copy().update(data).digest();
}
