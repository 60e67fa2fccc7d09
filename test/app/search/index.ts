/** An index of mails, made as the program makes it. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findMails } from "../../../src/app/search/find.ts";
import type { SeriesSummary } from "../../../src/app/search/series.ts";
import {
  type IndexCounts,
  updateIndex,
  type UpdateIndexOptions,
} from "../../../src/app/search/update.ts";
import { IndexStore } from "../../../src/store/index-store.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import { NO_PINS } from "../../../src/trust/pins.ts";
import { DEFAULT_POLICY, type Policies } from "../../../src/verify/policy.ts";

export interface Shelf {
  readonly folder: string;
  readonly index: IndexStore;
  readonly trust: TrustStore;
  readonly options: { policies: Policies };
  /** Brings it up to date. @param portion mails to store at once */
  update(
    sources: readonly string[],
    portion?: number,
    onPortion?: () => void,
  ): Promise<IndexCounts>;
  /** The Message-IDs that a query finds, without brackets and domain, the newest first. */
  find(query: string): Promise<string[]>;
  /** All series, a line each; versions of one work have the same letter. */
  series(): string[];
}

/**
 * @param changes to how it is made
 * @param heard gets what is said
 */
export function newShelf(
  folder: string,
  changes: Partial<UpdateIndexOptions> = {},
  heard: (line: string) => void = () => {},
): Shelf {
  mkdirSync(folder, { recursive: true });
  const index = new IndexStore(join(folder, "index.db"));
  const trust = openTrustStore({ file: join(folder, "trust.db") });
  const options = {
    policies: { general: DEFAULT_POLICY, overrides: [] } as Policies,
    pins: NO_PINS,
    devKeyrings: [],
    trailers: [],
    dkim: null,
    now: 2_000_000_000,
    ...changes,
  };
  const sayError = ({ message }: Error): void => heard(message);
  const reporter = { say: heard, sayError, progress: null };
  return {
    folder,
    index,
    trust,
    options,
    update: (sources, portion = 1_000, onPortion = () => {}) =>
      updateIndex(index, { ...options, sources, portion }, trust, reporter, onPortion),
    find: async (query) =>
      (await findMails(index, query, { most: 100 })).mails.map(({ messageId }) => short(messageId)),
    series: () => linesOf(index),
  };
}

function short(messageId: string): string {
  return messageId.replace(/^<|@x>$/g, "");
}

interface Row {
  readonly id: number;
  readonly work: number;
  readonly name: string;
  readonly verdict: string;
  readonly record: string;
}

function linesOf(index: IndexStore): string[] {
  const rows = index.db.prepare<[], Row>("select * from series order by name").all();
  const works = [...new Set(rows.map(({ work }) => work))];
  return rows.map(({ id, work, name, verdict, record }) => {
    const { name: version, total, missing, reviewed } = JSON.parse(record) as SeriesSummary;
    const mails = index.db
      .prepare<[number], { id: string }>(
        `select m.message_id as id from series_mails s join mails m on m.id = s.mail
         where s.series = ? order by s.number, m.id`,
      )
      .all(id);
    const letter = String.fromCodePoint(65 + works.indexOf(work));
    const ids = mails.map((mail) => short(mail.id)).join(" ");
    const lacks = missing.length === 0 ? "" : ` lacks ${JSON.stringify(missing)}`;
    return `${letter} ${short(name.split(" ")[0]!)} ${version}/${total}: ${ids}${lacks} ${verdict} R${reviewed.all}`;
  });
}

export function writeMbox(file: string, mails: readonly Buffer[]): string {
  const from = "From x Fri Nov  6 22:00:00 2026\n";
  writeFileSync(file, mails.map((one) => `${from}${one.toString("latin1")}\n`).join(""), "latin1");
  return file;
}
