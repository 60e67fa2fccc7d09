/** One mail for its page: its text and diff as git reads them, and what is known of it. */

import { searchableMail } from "../../search/mail-text.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { isMadeName } from "../../mail/message-id.ts";
import { ReadableMail } from "../../mail/readable.ts";
import { readFields } from "../../mail/fields.ts";
import type { SourceMail } from "../../source/item.ts";
import type { MailRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { mailNumbered } from "../../store/index-walk.ts";
import type { Verdict } from "../../types.ts";
import type { PatchResult } from "../../verify/result.ts";
import { judgePortion } from "../search/judge.ts";
import type { DeskStores } from "./stores.ts";

export interface MailDetail {
  readonly row: MailRow;
  /** All mails with this Message-ID, this one too: anybody can send a mail with another's Message-ID. */
  readonly copies: readonly MailCopy[];
  /** Which of the copies is shown, from 0. */
  readonly copy: number;
  /** Null for a mail without a patch. */
  readonly result: PatchResult | null;
  readonly header: readonly (readonly [name: string, value: string])[];
  readonly text: string;
  /** What follows the message: from the `---` line on. "" if the mail has none. */
  readonly diff: string;
  /** Message-IDs of its neighbours in the series; null where there is none. */
  readonly series: {
    readonly first: string | null;
    readonly before: string | null;
    readonly after: string | null;
  };
  /** True if text or diff was cut to fit on the page. */
  readonly cut: boolean;
}

interface MailCopy {
  /** Null for a mail without a patch. */
  readonly result: PatchResult | null;
  /** Its bytes are the same as an earlier copy's. */
  readonly isSame: boolean;
}

/** Characters and lines of a text on a page. */
const MAX_TEXT = 512 << 10;
const MAX_LINES = 10_000;
const MAX_COPIES = 32;

interface MailCalled {
  readonly row: MailRow;
  readonly mail: SourceMail & { readonly bytes: Buffer };
}

/** The mails with this Message-ID that are still in their sources. */
async function mailsOf(
  { index, mailsAt }: Pick<DeskStores, "index" | "mailsAt">,
  messageId: string,
): Promise<MailCalled[]> {
  const rows = index.mailsCalled(messageId).slice(0, MAX_COPIES);
  const found = await mailsAt(rows);
  return found.flatMap((mail) => {
    const row = rows.find(({ place }) => place === mail.source);
    const { bytes } = mail;
    return row === undefined || bytes === null ? [] : [{ row, mail: { ...mail, bytes } }];
  });
}

/**
 * The bytes of a mail, as they are in its source; null if it is not there any more.
 *
 * @param copy which of several with this Message-ID, from 0
 */
export async function rawMail(
  stores: Pick<DeskStores, "index" | "mailsAt">,
  messageId: string,
  copy: number,
): Promise<Buffer | null> {
  const found = await mailsOf(stores, messageId);
  return found[copy]?.mail.bytes ?? null;
}

/**
 * @param asked which of several mails with this Message-ID, from 0; null for the one with the worst verdict, so that a
 *   bad one cannot hide behind a good one
 * @returns null if there is no such mail, or it is not in its source any more
 */
export async function mailDetail(
  stores: DeskStores,
  messageId: string,
  asked: number | null,
): Promise<MailDetail | null> {
  const { index, terms, trust } = stores;
  const found = await mailsOf(stores, messageId);
  const mails = found.map(({ mail }) => mail);
  const { places } = await judgePortion(mails, terms, trust);
  const copies = mails.map(({ source, bytes }, i): MailCopy => {
    const first = mails.findIndex((other) => other.bytes.equals(bytes));
    return { result: places.get(source)?.result ?? null, isSame: first < i };
  });
  const copy = asked ?? worstOf(copies);
  const shown = found[copy];
  if (shown === undefined) return null;
  const { row } = shown;
  const { bytes } = shown.mail;
  const { from, words } = searchableMail(new ReadableMail(bytes));
  const view = readRawMail(bytes);
  const text = view.ok ? view.value.message.toString("utf8") : words.body;
  const diff = view.ok ? view.value.patch.toString("utf8") : "";
  const date =
    readFields(bytes)
      .find(({ name }) => name === "date")
      ?.value.trim() ?? "";
  return {
    row,
    copies,
    copy,
    result: copies[copy]!.result,
    header: [
      ["From", from.name === "" ? from.email : `${from.name} <${from.email}>`],
      ["To", words.recipient],
      ["Cc", words.copied],
      ["Date", date],
      ["Subject", words.subject],
      ["Message-ID", isMadeName(row.messageId) ? "" : row.messageId],
    ].filter((field): field is [string, string] => field[1] !== ""),
    text: fitting(text),
    diff: fitting(diff),
    series: neighboursOf(index, row),
    cut: fitting(text) !== text || fitting(diff) !== diff,
  };
}

/** A patch or cover letter as a whole, for other programs. */
export interface WholeMail {
  readonly row: MailRow;
  /** Field by field, latin1. */
  readonly header: ReturnType<typeof readFields>;
  readonly text: string;
  readonly diff: string;
  /** Null if the mail could not be judged. */
  readonly result: PatchResult | null;
}

/** Most header fields of a mail. */
const MAX_FIELDS = 200;

/** @returns null if there is no such mail, or it is not in its source any more */
export async function wholeMail(
  { index, terms, trust, mailsAt }: DeskStores,
  id: number,
): Promise<WholeMail | null> {
  const row = mailNumbered(index, id);
  const [mail] = row === null ? [] : await mailsAt([row]);
  const bytes = mail?.bytes ?? null;
  if (row === null || mail === undefined || bytes === null) return null;
  const { places } = await judgePortion([mail], terms, trust);
  const view = readRawMail(bytes);
  return {
    row,
    header: readFields(bytes).slice(0, MAX_FIELDS),
    text: view.ok ? view.value.message.toString("utf8") : "",
    diff: view.ok ? view.value.patch.toString("utf8") : "",
    result: places.get(row.place)?.result ?? null,
  };
}

/** As much of a text as fits on a page. */
const fitting = (text: string): string => newRoom().fitting(text);

/** The room that a page has for texts. `fitting`: as much of the next one as there is room for. */
export function newRoom(): { readonly fitting: (text: string) => string } {
  let [characters, lines] = [MAX_TEXT, MAX_LINES];
  return {
    fitting(text) {
      const short = text.slice(0, characters);
      let end = 0;
      for (; lines > 0 && end < short.length; lines--) {
        const next = short.indexOf("\n", end);
        end = next < 0 ? short.length : next + 1;
      }
      characters -= end;
      return short.slice(0, end);
    },
  };
}

function worstOf(copies: readonly MailCopy[]): number {
  const ranks = copies.map(({ result }) => VERDICTS.indexOf(result?.verdict ?? "pass"));
  return ranks.indexOf(Math.min(...ranks));
}

/** From worst to best. */
const VERDICTS: readonly Verdict[] = ["fail", "warn", "pass"];

function neighboursOf(index: IndexStore, { id, messageId }: MailRow): MailDetail["series"] {
  const ids = index.seriesWith(id);
  const mails = ids.length === 0 ? [] : (index.mailsOfSeries(ids.slice(0, 1)).get(ids[0]!) ?? []);
  const at = mails.indexOf(messageId);
  return {
    first: mails[0] ?? null,
    before: at > 0 ? mails[at - 1]! : null,
    after: at < 0 ? null : (mails[at + 1] ?? null),
  };
}
