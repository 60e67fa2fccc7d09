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
import { Script } from "node:vm";
import type * as NodeThreads from "node:worker_threads";

/**
 * V8's flags while the program runs, and their defaults. Nearly all memory that a mail takes is free again by
 * the next one: keeping the young generation from growing costs no measurable time, and saves 40 MB on
 * an archive. A larger interrupt budget keeps V8 from optimizing what a start runs only once: that saves a
 * tenth of a start, and of an archive. A regular expression is run some times before it becomes machine code,
 * which few do in a start. Later versions of V8 do not have all of these flags, and would print a warning.
 */
const FLAGS = [
  { flag: "--semi-space-growth-factor", ours: 1, nodes: 2 },
  ...(process.versions.v8.startsWith("11.")
    ? [
        { flag: "--interrupt-budget", ours: 1_000_000, nodes: 67_584 },
        { flag: "--regexp-tier-up-ticks", ours: 100, nodes: 1 },
      ]
    : []),
];

/** V8 rejects a cache made under other flags: ours need our flags, those within node need node's. */
function setFlags(whose: "ours" | "nodes"): void {
  for (const flag of FLAGS) setFlagsFromString(`${flag.flag}=${flag[whose]}`);
}

setFlags("ours");

/** A file of the bundle that was loaded, and what binds a cache to it. */
interface Loaded {
  readonly cache: string;
  readonly script: Script;
  readonly bound: Hash;
}

type Threads = typeof NodeThreads;

type Wrapper = (
  exports: object,
  require: (name: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

const FOLDER = import.meta.dirname;
const DIGEST_BYTES = 32;

const [BEFORE, AFTER] = [
  // all on the first line, so that line numbers stay those of the file
  Buffer.from("(function (exports, require, module, __filename, __dirname) {"),
  Buffer.from("\n})"),
];

const outside = createRequire(import.meta.filename);
const modules = new Map<string, { exports: object }>();
const partsOfNode = new Map<string, unknown>();

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
  wrapperOf(file)(module.exports, required, module, file, FOLDER);
  return module.exports;
}

/** What the files of the bundle have as `require`. */
function required(name: string): unknown {
  if (name.startsWith("./")) return load(name.slice(2));
  if (!name.startsWith("node:")) return outside(name);
  if (!partsOfNode.has(name)) {
    setFlags("nodes");
    const part: unknown = outside(name);
    partsOfNode.set(name, name === "node:worker_threads" ? withThreads(part as Threads) : part);
    setFlags("ours");
  }
  return partsOfNode.get(name);
}

/** A thread begins with code of node too: our flags are set again by this file, when the thread's script loads it. */
function withThreads(threads: Threads): Threads {
  class Worker extends threads.Worker {
    constructor(...given: ConstructorParameters<Threads["Worker"]>) {
      setFlags("nodes");
      super(...given);
    }
  }
  return { ...threads, Worker };
}

function wrapperOf(file: string): Wrapper {
  const source = readFileSync(file);
  const bound = createHash("sha256").update(`${process.version} ${process.arch}\n`).update(source);
  const cachedData = cacheOf(`${file}.v8`, bound);
  // ASCII: see rolldown.config.js
  const text = Buffer.concat([BEFORE, source, AFTER]).toString("latin1");
  const script = new Script(text, {
    filename: file,
    ...(cachedData === null ? {} : { cachedData }),
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
