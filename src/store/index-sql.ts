/** The rows of index.db, and its statements. */

import type Database from "better-sqlite3";
import { TEXT_FIELDS, type TextField } from "../search/query.ts";

export type MailKind =
  | "patch"
  | "cover"
  | "answer"
  | "reply"
  | "note"
  | "result"
  | "mail"
  | "refused";

/** A mail, as a search finds it. */
export interface MailRow {
  readonly id: number;
  /** The name of its source. */
  readonly source: string;
  /** `source` of its SourceMail. */
  readonly place: string;
  readonly messageId: string;
  readonly thread: number;
  /** Seconds since the epoch. A mail without a date has the time when it was received, or 0. */
  readonly date: number;
  readonly received: number;
  readonly kind: MailKind;
  readonly subject: string;
  /** `Name <address>` */
  readonly sender: string;
  readonly signer: string;
  readonly trust: string;
  /** Of a patch: pass, warn, fail, or none if all there is to say is that it is unsigned. Else "". */
  readonly verdict: string;
}

/** A mail, and its place in its source. */
export interface PlacedRow extends Pick<MailRow, "id" | "thread" | "place" | "messageId" | "kind"> {
  /** 1 for a result that its feed has taken back. */
  readonly withdrawn: 0 | 1;
}

/** A signed test result. `said` is its content as JSON; the rest is as in SignedResult. */
interface ResultRow {
  readonly tree: string;
  /** The digest of the patches that it is about (`patchesDigest`); "" for none. */
  readonly patches: string;
  readonly test: string;
  readonly outcome: string;
  readonly publicKey: string;
  readonly said: string;
  readonly text: string;
  readonly minisig: string;
}

/** A result in the index, and the mail that brought it. */
export interface StoredResult extends ResultRow {
  readonly id: number;
  readonly mail: number;
  readonly messageId: string;
  /** The mail's place in its source. */
  readonly place: string;
  /** 1 if the feed that it came from has taken it back. */
  readonly withdrawn: 0 | 1;
}

/** How many patches there are of one month, such as `2026-11`. */
export interface PatchMonth {
  readonly month: string;
  readonly all: number;
  /** With a good signature. */
  readonly signed: number;
  /** Unsigned, but vouched for by a domain. */
  readonly vouched: number;
}

export interface NewResult extends ResultRow {
  /** `key=value` */
  readonly env: readonly string[];
}

export interface NewMail extends Omit<MailRow, "id" | "thread"> {
  readonly results: readonly NewResult[];
  /** Names that it shares with other mails of its thread. */
  readonly names: readonly string[];
  readonly lists: readonly string[];
  readonly words: Readonly<Record<TextField, string>>;
}

/** A mail of the index that was judged again. */
export type JudgedAgain = Pick<MailRow, "id" | "kind" | "signer" | "trust" | "verdict">;

/** A series. `record` and `versions` are JSON that only the caller understands. */
interface IndexedSeries {
  readonly name: string;
  readonly date: number;
  readonly latest: number;
  readonly signer: string;
  readonly verdict: "pass" | "warn" | "fail";
  readonly version: number;
  /** 1 if it has patches to apply. */
  readonly applicable: 0 | 1;
  readonly record: string;
  readonly versions: string;
}

export interface NewIndexedSeries extends IndexedSeries {
  /** Names that other versions of it may share with it. */
  readonly names: readonly string[];
  readonly mails: readonly {
    readonly source: string;
    readonly place: string;
    readonly number: number;
  }[];
}

export interface StoredSeries extends IndexedSeries {
  readonly id: number;
  readonly work: number;
  readonly thread: number;
}

const MAIL_COLUMNS = `m.id, s.name as source, m.place, m.message_id as messageId, m.thread, m.date,
  m.received, m.kind, m.subject, m.sender, m.signer, m.trust, m.verdict`;

/** Selects MailRows: from mails `m` with their sources `s`. */
export const SELECT_MAILS = `select ${MAIL_COLUMNS} from live_mails m join sources s on s.id = m.source`;

const SELECT_RESULTS = `select r.id, r.mail, m.message_id as messageId, r.tree, r.patches, r.test,
  r.outcome, r.public_key as publicKey, r.said, r.text, r.minisig, m.place,
  r.mail in (select mail from withdrawn) as withdrawn
  from results r join mails m on m.id = r.mail`;

