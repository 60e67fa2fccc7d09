/**
 * The outbox of `send`: outbox.db, apart from the trust database, which outlives it. Its mails belong to
 * batches, each a version of a series, and leave in order.
 */

import path from "node:path";
import type Database from "better-sqlite3";
import { PatchsigError } from "../errors.ts";
import { dataFolder } from "../places.ts";
import { explainingSqlite, openDatabase } from "./database.ts";
import { type NewLetter, openOutbox, type Outbox, OUTBOX_SQL, type OutboxEntry } from "./outbox.ts";
import type { Schema } from "./schema.ts";

/** "psob" */
const APPLICATION_ID = 0x70736f62;

const VERSION_1 = `
  ${OUTBOX_SQL}

  create table batches (
    id         integer primary key,
    -- whose version it is; outbox.about has the id
    repository text    not null,
    branch     text    not null,
    version    integer not null,
    -- sendemail.identity, "" for none
    identity   text    not null,
    -- Message-IDs to titles
    titles     text    not null check (json_valid(titles)),
    -- for whoever put it here, when it has ended
    memo       text    not null,
    created_at integer not null,
    cancelled  integer not null default 0 check (cancelled in (0, 1)),
    closed_at  integer
  ) strict;
  -- one version after the other
  create unique index batches_open on batches (repository, branch) where closed_at is null;
`;

export const SEND_SCHEMA: Schema = {
  what: "outbox",
  applicationId: APPLICATION_ID,
  migrations: [VERSION_1],
};

/** `outbox.db` in the data folder (src/places.ts). */
export function defaultOutboxPath(
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return path.join(dataFolder(environment), "outbox.db");
}

/** A version of a series, as it is to be sent. */
export interface NewBatch {
  /** The full path of its repository, and the branch in it. */
  readonly repository: string;
  readonly branch: string;
  readonly version: number;
  /** Whose settings of sendemail.* it is sent with; "" for the common ones. */
  readonly identity: string;
  /** Kept until the batch is closed. */
  readonly memo: string;
}

export interface NewBatchMail extends Pick<
  NewLetter,
  "messageId" | "sender" | "recipients" | "bytes"
> {
  /** What it is called when people are asked about it: its subject. */
  readonly title: string;
}

/** A batch that is not closed. */
export interface OpenBatch extends NewBatch {
  readonly id: number;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** What had not left was taken back. */
  readonly cancelled: boolean;
  /** In the order in which they leave. */
  readonly mails: readonly BatchMail[];
}

export interface BatchMail extends OutboxEntry {
  readonly title: string;
}

interface StoredBatch extends Omit<OpenBatch, "mails" | "cancelled"> {
  readonly titles: string;
  readonly cancelled: 0 | 1;
}

/** A mail waits as long as its sender wants. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** Times are seconds since the epoch. */
export class SendStore {
  readonly file: string;
  readonly outbox: Outbox;
  readonly #db: Database.Database;
  readonly #sql: ReturnType<typeof prepare>;

