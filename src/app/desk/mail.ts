/** One mail as it is shown: its text and diff as git reads them, and what is known of it. */

import { searchableMail } from "../../search/mail-text.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { readFields } from "../../mail/fields.ts";
import type { MailRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { PatchResult } from "../../verify/result.ts";
import { judgePortion, type PortionTerms } from "../search/judge.ts";
import { mailsAt } from "../sources/at-places.ts";

export interface MailDetail {
  readonly row: MailRow;
  /** Mails with the same Message-ID. */
  readonly copies: number;
  /** Null for a mail without a patch. */
  readonly result: PatchResult | null;
  readonly header: readonly (readonly [name: string, value: string])[];
  readonly text: string;
  /** From the `---` line on; "" if it has none. */
  readonly diff: string;
  /** Message-IDs of its neighbours in the series; null where there is none. */
  readonly series: {
    readonly first: string | null;
    readonly before: string | null;
    readonly after: string | null;
  };
  /** True if there is more than fits on a page. */
  readonly cut: boolean;
}

/** Of a page. */
const MAX_TEXT = 512 << 10;

/** The bytes of a mail, as they are in its source; null if it is not there. */
export async function rawMail(index: IndexStore, messageId: string): Promise<Buffer | null> {
  const [found] = await mailsAt(index.mailsCalled(messageId));
  return found?.bytes ?? null;
}

/** Null if there is no such mail, or it is not there any more. */
export async function mailDetail(
  index: IndexStore,
  messageId: string,
  terms: PortionTerms,
  trust: TrustMemory,
): Promise<MailDetail | null> {
  const rows = index.mailsCalled(messageId);
  const [mail] = await mailsAt(rows);
  const row = rows.find(({ place }) => place === mail?.source);
  const bytes = mail?.bytes ?? null;
  if (mail === undefined || row === undefined || bytes === null) return null;
  const { places } = await judgePortion([mail], terms, trust);
  const { from, words } = searchableMail(bytes);
  const view = readRawMail(bytes);
  const text = view.ok ? view.value.message.toString("utf8") : words.body;
  const diff = view.ok ? view.value.patch.toString("utf8") : "";
  const date =
    readFields(bytes)
      .find(({ name }) => name === "date")
      ?.value.trim() ?? "";
  return {
    row,
    copies: rows.length,
    result: places.get(row.place)?.result ?? null,
    header: [
      ["From", from.name === "" ? from.email : `${from.name} <${from.email}>`],
      ["To", words.recipient],
      ["Cc", words.copied],
      ["Date", date],
      ["Subject", words.subject],
      ["Message-ID", row.messageId],
    ].filter((field): field is [string, string] => field[1] !== ""),
    text: text.slice(0, MAX_TEXT),
    diff: diff.slice(0, MAX_TEXT),
    series: neighboursOf(index, row),
    cut: Math.max(text.length, diff.length) > MAX_TEXT,
  };
}

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
