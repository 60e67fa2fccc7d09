/**
 * Loaded before the program (`node --import`): counts what it does that others can see, a statement to
 * SQLite, a write to the disk, a write to the network; and kills it before the step that KILL_AT names.
 * Steps are the same on any machine. With KILL_SPAWNS, starts of programs are steps, too. STEPS names a file for their number, if it comes to its end.
 */

import childProcess from "node:child_process";
import fs, { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import Database from "better-sqlite3";

const { KILL_AT, STEPS } = process.env;
let steps = 0;

function stepIn(owner, name) {
  const original = owner[name];
  owner[name] = function (...args) {
    if (++steps === Number(KILL_AT)) process.kill(process.pid, "SIGKILL");
    return original.apply(this, args);
  };
}

const database = new Database(":memory:");
const statement = Object.getPrototypeOf(database.prepare("select 1"));
for (const name of ["run", "get", "all"]) stepIn(statement, name);
stepIn(Object.getPrototypeOf(database), "exec");
for (const name of ["writeSync", "renameSync"]) stepIn(fs, name);
stepIn(Socket.prototype, "write");
if (process.env.KILL_SPAWNS !== undefined) stepIn(childProcess, "spawn");
syncBuiltinESMExports();

if (STEPS !== undefined) process.on("exit", () => writeFileSync(STEPS, String(steps)));
