/**
 * Runs `verify` repeatedly in one process and counts its work: executed blocks of our code (V8's
 * precise coverage, which depends only on code and input), and elements and bytes that pass through
 * built-in functions, which have hidden loops. Reads no clock.
 *
 * worker.js JOBS: a JSON file with [{ home, args }]; the counts go to descriptor 3.
 */

import { createHash } from "node:crypto";
import fs, { readFileSync, statSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import Database from "better-sqlite3";

const OURS = "/dist/src/";
let native = 0;
let printed = 0;

/** Adds up `cost` of each call. */
function counted(owner, name, cost) {
  const original = owner[name];
  owner[name] = function (...args) {
    const result = original.apply(this, args);
    native += cost(this, args, result) || 0;
    return result;
  };
}

function countNatives() {
  const session = new Session();
  session.connect();
  const lengthOfThis = (self) => self.length;
  for (const name of ["slice", "concat", "toSorted", "toReversed", "sort", "join"])
    counted(Array.prototype, name, (self, _, result) => result.length ?? self.length);
  for (const name of ["includes", "indexOf", "shift"]) counted(Array.prototype, name, lengthOfThis);
  counted(Buffer, "concat", (_, __, result) => result.length);
  counted(Buffer, "from", (_, [from]) => from.length ?? from.byteLength);
  for (const name of ["toString", "equals"]) {
    counted(Buffer.prototype, name, (self, [, start = 0, end = self.length]) =>
      name === "toString" ? Math.min(end, self.length) - start : self.length,
    );
  }
  for (const name of ["indexOf", "includes"])
    counted(Buffer.prototype, name, (self, [, from], found) => {
      const start = typeof from === "number" ? from : 0;
      return (typeof found === "number" && found >= 0 ? found : self.length) - start;
    });
  for (const name of ["split", "padEnd", "padStart", "repeat", "trim", "trimEnd", "toLowerCase"])
    counted(String.prototype, name, (self, _, result) => result.length + self.length);
  const iterator = Object.getPrototypeOf([][Symbol.iterator]());
  counted(iterator, "next", () => 1);
  for (const collection of [Map, Set]) {
    const walked = Object.getPrototypeOf(new collection()[Symbol.iterator]());
    counted(walked, "next", () => 1);
  }
  counted(Object.getPrototypeOf(createHash("sha256")), "update", (_, [data]) => data.length);
  const statement = Object.getPrototypeOf(new Database(":memory:").prepare("select 1"));
  counted(statement, "all", (_, __, rows) => 10 + rows.length);
  for (const name of ["get", "run"]) counted(statement, name, () => 10);
  const { writeSync: write } = fs;
  fs.writeSync = (fd, bytes, ...rest) => {
    const written = write(fd, bytes, ...rest);
    printed += written;
    return written;
  };
  syncBuiltinESMExports();
  return session;
}

async function main([jobs]) {
  const session = countNatives();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  // compiled here, so that its blocks are counted
  const { verifyCommand } = await import("../../dist/src/cli/commands/verify.js");
  const results = [];
  for (const { home, args } of JSON.parse(readFileSync(jobs, "utf8"))) {
    process.env.XDG_DATA_HOME = home;
    process.chdir(home);
    await session.post("Profiler.takePreciseCoverage");
    native = 0;
    printed = 0;
    const call = { json: false, policy: false, new: false, dryRun: false, jobs: 1, ...args };
    await verifyCommand.run(call).catch((error) => {
      if (error.code !== "no-patch") throw error;
    });
    const called = native;
    const { result } = await session.post("Profiler.takePreciseCoverage");
    const blocks = result
      .filter(({ url }) => url.includes(OURS))
      .flatMap(({ functions }) => functions)
      .flatMap(({ ranges }) => ranges)
      .reduce((sum, { count }) => sum + count, 0);
    const stored = sizeOf(join(home, "patchsig", "trust.db"));
    results.push({ blocks, native: called, stored, printed });
  }
  writeSync(3, JSON.stringify(results));
  process.exitCode = 0;
}

function sizeOf(file) {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

await main(process.argv.slice(2));