/**
 * Selects the results for which a condition holds, so that nobody can hide another's results by sending many, or by
 * sending one many times, which anybody can do. There is a share of `most` results for each named key (within each value
 * of the column `share`, if given), and one share for all other keys together. A share has the results that came last;
 * of one signed text it has a few copies, since a feed may have withdrawn some. Usually there are no more than `most`
 * in all, and a simpler statement returns them.
 *
 * @param condition SQL on a row `r` of `results`
 */
function sharedResults(
  db: Database.Database,
  condition: string,
  share = "null",
): { readonly all: (asked: SharedBy) => StoredResult[] } {
  const largest = db
    .prepare<[SharedBy], number | null>(
      `select max(n) from (select count(*) as n from results r where ${condition} group by ${share})`,
    )
    .pluck();
  const all = db.prepare<[SharedBy], StoredResult>(
    `${SELECT_RESULTS} where ${condition}
     order by r.public_key not in (select value from json_each(@keys)), r.id`,
  );
  const shared = db.prepare<[SharedBy], StoredResult>(
    `with found as (
      select r.id, r.patches, r.public_key, r.minisig, r.mail in (select mail from withdrawn) as gone,
        r.public_key in (select value from json_each(@keys)) as isNamed
      from results r where ${condition}),
    told as (select *, row_number() over (partition by public_key, minisig order by gone, id) as copy,
        min(id) over (partition by public_key, minisig) as first from found),
    counted as (select id, isNamed, dense_rank() over (
        partition by ${share}, iif(isNamed, public_key, '') order by first desc) as turn
      from told where copy <= ${MAX_COPIES})
    ${SELECT_RESULTS} join counted c on c.id = r.id where c.turn <= @most order by not c.isNamed, r.id`,
  );
  return {
    all: (asked) => ((largest.get(asked) ?? 0) <= asked.most ? all : shared).all(asked),
  };
}

/** Copies of one signed text in a share. */
const MAX_COPIES = 4;

/** The sender of a patch in a thread, and whether its verdict says more than that it is unsigned. */
export interface SignerOfThread {
  readonly thread: number;
  /** An address, or `Name <address>`. */
  readonly person: string;
  readonly isJudged: 0 | 1;
}

/** The parameters of these statements: what the condition uses, the named keys, and the size of a share. */
interface SharedBy {
  readonly tree?: string;
  readonly test?: string;
  /** A digest; for `resultsByKeys`, a JSON array of digests. */
  readonly patches?: string;
  /** A JSON array of public keys. */
  readonly keys: string;
  readonly most: number;
}

/** The columns of a StoredSeries, from series `s`. */
export const SERIES_COLUMNS = `s.id, s.work, s.thread, s.name, s.date, s.latest, s.signer, s.verdict,
  s.version, s.applicable, s.record, s.versions`;

export const SELECT_SERIES = `select ${SERIES_COLUMNS} from series s`;

/** The month of a day's number. Rows are counted by day first: naming the month of every row takes long. */
const MONTH = "strftime('%Y-%m', day * 86400, 'unixepoch') as month";

/** All statements of an index. */
export function prepareIndex(db: Database.Database) {
  return {
    ...prepareFacts(db),
    ...prepareMails(db),
    ...prepareSeries(db),
    ...prepareResults(db),
    ...prepareMonths(db),
  };
}

function prepareResults(db: Database.Database) {
  return {
    addResult: db.prepare<[ResultRow & { mail: number | bigint }]>(
      `insert into results (mail, tree, patches, test, outcome, public_key, said, text, minisig)
       values (@mail, @tree, @patches, @test, @outcome, @publicKey, @said, @text, @minisig)`,
    ),
    addEnv: db.prepare("insert into results_env values (?, ?) on conflict do nothing"),
    hasResultsOf: db
      .prepare<[string], number>("select exists (select 1 from results where patches = ?)")
      .pluck(),
    hasResults: db.prepare<[], number>("select exists (select 1 from results)").pluck(),
    latestResults: db.prepare<[number], StoredResult>(
      `${SELECT_RESULTS} order by r.id desc limit ?`,
    ),
    resultsOf: sharedResults(db, "r.tree = @tree and r.test = @test"),
    resultsOn: sharedResults(db, "r.tree = @tree"),
    resultsByKeys: sharedResults(
      db,
      `r.patches in (select value from json_each(@patches))
       and r.public_key in (select value from json_each(@keys))`,
      "patches, public_key",
    ),
    resultsOfPatches: sharedResults(db, "r.patches = @patches"),
  };
}

