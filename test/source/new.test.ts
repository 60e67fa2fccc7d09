/** `verify --new` on an mbox and a maildir: what is remembered, when, and for how long. */

import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  expectError,
  expectStatus,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "../cli/support.ts";
import { patchsig, records } from "../support/cli.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");

let files: string[];
let home: string;
beforeAll(() => {
  files = signedPatches(newSubmission().work, newHome(7));
});
beforeEach(() => {
  home = newFolder();
});

/** How many mails and patches are read. */
function readNew(source: string, ...options: readonly string[]): object {
  const args = ["verify", "--json", "--new", ...options, source];
  const { messages, patches } = records(expectStatus(patchsig(args, { home }), 0)).at(-1)!;
  return { messages, patches };
}

function cursors(): string[] {
  const db = new Database(join(home, "patchsig", "trust.db"), { readonly: true });
  const names = db.prepare<[], string>("select name from cursors order by name").pluck().all();
  db.close();
  return names;
}

test("continues an mbox", () => {
  const file = mbox(files[0]!, files[1]!);
  // a dry run moves no cursor
  expect(readNew(file, "--dry-run")).toEqual({ messages: 2, patches: 2 });
  expect(readNew(file)).toEqual({ messages: 2, patches: 2 });
  expect(readNew(file)).toEqual({ messages: 0, patches: 0 });
  appendFileSync(file, readFileSync(files[2]!));
  expect(readNew(file)).toEqual({ messages: 1, patches: 1 });
  expect(cursors()).toEqual([`mbox ${file}`]);
});

test("forgets removed mails of a maildir once everything is reported", () => {
  const maildir = newFolder();
  for (const name of ["new", "cur", "tmp"]) mkdirSync(join(maildir, name));
  const names = files.map((_, i) => join(maildir, "new", `${i}.M1.host`));
  for (const [i, name] of names.entries()) writeFileSync(name, readFileSync(files[i]!));
  expect(readNew(maildir)).toEqual({ messages: 3, patches: 3 });
  expect(readNew(maildir)).toEqual({ messages: 0, patches: 0 });
  rmSync(names[1]!);
  readNew(maildir, "--dry-run");
  expect(cursors()).toHaveLength(3);
  readNew(maildir);
  expect(cursors()).toEqual([0, 2].map((n) => `maildir ${maildir}/${n}.M1.host`));
});

test("killed between verdict and output: the mails are reported again", async () => {
  const count = 300;
  const patch = readFileSync(files[0]!, "latin1");
  const mails = Array.from({ length: count }, (_, i) => patch.replace("\n", `\nX-Number: ${i}\n`));
  const file = join(home, "many.mbox");
  writeFileSync(file, mails.join(""), "latin1");
  // nobody reads what it says, so that it waits with the pipe full
  const args = [PROGRAM, "verify", "--json", "--new", file];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, XDG_DATA_HOME: home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once("readable", resolve));
  child.kill("SIGKILL");
  expect(await ended).toBe("SIGKILL");
  const [key] = records(patchsig(["trust", "list", "--json"], { home }));
  expect(key).toMatchObject({ identity: "alice@example.org" });
  expect(cursors()).toEqual([]);
  expect(readNew(file)).toMatchObject({ messages: count });
  expect(readNew(file)).toEqual({ messages: 0, patches: 0 });
});

test("refuses sources whose new mails cannot be told apart", () => {
  const run = expectError(
    patchsig(["verify", "--new"], { home, input: "" }),
    2,
    /^standard input: nobody can tell/,
  );
  expect(run.stderr).toContain(
    "hint: of an uncompressed mbox, a maildir and a public-inbox it is known",
  );
});
