// What only a server can do to the trust database: not be there, refuse, go away, keep waiting.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PatchsigError } from "../../src/errors.ts";
import { passwordFor, serverAddress } from "../../src/store/postgres/address.ts";
import { backUpTeam, restoreTeam } from "../../src/store/postgres/copy.ts";
import { translate } from "../../src/store/postgres/statement.ts";
import { TEAM_VERSION } from "../../src/store/postgres/tables.ts";
import { connectPostgres, type TeamOptions } from "../../src/store/postgres/trust-postgres.ts";
import { openDatabase } from "../../src/store/database.ts";
import { TRUST_SCHEMA } from "../../src/store/schema.ts";
import type { TrustConnection } from "../../src/store/sql.ts";
import { connectSqlite } from "../../src/store/trust-sqlite.ts";
import { TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { freePort } from "../support/port.ts";
import { HAS_POSTGRES, type Postgres, PATIENT, startPostgres } from "../support/postgres.ts";
import { requireTool } from "../support/tools.ts";
import { sightingOf, someKey, temporaryDirectory } from "./support.ts";

const ALICE = "alice@example.org";
const [K1, K2] = [someKey(), someKey()];
const ARRIVAL = { work: Buffer.alloc(8), version: 1, signedAt: 5, at: 6 };

function open(url: string, more: Partial<TeamOptions> = {}): TrustStore {
  const dryRun = more.dryRun === true;
  return new TrustStore(() => connectPostgres({ url, ...PATIENT, ...more }), dryRun);
}

/** The error of what must not succeed, without the part that is the machine's. */
function refusal(work: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    work();
  } catch (error) {
    const { code, message, hint } = error as PatchsigError;
    expect(message).not.toContain("\n");
    return { code, message: message.replace(/database postgres:\S*/, "database"), hint };
  }
  throw new Error("not refused");
}

describe("an address", () => {
  test("is read as libpq reads it", () => {
    expect(serverAddress("postgres://alice@db.example.org:5433/team%20a")).toEqual({
      host: "db.example.org",
      port: 5433,
      user: "alice",
      database: "team a",
      tls: {},
      shown: "postgres://alice@db.example.org:5433/team%20a",
    });
    expect(serverAddress("postgresql://a@/team?host=/run/pg")).toMatchObject({
      host: "/run/pg",
      port: 5432,
      tls: null,
    });
    expect(serverAddress("postgres:///team").host).toBe("/var/run/postgresql");
    expect(serverAddress("postgres://%2Frun%2Fpg/team").host).toBe("/run/pg");
    expect(serverAddress("postgres://a@[::1]:1/team")).toMatchObject({ host: "::1", port: 1 });
  });

  test.each([
    ["localhost", null],
    ["127.0.0.1", null],
    ["[::1]", null],
    ["db.example.org", {}],
    ["192.0.2.1", {}],
    ["localhost.example.org", {}],
  ])("of %s is encrypted and verified unless it is this machine's", (host, tls) => {
    expect(serverAddress(`postgres://${host}/team`).tls).toEqual(tls);
    expect(serverAddress(`postgres://${host}/team?sslmode=verify-full`).tls).toEqual({});
    expect(serverAddress(`postgres://${host}/team?sslmode=disable`).tls).toBeNull();
  });

  test.each([
    "postgres://alice:secret@db.example.org/team",
    "postgres://alice:@db.example.org/team",
    "postgres://alice@db.example.org/team?password=secret",
  ])("with a password in it is refused, and not shown: %s", (url) => {
    const { code, message, hint } = refusal(() => serverAddress(url));
    expect([code, message]).toEqual([
      "usage",
      "patchsig.database: a password does not belong in settings",
    ]);
    expect(hint).toContain("~/.pgpass");
  });

  test.each([
    ["postgres://a:pa/ss@db.example.org/team", "not understood"],
    ["mysql://db.example.org/team", "not understood"],
    ["postgres://db.example.org", "not understood"],
    ["postgres://db.example.org/", "names no database"],
    ["postgres://db.example.org/a/b", "not understood"],
    ["postgres://db.example.org/team?sslmode=require", "sslmode=require does not make sure"],
    ["postgres://db.example.org/team?sslmode=prefer", "sslmode=prefer does not make sure"],
    ["postgres://db.example.org/team?options=-c%20x", "options is not understood"],
    ["postgres://db.example.org/team?sslMode=disable", "sslMode is not understood"],
    ["postgres:///team?host=/run/pg&sslmode=verify-full", "a socket has no TLS"],
    ["postgres://a,b/team", "more than one host"],
    ["postgres://db.example.org/%E0%A4%A", "not understood"],
  ])("that is not understood is refused: %s", (url, why) => {
    const { code, message } = refusal(() => serverAddress(url));
    expect(code).toBe("usage");
    expect(message).toContain(why);
    expect(message).not.toContain("ss@");
  });

  test("finds its password as libpq does", () => {
    const file = path.join(temporaryDirectory(), "pgpass");
    const lines = [
      "# db.example.org:5432:team:alice:comment",
      "db.example.org:5432:team:bob:not this",
      "db.example.org:5432:team",
      "localhost:*:*:alice:of\\:a\\\\socket",
      "db.example.org:*:team:alice:s3 cr:et".replace("cr:", "cr\\:"),
      "*:*:*:*:last",
    ];
    writeFileSync(file, lines.join("\n"), { mode: 0o600 });
    const find = (url: string): string | null =>
      passwordFor(serverAddress(url), { PGPASSFILE: file });
    expect(find("postgres://alice@db.example.org/team")).toBe("s3 cr:et");
    expect(find("postgres://alice@/team?host=/run/pg")).toBe("of:a\\socket");
    expect(find("postgres://alice@other.example.org/team")).toBe("last");
    chmodSync(file, 0o644);
    expect(refusal(() => find("postgres:///team")).code).toBe("lax-mode");
    const nowhere = { PGPASSFILE: `${file}.not` };
    expect(passwordFor(serverAddress("postgres:///team"), nowhere)).toBeNull();
  });
});

