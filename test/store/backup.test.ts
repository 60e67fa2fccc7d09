import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import { backUp, restore } from "../../src/store/backup.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { openDatabase } from "../../src/store/database.ts";
import { TRUST_SCHEMA } from "../../src/store/schema.ts";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const ALICE = "alice@example.org";
const STAMP = "20261124T120000000Z";

let folder: string;
let file: string;
let copy: string;
beforeEach(() => {
  folder = temporaryDirectory();
  file = path.join(folder, "trust.db");
  copy = path.join(folder, "copy.db");
});

function remember(key: string, text = "one"): void {
  const trust = openTrustStore({ file });
  judgeSighting(trust, sightingOf(key, text));
  trust.close();
}

function keysOf(name: string): string[] {
  const trust = openTrustStore({ file: name, dryRun: true });
  const keys = [...trust.list()].map(({ publicKey }) => publicKey);
  trust.close();
  return keys;
}

describe("a backup", () => {
  test("is one private file with everything, including the WAL", () => {
    const [one, two] = [someKey(), someKey()];
    remember(one);
    const open = openTrustStore({ file });
    judgeSighting(open, sightingOf(two, "x", { identity: "bob@example.org" }));
    backUp(file, copy);
    open.close();
    expect(keysOf(copy)).toEqual([one, two]);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(["copy.db", "trust.db"]);
  });

  test("made while another process writes is consistent", async () => {
    openTrustStore({ file }).close();
    const worker = spawn(process.execPath, [fileURLToPath(new URL("worker.js", import.meta.url))]);
    const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
    await lines.next();
    const flood = {
      command: "flood",
      place: { name: file, own: file },
      publicKey: someKey(),
      first: 0,
      size: 20,
    };
    worker.stdin.write(`${JSON.stringify(flood)}\n`);
    for (let i = 0; i < 5; i++) {
      await lines.next();
      const name = `${copy}.${i}`;
      backUp(file, name);
      const db = new Database(name, { readonly: true });
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
      const keys = db.prepare("select count(*) from keys").pluck().get() as number;
      // batches are there whole, and those that were reported are there
      expect(keys % 20).toBe(0);
      expect(keys).toBeGreaterThanOrEqual((i + 1) * 20);
      db.close();
    }
    worker.kill("SIGKILL");
    await once(worker, "exit");
  });

  test("does not overwrite, and fails without a database", () => {
    expect(() => backUp(file, copy)).toThrow(expect.objectContaining({ code: "not-found" }));
    remember(someKey());
    writeFileSync(copy, "mine");
    expect(() => backUp(file, copy)).toThrow(expect.objectContaining({ code: "exists" }));
    expect(readFileSync(copy, "utf8")).toBe("mine");
    expect(() => backUp(file, path.join(folder, "no", "copy"))).toThrow(
      expect.objectContaining({ code: "unwritable" }),
    );
  });
});

