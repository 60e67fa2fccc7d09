/**
 * Which Message-IDs a feed has: patchsig-ids.sqlite3 in its folder, beside public-inbox's own indexes. It is
 * derived from git, which alone counts: it may be deleted at any time, and is filled anew.
 */

import path from "node:path";
import type Database from "better-sqlite3";
import { explainingSqlite, openDatabase } from "./database.ts";
import type { Schema } from "./schema.ts";

/** "psfi" */
const APPLICATION_ID = 0x70736669;

const VERSION_1 = `
  create table mails (
    message_id text not null,
    blob       text not null,
    primary key (message_id, blob)
  ) strict, without rowid;
  create index mails_by_blob on mails (blob);

  -- up to which commit an epoch is in it
  create table heads (epoch integer primary key, head text not null) strict;
`;

const SCHEMA: Schema = {
  what: "index of Message-IDs",
  applicationId: APPLICATION_ID,
  migrations: [VERSION_1],
};

export interface IndexedChange {
  readonly messageId: string;
  readonly blob: string;
}

export class FeedIds {
  readonly #file: string;
  readonly #db: Database.Database;

  /** @throws PatchsigError as `openDatabase` */
  constructor(folder: string) {
    this.#file = path.join(folder, "patchsig-ids.sqlite3");
    this.#db = openDatabase(SCHEMA, { file: this.#file }).db;
  }

  close(): void {
    this.#db.close();
  }

  headOf(epoch: number): string | null {
    return this.#explained(
      () =>
        this.#db
          .prepare<[number], string>("select head from heads where epoch = ?")
          .pluck()
          .get(epoch) ?? null,
    );
  }

  /** The blobs of the mails with this Message-ID. */
  blobsOf(messageId: string): readonly string[] {
    return this.#explained(() =>
      this.#db
        .prepare<[string], string>("select blob from mails where message_id = ?")
        .pluck()
        .all(messageId),
    );
  }

  /** All of it anew. */
  clear(): void {
    this.#explained(() => this.#db.exec("begin; delete from mails; delete from heads; commit"));
  }

  /** What an epoch's commits up to `head` added and deleted, in one transaction. */
  move(
    epoch: number,
    head: string,
    added: readonly IndexedChange[],
    deleted: readonly string[],
  ): void {
    const add = this.#db.prepare("insert or ignore into mails values (?, ?)");
    const remove = this.#db.prepare("delete from mails where blob = ?");
    const set = this.#db.prepare("insert or replace into heads values (?, ?)");
    this.#explained(() =>
      this.#db
        .transaction(() => {
          for (const { messageId, blob } of added) add.run(messageId, blob);
          for (const blob of deleted) remove.run(blob);
          set.run(epoch, head);
        })
        .immediate(),
    );
  }

  #explained<T>(work: () => T): T {
    return explainingSqlite(SCHEMA, this.#file, work);
  }
}
