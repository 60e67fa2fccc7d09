import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import type { PatchsigError } from "../../src/errors.ts";
import { explainingSqlite } from "../../src/store/database.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { TRUST_SCHEMA } from "../../src/store/schema.ts";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

let file: string;
beforeEach(() => {
  file = path.join(temporaryDirectory(), "share", "patchsig", "trust.db");
});

/** A database with some hundred keys, closed. */
function fill(): void {
  const trust = openTrustStore({ file });
  trust.transaction(() => {
    for (let i = 0; i < 300; i++) {
      judgeSighting(trust, sightingOf(someKey(), "one", { identity: `dev${i}@example.org` }));
    }
  });
  trust.close();
}

function failure(work: () => unknown): PatchsigError {
  try {
    work();
  } catch (error) {
    return error as PatchsigError;
  }
  throw new Error("it worked");
}

describe("a new database", () => {
  test("is private, valid, and leaves no other file", () => {
    openTrustStore({ file }).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(path.dirname(path.dirname(file))).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file))).toEqual(["trust.db"]);
  });

  test("is private even under umask 0", () => {
    const mask = process.umask(0);
    try {
      const trust = openTrustStore({ file });
      judgeSighting(trust, sightingOf(someKey(), "one"));
      for (const name of readdirSync(path.dirname(file)))
        expect(statSync(path.join(path.dirname(file), name)).mode & 0o077, name).toBe(0);
      trust.close();
    } finally {
      process.umask(mask);
    }
  });

  test("uses WAL, and syncs at every commit", () => {
    openTrustStore({ file }).close();
    const db = new Database(file);
    expect(db.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    const tables = db.pragma("table_list") as { schema: string; name: string; strict: number }[];
    const ours = tables.filter((table) => !table.name.startsWith("sqlite_"));
    expect(
      ours.map((table) => `${table.name} ${table.strict}`).toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual([
      "arrivals 1",
      "cursors 1",
      "developer_keys 1",
      "dkim_records 1",
      "events 1",
      "generation 1",
      "keys 1",
      "result_keys 1",
      "series_links 1",
      "series_marks 1",
      "sightings 1",
      "statements 1",
      "unsigned_patches 1",
      "vouched 1",
    ]);
    db.close();
  });
});

describe.each([false, true])("a file that is not a trust database (dry run: %s)", (dryRun) => {
  const cases: [string, () => void, string][] = [
    ["cut off by a page", () => truncateSync(file, statSync(file).size - 4096), "is truncated"],
    ["cut off in the first page", () => truncateSync(file, 1000), "is truncated"],
    ["cut off in the header", () => truncateSync(file, 50), "is not a database"],
    ["empty", () => truncateSync(file, 0), "is empty"],
    ["text", () => writeFileSync(file, "keys\n".repeat(1000)), "is not a database"],
    [
      "of another program",
      () => {
        const db = new Database(file);
        db.pragma("application_id = 7");
        db.close();
      },
      "belongs to another program",
    ],
    [
      "of a newer version",
      () => {
        const db = new Database(file);
        db.pragma(`user_version = ${TRUST_SCHEMA.migrations.length + 1}`);
        db.close();
      },
      "was written by a newer patchsig",
    ],
  ];
  test.each(cases)("%s", (_, spoil, message) => {
    fill();
    spoil();
    const before = readFileSync(file);
    const error = failure(() => openTrustStore({ file, dryRun }));
    expect(error.code).toBe("bad-database");
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(path.dirname(file))).toEqual(["trust.db"]);
  });

  test("of a newer version, recorded only in its WAL", () => {
    fill();
    const newer = new Database(file);
    const version = TRUST_SCHEMA.migrations.length + 1;
    newer.pragma(`user_version = ${version}`);
    // its own file says nothing of it yet
    expect(readFileSync(file).readUInt32BE(60)).toBe(version - 1);
    const error = failure(() => openTrustStore({ file, dryRun }).close());
    expect(error.message).toContain("was written by a newer patchsig");
    expect(newer.pragma("user_version", { simple: true })).toBe(version);
    newer.close();
  });

  test("with a damaged page", () => {
    fill();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4096);
    writeFileSync(file, bytes);
    const error = failure(() => {
      const trust = openTrustStore({ file, dryRun });
      try {
        judgeSighting(trust, sightingOf(someKey(), "two", { identity: "dev7@example.org" }));
      } finally {
        trust.close();
      }
    });
    expect(error.code).toBe("bad-database");
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test("a directory", () => {
    mkdirSync(file, { recursive: true });
    expect(failure(() => openTrustStore({ file, dryRun })).code).toBe("bad-database");
  });
});

describe("a file that cannot be used", () => {
  test("locked for longer than the timeout", () => {
    fill();
    const holder = new Database(file);
    holder.exec("begin immediate");
    const trust = openTrustStore({ file, busyMs: 50 });
    const error = failure(() => judgeSighting(trust, sightingOf(someKey(), "one")));
    expect(error.code).toBe("database-busy");
    // reading goes on
    expect(trust.lookup("dev7@example.org")).toHaveLength(1);
    holder.exec("rollback");
    expect(judgeSighting(trust, sightingOf(someKey(), "one")).trust).toBe("first-use");
    trust.close();
    holder.close();
  });

  test.skipIf(process.getuid?.() === 0)("without write permission", () => {
    fill();
    chmodSync(file, 0o400);
    expect(
      failure(() => {
        const trust = openTrustStore({ file });
        judgeSighting(trust, sightingOf(someKey(), "one"));
      }).code,
    ).toBe("unwritable");
  });

  test("in a path below a regular file", () => {
    writeFileSync(path.dirname(path.dirname(path.dirname(file))) + "/share", "");
    expect(failure(() => openTrustStore({ file }))).toMatchObject({ code: "unwritable", exit: 3 });
  });

  test.each([
    ["SQLITE_FULL", "disk-full"],
    ["SQLITE_IOERR_SHMSIZE", "disk-full"],
    ["SQLITE_READONLY_DIRECTORY", "unwritable"],
    ["SQLITE_CORRUPT_INDEX", "bad-database"],
    ["SQLITE_BUSY_SNAPSHOT", "database-busy"],
    ["SQLITE_IOERR_READ", "unreadable"],
  ])("%s is %s", (code, expected) => {
    const error = failure(() =>
      explainingSqlite(TRUST_SCHEMA, file, () => {
        throw new Database.SqliteError("no", code);
      }),
    );
    expect(error).toMatchObject({ name: "PatchsigError", code: expected });
  });

  test("other errors are passed through", () => {
    const error = Object.assign(new Error("no such file"), { code: "ENOENT" });
    const work = (): never => {
      throw error;
    };
    expect(failure(() => explainingSqlite(TRUST_SCHEMA, file, work))).toBe(error);
  });
});

test("a name that looks like a URI is a file name", () => {
  const odd = path.join(path.dirname(path.dirname(path.dirname(file))), "a?b#c%41 d");
  const trust = openTrustStore({ file: path.join(odd, "trust.db") });
  judgeSighting(trust, sightingOf(someKey(), "one"));
  trust.close();
  expect(existsSync(path.join(odd, "trust.db"))).toBe(true);
});