describe("a restore", () => {
  test("puts the copy in place, and keeps the old database beside it", () => {
    const [before, after] = [someKey(), someKey()];
    remember(before);
    backUp(file, copy);
    remember(after, "changed");
    const trust = openTrustStore({ file });
    trust.accept(ALICE, after, 1);
    trust.close();
    const kept = restore(file, copy, STAMP);
    expect(kept).toBe(`${file}.before-${STAMP}`);
    expect(keysOf(file)).toEqual([before]);
    expect(keysOf(kept!).sort()).toEqual([before, after].sort());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(
      ["copy.db", "trust.db", path.basename(kept!)].sort(),
    );
    remember(before, "two");
  });

  test("creates a missing database", () => {
    remember(someKey());
    backUp(file, copy);
    const other = path.join(folder, "new", "trust.db");
    expect(restore(other, copy, STAMP)).toBeNull();
    expect(keysOf(other)).toEqual(keysOf(file));
  });

  test("from a database with a WAL beside it is refused, and changes nothing", () => {
    remember(someKey());
    const live = openTrustStore({ file: copy });
    judgeSighting(live, sightingOf(someKey(), "in the log"));
    expect(() => restore(file, copy, STAMP)).toThrow(
      expect.objectContaining({ code: "refused", message: expect.stringContaining("copy.db-wal") }),
    );
    live.close();
    expect(keysOf(file)).toHaveLength(1);
    expect(readdirSync(folder).sort()).toEqual(["copy.db", "trust.db"]);
    restore(file, copy, STAMP);
  });

  test("replaces a damaged database", () => {
    const key = someKey();
    remember(key);
    backUp(file, copy);
    writeFileSync(file, Buffer.alloc(8192, 7));
    const kept = restore(file, copy, STAMP);
    expect(keysOf(file)).toEqual([key]);
    expect(readFileSync(kept!)).toEqual(Buffer.alloc(8192, 7));
  });

  test.each<[string, string, () => void]>([
    ["text", "bad-database", () => writeFileSync(copy, "keys\n".repeat(1000))],
    ["an empty file", "bad-database", () => truncateSync(copy, 0)],
    ["one that was cut off", "bad-database", () => truncateSync(copy, statSync(copy).size - 4096)],
    [
      "one with a damaged page",
      "bad-database",
      () => {
        const bytes = readFileSync(copy);
        bytes.fill(0xa5, 4096, 4096 * 3);
        writeFileSync(copy, bytes);
      },
    ],
    [
      "another program's",
      "bad-database",
      () => {
        const db = new Database(copy);
        db.pragma("application_id = 7");
        db.close();
      },
    ],
    [
      "a newer one",
      "bad-database",
      () => {
        const db = new Database(copy);
        db.pragma(`user_version = ${TRUST_SCHEMA.migrations.length + 1}`);
        db.close();
      },
    ],
  ])("of %s is refused, and changes nothing", (_, code, spoil) => {
    remember(someKey());
    backUp(file, copy);
    spoil();
    const before = readFileSync(file);
    expect(() => restore(file, copy, STAMP)).toThrow(expect.objectContaining({ code }));
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["copy.db", "trust.db"]);
  });

  test("is refused while another process has the database open", () => {
    const [before, after] = [someKey(), someKey()];
    remember(before);
    backUp(file, copy);
    const open = openTrustStore({ file });
    judgeSighting(open, sightingOf(after, "x", { identity: "bob@example.org" }));
    expect(() => restore(file, copy, STAMP)).toThrow(
      expect.objectContaining({ code: "database-busy" }),
    );
    judgeSighting(open, sightingOf(after, "y", { identity: "bob@example.org" }));
    open.close();
    expect(keysOf(file)).toEqual([before, after]);
    expect(readdirSync(folder).sort()).toEqual(["copy.db", "trust.db"]);
  });
});

describe("a database of version 1", () => {
  const OLD = { ...TRUST_SCHEMA, migrations: TRUST_SCHEMA.migrations.slice(0, 1) };
  const key = someKey();

  /** As version 1 wrote it: a known key, and what happened to it. */
  function write(): void {
    const { db } = openDatabase(OLD, { file });
    db.exec(`insert into keys values ('${ALICE}', '${key}', 'known', 'mail', 1, 2, 'm', 'l', 'n', 3, 1);
      insert into events values (1, 1, '${ALICE}', '${key}', 'first-use', null, 'first-use', 'mail', 'm')`);
    db.close();
  }

  test("is migrated without loss", () => {
    write();
    const trust = openTrustStore({ file });
    const record = { publicKey: key, state: "known", patches: 3, applied: 1 };
    expect(trust.lookup(ALICE)).toMatchObject([{ ...record, endorsedBy: "", rotatedFrom: "" }]);
    expect(trust.events(ALICE)).toMatchObject([{ kind: "first-use", other: "", source: "" }]);
    expect(judgeSighting(trust, sightingOf(key, "two")).trust).toBe("known");
    trust.close();
    const db = new Database(file);
    expect(db.pragma("user_version", { simple: true })).toBe(TRUST_SCHEMA.migrations.length);
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
  });

  test("is read in a dry run, and not migrated", () => {
    write();
    const before = readFileSync(file);
    expect(keysOf(file)).toEqual([key]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("can be restored", () => {
    write();
    const other = path.join(folder, "new", "trust.db");
    restore(other, file, STAMP);
    expect(keysOf(other)).toEqual([key]);
  });
});
