/** An index of another version is made again: nobody has to know how it looked. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { INDEX_SCHEMA } from "../../src/store/index-schema.ts";
import { IndexStore } from "../../src/store/index-store.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { newFolder } from "../support/folders.ts";

const EMPTY = { gone: [], withdrawn: [], mails: [], again: [], threads: [], series: [] };

test("an index of an earlier version is emptied, and read anew", () => {
  const file = join(newFolder(), "index.db");
  const before = new IndexStore(file);
  before.put({ ...EMPTY, cursors: new Map([["mbox /m", "12"]]) }, () => []);
  before.close();
  const old = openSqlite(file);
  old.exec("drop table paths; drop index results_patched; create table facts_2 (name)");
  old.pragma("user_version = 2");
  old.close();
  const again = new IndexStore(file);
  expect(again.cursor("mbox /m")).toBeNull();
  const tables = again.db.prepare("select name from sqlite_master order by name").pluck();
  const wanted = new IndexStore(":memory:").db.prepare(tables.source).pluck().all();
  expect(tables.all().filter((name) => name !== "facts_2")).toEqual(wanted);
  again.close();
});

test("one of a later version is refused, and stays", () => {
  const file = join(newFolder(), "index.db");
  openDatabase(INDEX_SCHEMA, { file }).db.close();
  const newer = openSqlite(file);
  newer.pragma(`user_version = ${INDEX_SCHEMA.migrations.length + 1}`);
  newer.close();
  expect(() => new IndexStore(file)).toThrow(/newer patchsig/);
});
