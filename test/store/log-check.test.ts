/** A log that is left over beside a file which is not its own is never read with it. */

import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { backUp, restore } from "../../src/store/backup.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const ALICE = "alice@example.org";
const NOW = 1_790_000_000;

/** A database with so many identities, closed: one file without a log. */
function database(names: readonly string[], file = newFile()): string {
  const trust = openTrustStore({ file });
  for (const name of names)
    judgeSighting(trust, sightingOf(someKey(), "one", { identity: `${name}@example.org` }));
  trust.close();
  return file;
}

function newFile(): string {
  return path.join(temporaryDirectory(), "trust.db");
}

/** What a run that is killed leaves: the file, and a log with what the run wrote. */
function killed(file: string, work: (trust: TrustStore) => void): string {
  const left = newFile();
  const trust = openTrustStore({ file });
  work(trust);
  for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, left + suffix);
  trust.close();
  return left;
}

/** Alice's key is pinned, in the log only. */
const pinned = (trust: TrustStore): void => void trust.accept(ALICE, someKey(), NOW);

function statesIn(file: string): string[] {
  const trust = openTrustStore({ file });
  const states = trust.lookup(ALICE).map(({ state }) => state);
  trust.close();
  return states;
}

const bytes = (file: string): string[] =>
  ["", "-wal", "-journal"]
    .map((suffix) => file + suffix)
    .filter(existsSync)
    .map((name) => readFileSync(name, "latin1"));

/** Refused by whoever opens it, and left alone. */
function expectRefused(file: string): void {
  const before = bytes(file);
  for (const open of [
    () => openTrustStore({ file }),
    () => openTrustStore({ file, dryRun: true }),
    () => backUp(file, `${file}.copy`),
  ]) {
    expect(open).toThrow(
      expect.objectContaining({ code: "bad-database", hint: expect.stringContaining("restore") }),
    );
    expect(bytes(file)).toEqual(before);
  }
}

describe("its own WAL is read", () => {
  test("after a kill", () => {
    expect(statesIn(killed(database(["a"]), pinned))).toEqual(["pinned"]);
  });

  test("after a kill during a checkpoint", () => {
    const file = database(["a"]);
    const left = killed(file, pinned);
    // the file has all of it already, the log is still there
    copyFileSync(file, left);
    expect(statesIn(left)).toEqual(["pinned"]);
  });

  test("after a kill of two runs that used an older WAL", () => {
    const file = database(["a"]);
    const left = killed(file, (trust) => {
      pinned(trust);
      const db = new Database(file);
      db.pragma("wal_checkpoint(restart)");
      db.close();
      trust.accept(ALICE, someKey(), NOW);
    });
    expect(statesIn(left).sort()).toEqual(["pinned", "replaced"]);
  });

  test("written by other programs, if file and WAL belong together", () => {
    const file = database(["a"]);
    const left = newFile();
    const db = new Database(file);
    db.exec("update keys set applied = 7");
    for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, left + suffix);
    db.close();
    const trust = openTrustStore({ file: left });
    expect(trust.lookup("a@example.org")).toMatchObject([{ applied: 7 }]);
    trust.close();
  });

  test("of a killed migration", () => {
    const file = database(["a"]);
    const left = newFile();
    const db = new Database(file);
    const tables =
      "generation dkim_records vouched developer_keys series_links result_keys series_marks";
    db.exec(`${tables.replaceAll(/\w+/g, "drop table $&;")} pragma user_version = 6`);
    db.close();
    const trust = openTrustStore({ file });
    pinned(trust);
    for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, left + suffix);
    trust.close();
    expect(statesIn(left)).toEqual(["pinned"]);
  });
});

describe("beside the WAL of another database", () => {
  const OTHERS: [string, (file: string) => string][] = [
    ["another machine's file", () => database(["b", "c"])],
    [
      "a copy of it from before",
      (file) => {
        const copy = newFile();
        copyFileSync(file, copy);
        database(["d"], file);
        return copy;
      },
    ],
    [
      "a backup of it, taken at that very moment",
      (file) => {
        const copy = newFile();
        backUp(file, copy);
        return copy;
      },
    ],
  ];

  test.each(OTHERS)("%s: refused; the user decides which one counts", (_, other) => {
    const file = database(["a"]);
    const copy = other(file);
    const left = killed(file, pinned);
    copyFileSync(copy, left);
    expectRefused(left);

    const mended = newFile();
    copyFileSync(left, mended);
    expect(statesIn(mended)).toEqual([]);
    const backup = newFile();
    backUp(file, backup);
    const kept = restore(left, backup, "x");
    expect(statesIn(left)).toEqual(["pinned"]);
    // the log lies beside what it was found with, and was not joined with it
    const pages = (name: string): Buffer => readFileSync(name).subarray(100);
    expect(pages(kept!).equals(pages(copy))).toBe(true);
    expect(existsSync(`${kept}-wal`)).toBe(true);
  });

  test("its own file beside the WAL of another", () => {
    const left = killed(database(["a"]), pinned);
    const other = killed(database(["b"]), pinned);
    renameSync(`${other}-wal`, `${left}-wal`);
    expectRefused(left);
  });

  test("a rollback journal, which a database in WAL mode never has", () => {
    const file = database(["a"]);
    const journal = Buffer.alloc(1024);
    Buffer.from("d9d505f920a163d7", "hex").copy(journal);
    writeFileSync(`${file}-journal`, journal);
    expectRefused(file);
    writeFileSync(`${file}-journal`, "");
    expect(statesIn(file)).toEqual([]);
  });

  test("text from a mail is never taken for the stamp", () => {
    const file = database(["a"]);
    const left = killed(file, (trust) => {
      const messageId = "\x25\x01\x05\x00\x2d\x1c\x1cpatchsig-stamp-1";
      judgeSighting(trust, sightingOf(someKey(), "two", { identity: ALICE, messageId }));
    });
    expect(statesIn(left)).toEqual(["first-use"]);
  });
});