  /**
   * @param dryRun writes nothing, not even the file
   * @throws PatchsigError as `openDatabase`
   */
  constructor(file: string, dryRun = false) {
    this.file = file;
    this.#db = openDatabase(SEND_SCHEMA, { file, dryRun }).db;
    this.outbox = openOutbox(this.#db, {
      ordered: true,
      explained: (work) => this.#explained(work),
    });
    this.#sql = prepare(this.#db);
  }

  close(): void {
    this.#db.close();
  }

  /**
   * All mails of a version, or none; on the disk when this returns.
   *
   * @returns the batch's id
   * @throws PatchsigError "refused" if this branch has an open batch, or a Message-ID was here before
   */
  add(batch: NewBatch, mails: readonly NewBatchMail[], now: number): number {
    const titles = JSON.stringify(
      Object.fromEntries(mails.map(({ messageId, title }) => [messageId, title])),
    );
    return this.#transaction(() => {
      const { id, version } = this.#sql.openOf.get(batch.repository, batch.branch) ?? {};
      if (id !== undefined)
        throw new PatchsigError("refused", `v${version} of ${batch.branch} is still being sent`, {
          hint: "git patchsig send --continue, or --cancel",
        });
      const added = Number(this.#sql.add.run({ ...batch, titles, now }).lastInsertRowid);
      for (const mail of mails) this.#addMail(added, mail, now);
      return added;
    });
  }

  #addMail(
    batch: number,
    { messageId, sender, recipients, bytes }: NewBatchMail,
    now: number,
  ): void {
    const letter = { messageId, kind: "mail", about: String(batch), sender, recipients, bytes };
    if (!this.outbox.add(letter, { now, notBefore: now, expiresAt: NEVER }))
      throw new PatchsigError("refused", `a mail ${messageId} was sent, or is being sent`);
  }

  /** Oldest first. */
  open(): OpenBatch[] {
    return this.#sql.open.all().map((stored) => {
      const { titles, cancelled, ...batch } = stored;
      const named = JSON.parse(titles) as Record<string, string>;
      const mails = this.outbox
        .entries(String(batch.id))
        .map((entry) => ({ ...entry, title: named[entry.messageId] ?? "" }));
      return { ...batch, cancelled: cancelled === 1, mails };
    });
  }

  /** The mails of an open batch that have left, as they were handed to the server, in their order. */
  sent(id: number): readonly Pick<NewBatchMail, "recipients" | "bytes" | "messageId">[] {
    return this.outbox.kept(String(id));
  }

  /** Takes back what is queued, and what will be found not to have been sent. */
  cancel(id: number, now: number): void {
    this.#transaction(() => {
      this.#sql.cancel.run(id);
      this.outbox.cancel(String(id), now, "cancelled");
    });
  }

  /**
   * Leaves somebody out of what has not been sent, whose address the server refuses, say.
   *
   * @param address in any case
   * @throws PatchsigError "usage" if nothing that waits goes there; "refused" if a mail would go to nobody.
   *   Then nothing has changed
   */
  drop(id: number, address: string): void {
    this.#transaction(() => {
      const gone = address.toLowerCase();
      const goesThere = this.outbox
        .entries(String(id))
        .filter(({ recipients }) => recipients.some((one) => one.toLowerCase() === gone));
      let changed = 0;
      for (const { id: row, recipients } of goesThere) {
        const rest = recipients.filter((one) => one.toLowerCase() !== gone);
        if (!this.outbox.readdress(row, rest)) continue;
        changed++;
        if (rest.length === 0)
          throw new PatchsigError("refused", `without ${address} a mail would go to nobody`, {
            hint: "git patchsig send --cancel",
          });
      }
      if (changed === 0) throw new PatchsigError("usage", `no mail that waits goes to ${address}`);
    });
  }

  isCancelled(id: number): boolean {
    return this.#sql.isCancelled.get(id) === 1;
  }

  /** Nothing more is done with it, and its mails are dropped. False if one is queued or in doubt. */
  end(id: number, now: number): boolean {
    return this.#transaction(() => {
      if (this.#sql.close.run({ id, about: String(id), now }).changes === 0) return false;
      this.outbox.empty(String(id));
      return true;
    });
  }

  #transaction<T>(work: () => T): T {
    return this.#explained(() => this.#db.transaction(work).immediate());
  }

  #explained<T>(work: () => T): T {
    return explainingSqlite(SEND_SCHEMA, this.file, work);
  }
}

function prepare(db: Database.Database) {
  return {
    openOf: db.prepare<[string, string], Pick<OpenBatch, "id" | "version">>(
      "select id, version from batches where repository = ? and branch = ? and closed_at is null",
    ),
    add: db.prepare(
      `insert into batches (repository, branch, version, identity, titles, memo, created_at)
       values (@repository, @branch, @version, @identity, @titles, @memo, @now)`,
    ),
    open: db.prepare<[], StoredBatch>(
      `select id, repository, branch, version, identity, titles, memo, created_at createdAt,
              cancelled
         from batches where closed_at is null order by id`,
    ),
    cancel: db.prepare<[number]>("update batches set cancelled = 1 where id = ?"),
    isCancelled: db.prepare<[number], number>("select cancelled from batches where id = ?").pluck(),
    close: db.prepare(
      `update batches set closed_at = @now, memo = '' where id = @id and closed_at is null
         and not exists (select 1 from outbox where about = @about and state in ('queued', 'in-doubt'))`,
    ),
  };
}