function prepareFacts(db: Database.Database) {
  return {
    cursor: db.prepare<[string], string>("select value from cursors where name = ?").pluck(),
    moveCursor: db.prepare<[string, string]>(
      "insert into cursors values (?, ?) on conflict (name) do update set value = excluded.value",
    ),
    fact: db.prepare<[string], string>("select value from facts where name = ?").pluck(),
    cursorsBelow: db
      .prepare<[string, string], string>(
        "select name from cursors where name > ? and name < ? || char(0x10ffff)",
      )
      .pluck(),
    forgetCursor: db.prepare<[string]>("delete from cursors where name = ?"),
    setFact: db.prepare<[string, string]>(
      "insert into facts values (?, ?) on conflict (name) do update set value = excluded.value",
    ),
    threadOf: db.prepare<[Buffer], number>("select thread from names where name = ?").pluck(),
    addSource: db.prepare<[string]>("insert into sources (name) values (?)"),
    sources: db.prepare<[], string>("select name from sources order by id").pluck(),
    sourceId: db.prepare<[string], number>("select id from sources where name = ?").pluck(),
    moveNames: db.prepare<[number, number]>("update names set thread = ? where thread = ?"),
    lastThread: db
      .prepare<[], number>(
        "select coalesce((select cast(value as integer) from facts where name = 'thread'), 0)",
      )
      .pluck(),
    name: db.prepare<[Buffer, number]>(
      "insert into names values (?, ?) on conflict (name) do update set thread = excluded.thread",
    ),
  };
}

function prepareMails(db: Database.Database) {
  const placeholders = TEXT_FIELDS.map(() => "?").join(", ");
  return {
    placed: db.prepare<[string, string], Pick<MailRow, "id" | "thread" | "messageId">>(
      `select m.id, m.thread, m.message_id as messageId from mails m join sources s on s.id = m.source
       where s.name = ? and m.place = ?`,
    ),
    ofSource: db.prepare<[string], PlacedRow>(
      `select m.id, m.thread, m.place, m.message_id as messageId, m.kind,
         m.id in (select mail from withdrawn) as withdrawn
       from mails m join sources s on s.id = m.source where s.name = ? order by m.id`,
    ),
    replaced: db.prepare<[string], PlacedRow>(
      `select m.id, m.thread, m.place, m.message_id as messageId, m.kind, 1 as withdrawn
       from withdrawn w join mails m on m.id = w.mail join sources s on s.id = m.source
       where s.name = ? and exists (select 1 from live_mails o
         where o.message_id = m.message_id and o.source = m.source)`,
    ),
    withdraw: db.prepare<[number]>("insert into withdrawn values (?) on conflict do nothing"),
    restore: db.prepare<[number]>("delete from withdrawn where mail = ?"),
    dropMail: [
      "delete from withdrawn where mail = ?",
      "delete from words where rowid = ?",
      "delete from lists where mail = ?",
      "delete from paths where mail = ?",
      "delete from series_mails where mail = ?",
      "delete from results_env where result in (select id from results where mail = ?)",
      "delete from results where mail = ?",
      "delete from mails where id = ?",
    ].map((sql) => db.prepare<[number]>(sql)),
    threadMails: db.prepare<[number, number], MailRow>(
      `${SELECT_MAILS} where m.thread = ? order by m.id limit ?`,
    ),
    called: db.prepare<[string], MailRow>(`${SELECT_MAILS} where m.message_id = ? order by m.id`),
    judge: db.prepare<[JudgedAgain]>(
      `update mails set kind = @kind, signer = @signer, trust = @trust, verdict = @verdict
       where id = @id`,
    ),
    addMail: db.prepare<[Omit<MailRow, "id" | "source"> & { source: number }]>(
      `insert into mails (source, place, message_id, thread, date, received, kind, subject, sender,
         signer, trust, verdict)
       values (@source, @place, @messageId, @thread, @date, @received, @kind, @subject, @sender,
         @signer, @trust, @verdict)`,
    ),
    addWords: db.prepare(
      `insert into words (rowid, ${TEXT_FIELDS.join(", ")}) values (?, ${placeholders})`,
    ),
    addList: db.prepare("insert into lists values (?, ?) on conflict do nothing"),
    addPath: db.prepare("insert into paths values (?, ?) on conflict do nothing"),
    sizeOf: db.prepare<[number], number>("select count(*) from mails where thread = ?").pluck(),
    moveMails: db.prepare<[number, number]>("update mails set thread = ? where thread = ?"),
  };
}

