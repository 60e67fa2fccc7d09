/**
 * The index that public-inbox-index(1) keeps beside an inbox, read only: which mails are in one thread
 * (PublicInbox/Over.pm of public-inbox 1.9: the tables over, msgid, id2num). It may be absent.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { openSqlite } from "./sqlite.ts";
import { isFullName } from "../primitives/object-name.ts";

/** Names of blobs, and the Message-IDs of their mails. */
export interface IndexedMail {
  readonly blob: string;
  readonly messageId: string;
}

const FIND = `
  select num, ddd from over where num > 0 and tid in (
    select tid from over where num in (
      select num from id2num where id in (select id from msgid where mid = ?)))
  order by num limit ?`;

/** A mail's line of headers: its To and Cc may be long. */
const MAX_INFLATED = 1 << 20;

/**
 * The thread of a mail, oldest first.
 *
 * @param folder of the inbox
 * @param id with its angle brackets
 * @returns null if there is no index that can be read; nothing if it does not know the mail
 */
export function indexedThread(folder: string, id: string, most: number): IndexedMail[] | null {
  const file = indexFile(folder);
  if (file === null) return null;
  try {
    const db = openSqlite(file, { readonly: true, fileMustExist: true });
    try {
      db.pragma("trusted_schema = off");
      const rows = db.prepare<[string, number], { ddd: Buffer }>(FIND).all(id.slice(1, -1), most);
      return rows.flatMap(({ ddd }) => mailIn(ddd) ?? []);
    } finally {
      db.close();
    }
  } catch {
    // of another version, damaged, or being written: the inbox itself has the mails
    return null;
  }
}

/** Version 2, then version 1; of several index versions the newest. */
function indexFile(folder: string): string | null {
  for (const [place, name] of [
    [folder, /^xap\d+$/],
    [join(folder, "public-inbox"), /^xapian\d+$/],
  ] as const) {
    if (!existsSync(place)) continue;
    const version = (one: string): number => Number(/\d+/.exec(one)![0]);
    const found = readdirSync(place)
      .filter((one) => name.test(one) && existsSync(join(place, one, "over.sqlite3")))
      .sort((a, b) => version(b) - version(a));
    if (found.length > 0) return join(place, found[0]!, "over.sqlite3");
  }
  return null;
}

/** Subject, From, References, To, Cc, blob and Message-ID, a line each. */
function mailIn(deflated: Buffer): IndexedMail | null {
  const text = inflateSync(deflated, { maxOutputLength: MAX_INFLATED }).toString("utf8");
  const [blob = "", id = ""] = text.split("\n").slice(5);
  return isFullName(blob) ? { blob, messageId: `<${id}>` } : null;
}