test("parameters are translated outside of texts and names", () => {
  expect(translate("select '?@a', \"?\" from t where a = ? and b = ?")).toEqual({
    text: "select '?@a', \"?\" from t where a = $1 and b = $2",
    names: null,
  });
  expect(translate("select @a, @b, @a")).toEqual({
    text: "select $1, $2, $1",
    names: ["a", "b"],
  });
});

describe.runIf(HAS_POSTGRES)("a server", () => {
  let server: Postgres;
  beforeAll(() => {
    server = startPostgres();
  });
  afterAll(() => server.close());
  const nameOf = (url: string): string => /@\/(\w+)/.exec(url)![1]!;

  test("has the tables of the same version, with the same columns", () => {
    expect(TEAM_VERSION).toBe(TRUST_SCHEMA.migrations.length);
    const url = server.newDatabase();
    open(url).close();
    const theirs = server.sql(
      nameOf(url),
      `select table_name || ' ' || string_agg(column_name, ' ' order by ordinal_position)
         from information_schema.columns where table_schema = 'patchsig' group by table_name`,
    );
    const { db } = openDatabase(TRUST_SCHEMA, { file: ":memory:" });
    const own = db
      .prepare<[], string>(
        `select t.name || ' ' || (select group_concat(name, ' ') from pragma_table_info(t.name))
           from sqlite_schema t where type = 'table' and t.name <> 'cursors'`,
      )
      .pluck()
      .all()
      .map((line) => (line.startsWith("generation ") ? `${line} version` : line));
    db.close();
    expect(theirs.split("\n").toSorted()).toEqual(own.toSorted());
  });

  test("that is not there, or does not know the database, is one clear line", () => {
    const nowhere = `postgres://owner@/team?host=${temporaryDirectory()}`;
    expect(refusal(() => open(nowhere))).toEqual({
      code: "unreadable",
      message: "the trust database cannot be reached (ENOENT)",
      hint: expect.stringContaining("patchsig.database"),
    });
    expect(refusal(() => open(server.urlOf("nosuch")))).toMatchObject({ code: "not-found" });
    expect(refusal(() => open(server.urlOf("postgres", "nobody")))).toMatchObject({
      code: "refused",
    });
  });

  test("that never answers is not waited for", async () => {
    const folder = temporaryDirectory();
    const silent = createServer(() => {}).listen(path.join(folder, ".s.PGSQL.5432"));
    await new Promise((resolve) => silent.once("listening", resolve));
    const url = `postgres://owner@/team?host=${folder}`;
    expect(refusal(() => open(url, { connectMs: 50 }))).toMatchObject({ code: "unreadable" });
    silent.close();
  });

  test("with another program's tables, or newer ones, is left alone", () => {
    const url = server.newDatabase();
    server.sql(nameOf(url), "create schema patchsig; create table patchsig.customers (n int)");
    expect(refusal(() => open(url))).toMatchObject({
      code: "bad-database",
      message: "the trust database belongs to another program",
    });
    const other = server.newDatabase();
    const trust = open(other);
    server.sql(nameOf(other), "update patchsig.generation set version = version + 1");
    for (const work of [() => open(other), () => trust.transaction(() => {})])
      expect(refusal(work).message).toBe("the trust database was written by a newer patchsig");
    trust.close();
  });

  test("with an empty schema that somebody made for it is filled", () => {
    const url = server.newDatabase();
    server.sql(nameOf(url), "create schema patchsig");
    const trust = open(url);
    expect(judgeSighting(trust, sightingOf(K1, "one")).trust).toBe("first-use");
    trust.close();
  });

  test("that is empty is not filled in a dry run", () => {
    const url = server.newDatabase();
    expect(refusal(() => open(url, { dryRun: true })).message).toBe("the trust database is empty");
    expect(
      server.sql(nameOf(url), "select count(*) from pg_namespace where nspname = 'patchsig'"),
    ).toBe("0");
  });

  test("in another encoding is refused: names would come back as others", () => {
    server.sql(
      "postgres",
      "create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'",
    );
    expect(refusal(() => open(server.urlOf("latin"))).message).toBe(
      "the trust database is in LATIN1",
    );
  });

  describe("rights", () => {
    const grants = (database: string, user: string, rights: string): void => {
      server.sql("postgres", `create role ${user} login`);
      server.sql(
        database,
        `grant usage on schema patchsig to ${user};
         grant ${rights} on all tables in schema patchsig to ${user}`,
      );
    };

    test("to read are enough to look, and for a dry run", () => {
      const url = server.newDatabase();
      const trust = open(url);
      judgeSighting(trust, sightingOf(K1, "one"));
      trust.close();
      grants(nameOf(url), "reader", "select");
      const readers = server.urlOf(nameOf(url), "reader");
      const dry = open(readers, { dryRun: true });
      expect(judgeSighting(dry, sightingOf(K2, "two")).trust).toBe("changed");
      expect(judgeSighting(dry, sightingOf(K2, "two", { identity: "b@example.org" })).trust).toBe(
        "first-use",
      );
      dry.close();
      const writing = open(readers);
      expect(writing.lookup(ALICE)).toHaveLength(1);
      expect(refusal(() => judgeSighting(writing, sightingOf(K2, "two")))).toMatchObject({
        code: "unwritable",
        hint: expect.stringContaining("--dry-run"),
      });
      writing.close();
    });

    test("to rows, and to no table, are enough for all else", () => {
      const url = server.newDatabase();
      open(url).close();
      grants(nameOf(url), "writer", "select, insert, update, delete");
      const trust = open(server.urlOf(nameOf(url), "writer"));
      expect(judgeSighting(trust, sightingOf(K1, "one")).trust).toBe("first-use");
      trust.accept(ALICE, K2, 5);
      trust.drop(ALICE, K1, 6);
      trust.close();
      const empty = server.newDatabase();
      expect(refusal(() => open(server.urlOf(nameOf(empty), "writer")))).toMatchObject({
        code: "unwritable",
      });
    });

    test("in a dry run are not used, whatever it asks for", () => {
      const url = server.newDatabase();
      open(url).close();
      const connection = connectPostgres({ url, ...PATIENT, dryRun: true });
      const write = connection.prepare("delete from generation");
      expect(refusal(() => connection.explained(() => write.run())).code).toBe("unwritable");
      connection.close();
    });
  });

  test("whose transactions are strict by default never refuses in the middle", () => {
    const url = server.newDatabase();
    open(url).close();
    server.sql(
      nameOf(url),
      `alter database ${nameOf(url)} set default_transaction_isolation = 'serializable'`,
    );
    const [a, b] = [open(url), open(url)];
    for (let i = 0; i < 5; i++) {
      const identity = `dev${i}@example.org`;
      const [first, second] = i % 2 === 0 ? [a, b] : [b, a];
      expect(judgeSighting(first, sightingOf(K1, "one", { identity })).trust).toBe("first-use");
      expect(judgeSighting(second, sightingOf(K2, "two", { identity })).trust).toBe("changed");
    }
    a.close();
    b.close();
  });

  test("who waits for another writer is told so, and has done nothing", () => {
    const url = server.newDatabase();
    const [a, b] = [open(url), open(url, { busyMs: 30 })];
    a.transaction(() => {
      judgeSighting(a, sightingOf(K1, "one"));
      expect(refusal(() => judgeSighting(b, sightingOf(K2, "two")))).toMatchObject({
        code: "database-busy",
      });
      // readers never wait
      expect(b.lookup(ALICE)).toEqual([]);
    });
    expect(judgeSighting(b, sightingOf(K2, "two")).trust).toBe("changed");
    a.close();
    b.close();
  });

  test("a statement that takes too long is given up", () => {
    const connection = connectPostgres({ url: server.newDatabase(), ...PATIENT, answerMs: 50 });
    const slow = connection.prepare("select pg_sleep(60)");
    expect(refusal(() => connection.explained(() => slow.all())).code).toBe("database-busy");
    connection.close();
  });

  test("who sleeps in the middle does not hold up the others, and is told", () => {
    const url = server.newDatabase();
    const asleep = connectPostgres({ url, ...PATIENT });
    const awake = open(url);
    asleep.begin();
    asleep.prepare("insert into sightings values (?)").run(Buffer.alloc(8));
    // at once, and not after a minute
    asleep.prepare("set idle_in_transaction_session_timeout = 1").run();
    // waits until the server has ended the other's transaction
    expect(judgeSighting(awake, sightingOf(K2, "two")).trust).toBe("first-use");
    const { code } = refusal(() => asleep.explained(() => asleep.commit()));
    expect(code).toMatch(/^(database-busy|unreadable)$/);
    asleep.rollback();
    expect(asleep.prepare("select count(*) from sightings").pluck().get()).toBe(1);
    asleep.close();
    awake.close();
  });

  test("has the settings of a session that it needs, whatever its own are", () => {
    const url = server.newDatabase();
    const name = nameOf(url);
    for (const setting of ["synchronous_commit = 'off'", "search_path = 'public'"])
      server.sql(name, `alter database ${name} set ${setting}`);
    const connection = connectPostgres({
      url,
      ...PATIENT,
      busyMs: 70_000,
      idleMs: 80_000,
      answerMs: 90_000,
    });
    const setting = connection.prepare<[string], string>("select current_setting(?)").pluck();
    const names = ["synchronous_commit", "search_path", "lock_timeout", "statement_timeout"];
    names.push("idle_in_transaction_session_timeout");
    expect(names.map((one) => setting.get(one))).toEqual([
      "on",
      "patchsig,pg_temp",
      "70s",
      "90s",
      "80s",
    ]);
    connection.close();
  });

  test("that ends in the middle of the work leaves nothing of it; afterwards it goes on", () => {
    const url = server.newDatabase();
    const trust = open(url);
    judgeSighting(trust, sightingOf(K1, "one"));
    const refused = refusal(() =>
      trust.transaction(() => {
        judgeSighting(trust, sightingOf(K1, "two", { identity: "b@example.org" }));
        server.stop("immediate");
        trust.lookup("c@example.org");
      }),
    );
    expect(refused).toMatchObject({ code: "unreadable" });
    expect(refusal(() => trust.lookup(ALICE)).code).toBe("unreadable");
    expect(refusal(() => trust.transaction(() => {})).code).toBe("unreadable");
    server.start();
    expect(trust.lookup(ALICE)).toMatchObject([{ publicKey: K1 }]);
    expect(trust.lookup("b@example.org")).toEqual([]);
    server.stop();
    server.start();
    // a new transaction, and the connection that it needs
    expect(judgeSighting(trust, sightingOf(K2, "two")).trust).toBe("changed");
    trust.close();
  });

  test("that ends before the last word does not let a verdict through", () => {
    const url = server.newDatabase();
    const trust = open(url);
    const refused = refusal(() =>
      trust.transaction(() => {
        judgeSighting(trust, sightingOf(K1, "one"));
        server.stop("immediate");
      }),
    );
    expect(refused.code).toBe("unreadable");
    server.start();
    expect(trust.lookup(ALICE)).toEqual([]);
    trust.close();
  });

  test("a failed statement that somebody overlooks undoes the transaction, and says so", () => {
    const connection = connectPostgres({ url: server.newDatabase(), ...PATIENT });
    connection.begin();
    const add = connection.prepare("insert into sightings values (?)");
    add.run(Buffer.alloc(8));
    expect(() => add.run(Buffer.alloc(9))).toThrow();
    expect(refusal(() => connection.explained(() => connection.commit()))).toMatchObject({
      code: "unreadable",
    });
    connection.rollback();
    expect(connection.prepare("select count(*) from sightings").pluck().get()).toBe(0);
    connection.close();
  });

  test("does not know how far each machine has read", () => {
    const url = server.newDatabase();
    const machine = (): TrustStore => {
      const file = path.join(temporaryDirectory(), "trust.db");
      const team = (): TrustConnection => connectPostgres({ url, ...PATIENT });
      return new TrustStore(team, false, () => connectSqlite({ file }));
    };
    const [a, b] = [machine(), machine()];
    a.moveCursors(new Map([["list", "5"]]));
    expect([a.cursor("list"), b.cursor("list")]).toEqual(["5", null]);
    a.close();
    b.close();
  });

  test("is copied whole, in portions, into a file and back", () => {
    const [url, other] = [server.newDatabase(), server.newDatabase()];
    const trust = open(url);
    trust.transaction(() => {
      for (let i = 0; i < 10; i++) {
        const digest = Buffer.alloc(8, i + 1);
        trust.countVouched(`dev${i % 7}@example.org`, "example.org", digest, i);
        trust.arrive({ ...ARRIVAL, digest, messageId: `${i}@example.org` });
      }
      trust.putSeriesMark({ messageId: "m\n'\u00e9", state: "waiting", note: "", at: 1, until: 0 });
      trust.putSeriesLink({ a: "a", b: "b", together: true }, 4);
    });
    // more than are fetched, or written, at a time
    server.sql(
      nameOf(url),
      `insert into patchsig.sightings
         select decode(lpad(to_hex(i), 16, '0'), 'hex') from generate_series(1, 9000) i`,
    );
    trust.results.accept(ALICE, K1, 3);
    trust.close();
    const folder = temporaryDirectory();
    const [file, kept] = [path.join(folder, "copy"), path.join(folder, "kept")];
    backUpTeam({ url, ...PATIENT }, file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(restoreTeam({ url: other, ...PATIENT }, file, kept)).toBe(false);
    // but for the stamp, and rows are in no order
    const rows = (from: string): string[] =>
      server
        .dump(nameOf(from))
        .replace(/^COPY patchsig.generation[^]*?^\\\.$/m, "")
        .split("\n")
        .toSorted();
    expect(rows(other)).toEqual(rows(url));
    expect(rows(url).length).toBeGreaterThan(9000);
    // and once more, over itself
    expect(restoreTeam({ url: other, ...PATIENT }, file, kept)).toBe(true);
    expect(rows(other)).toEqual(rows(url));
    expect(readdirSync(folder).toSorted()).toEqual(["copy", "kept"]);
  });

  test("a file that is restored cannot say anything to the server but its rows", () => {
    const folder = temporaryDirectory();
    const [file, kept] = ["copy", "kept"].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    const { db } = openDatabase(TRUST_SCHEMA, { file });
    db.exec('create table "lo_creat(-1) x" (a)');
    db.pragma("wal_checkpoint(truncate)");
    db.close();
    const url = server.newDatabase();
    expect(restoreTeam({ url, ...PATIENT }, file, kept)).toBe(false);
  });

  test("texts that PostgreSQL cannot hold do not stop the work", () => {
    const trust = open(server.newDatabase());
    const odd = { messageId: "a\0b\ud800c", list: "\0" };
    expect(judgeSighting(trust, sightingOf(K1, "one", odd)).trust).toBe("first-use");
    expect(trust.lookup(ALICE)).toMatchObject([{ firstMessageId: "a\ufffdb\ufffdc" }]);
    // longer than an index could hold
    const record = `v=DKIM1; p=${Array.from({ length: 4000 }, (_, i) => (i * 7919) % 97).join("")}`;
    for (const at of [5, 9])
      trust.putDkimRecords(new Map([["a._domainkey.example.org", record]]), at);
    expect(trust.dkimRecords("a._domainkey.example.org")).toEqual([
      { text: record, firstSeen: 5, lastSeen: 9 },
    ]);
    trust.close();
  });
});

describe.runIf(HAS_POSTGRES)("a server that wants passwords", () => {
  let server: Postgres;
  beforeAll(() => {
    server = startPostgres();
    server.sql("postgres", "create role alice login password 's3cr:et'");
    server.sql("postgres", "create database team owner alice");
    const hba = "local all owner trust\nlocal all all scram-sha-256\n";
    writeFileSync(path.join(server.folder, "data", "pg_hba.conf"), hba);
    server.sql("postgres", "select pg_reload_conf()");
  });
  afterAll(() => server.close());

  test("gets that of ~/.pgpass alone", () => {
    const file = path.join(temporaryDirectory(), "pgpass");
    const before = process.env["PGPASSFILE"];
    process.env["PGPASSFILE"] = file;
    const connect = (): void => open(server.urlOf("team", "alice")).close();
    try {
      expect(refusal(connect)).toMatchObject({ code: "no-password" });
      writeFileSync(file, "*:*:*:alice:wrong", { mode: 0o600 });
      expect(refusal(connect)).toMatchObject({ code: "bad-password" });
      writeFileSync(file, "*:*:*:alice:s3cr\\:et", { mode: 0o600 });
      connect();
    } finally {
      if (before === undefined) delete process.env["PGPASSFILE"];
      else process.env["PGPASSFILE"] = before;
    }
  });
});

describe.runIf(HAS_POSTGRES && requireTool("openssl"))("a server on the network", () => {
  let server: Postgres;
  let port: number;
  let file: (name: string) => string;
  beforeAll(async () => {
    server = startPostgres();
    file = (name) => path.join(server.folder, "data", name);
    const openssl = (line: string): void =>
      void execFileSync("openssl", line.split(" "), {
        stdio: "ignore",
        cwd: path.join(server.folder, "data"),
      });
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(`req -x509 ${key} -keyout ca.key -out ca.pem -subj /CN=ca`);
    openssl(
      `req -x509 ${key} -CA ca.pem -CAkey ca.key -subj /CN=server -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt`,
    );
    const { uid, gid } = statSync(file("PG_VERSION"));
    for (const name of ["server.key", "server.crt"]) chownSync(file(name), uid, gid);
    chmodSync(file("server.key"), 0o600);
    writeFileSync(file("pg_hba.conf"), "local all all trust\nhost all all 127.0.0.1/32 trust\n");
    server.stop();
    port = await freePort();
    server.start("ssl=on", "listen_addresses=127.0.0.1", `port=${port}`);
  });
  afterAll(() => server.close());

  const url = (host: string, ...more: string[]): string =>
    `postgres://owner@${host}:${port}/postgres?${["sslmode=verify-full", ...more].join("&")}`;

  test("has to prove that it is the one", () => {
    const own = `sslrootcert=${encodeURIComponent(file("ca.pem"))}`;
    open(url("localhost", own)).close();
    for (const bad of [url("localhost"), url("127.0.0.1", own)])
      expect(refusal(() => open(bad))).toMatchObject({
        code: "refused",
        message: expect.stringContaining("does not prove that it is that server"),
      });
  });

  test("has to prove it whatever node's variables say", () => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(refusal(() => open(url("localhost"))).code).toBe("refused");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  test("that does not encrypt is not talked to", () => {
    server.stop();
    server.start("ssl=off", "listen_addresses=127.0.0.1", `port=${port}`);
    const { code, message } = refusal(() => open(url("localhost")));
    expect(code).toBe("unreadable");
    expect(message).toContain("does not support SSL");
    open(url("localhost").replace("verify-full", "disable")).close();
  });
});