function prepareSeries(db: Database.Database) {
  return {
    namesakes: db
      .prepare<[Buffer, number], number>(
        `select s.work from series_names n join series s on s.id = n.series
         where n.name = ? order by n.series desc limit ?`,
      )
      .pluck(),
    ofWork: db.prepare<[number], StoredSeries>(`${SELECT_SERIES} where work = ? order by id`),
    inThread: db.prepare<[number], StoredSeries>(`${SELECT_SERIES} where thread = ?`),
    seriesWith: db
      .prepare<[number], number>("select series from series_mails where mail = ? order by series")
      .pluck(),
    firstMails: db.prepare<[string], { series: number; messageId: string; number: number }>(
      `select x.series, m.message_id as messageId, x.number
       from series_mails x join mails m on m.id = x.mail
       where x.series in (select value from json_each(?)) order by x.series, x.number, x.mail`,
    ),
    counts: db.prepare<[], { mails: number; series: number }>(
      "select (select count(*) from live_mails) as mails, (select count(*) from series) as series",
    ),
    patchThreads: db.prepare<[], number>("select distinct thread from series").pluck(),
    signers: db.prepare<[], SignerOfThread>(
      // of an unsigned patch: those who may be expected to have signed it, sender and author
      `select distinct thread, sender as person, signer <> '' or verdict not in ('', 'none') as isJudged
         from mails where kind in ('patch', 'cover', 'answer')
       union select thread, coalesce(json_extract(record, '$.author.email'), ''), signer <> '' from series`,
    ),
    moveSeries: db.prepare<[number, number]>("update series set thread = ? where thread = ?"),
    workOf: db.prepare<[number], number>("select work from series where id = ?").pluck(),
    setWork: db.prepare<[number, number]>("update series set work = ? where id = ?"),
    dropWork: db.prepare<[number]>("delete from works where work = ?"),
    addWork: db.prepare<[number]>(
      `insert into works select work, max(latest) over (), id from series where work = ?
       order by applicable desc, version desc, date desc, id desc limit 1`,
    ),
    addSeries: db.prepare<[IndexedSeries & { id: number | null; thread: number }]>(
      `insert into series (id, work, thread, name, date, latest, signer, verdict, version,
         applicable, record, versions)
       values (@id, 0, @thread, @name, @date, @latest, @signer, @verdict, @version,
         @applicable, @record, @versions)`,
    ),
    addSeriesMail: db.prepare("insert into series_mails values (?, ?, ?) on conflict do nothing"),
    nameSeries: db.prepare("insert into series_names values (?, ?) on conflict do nothing"),
    dropSeriesMails: db.prepare("delete from series_mails where series = ?"),
    dropSeriesNames: db.prepare("delete from series_names where series = ?"),
    dropSeries: db.prepare("delete from series where id = ?"),
  };
}

function prepareMonths(db: Database.Database) {
  return {
    patchesByMonth: db.prepare<[], PatchMonth>(
      `select ${MONTH}, sum(n) as "all", sum(k) as signed, sum(v) as vouched from (
         select date / 86400 as day, count(*) as n, sum(signer <> '') as k, sum(trust = 'vouched') as v
         from mails where kind = 'patch' and date > 0 group by 1) group by 1`,
    ),
    seriesByMonth: db.prepare<[], { month: string; all: number; withBase: number }>(
      `select ${MONTH}, sum(n) as "all", sum(k) as withBase from (
         select date / 86400 as day, count(*) as n, sum(based) as k
         from series where date > 0 group by 1) group by 1`,
    ),
  };
}
