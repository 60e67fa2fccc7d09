/** `patchsig send --json`: a record for each mail, then one for the series (docs/schema/send.md). Pure. */

import type { Objection } from "../outgoing/checks.ts";
import type { Recipient } from "../outgoing/recipients.ts";
import type { SendPreview } from "./send.ts";

/** A mail as it is known: before it is sent, or in the outbox. */
export interface KnownMail {
  readonly subject: string;
  readonly messageId: string;
  /** Who gets it: addresses. */
  readonly recipients: readonly string[];
  /** The same with the reasons; null in a later run, which does not know them. */
  readonly people: readonly Recipient[] | null;
  /** As in the outbox (docs/outbox.md); `planned` before. */
  readonly state: string;
  /** What the server said last; "" if nothing. */
  readonly said: string;
  /** Where it was written; null if nowhere. */
  readonly file: string | null;
}

export interface KnownSeries {
  readonly branch: string;
  readonly version: number;
  /** `refused` by the checks; `planned`; `waiting` with mails that have not left; `ended`. */
  readonly state: "refused" | "planned" | "waiting" | "ended";
  readonly mails: readonly KnownMail[];
  readonly objections: readonly Objection[];
  /** Null in a later run. */
  readonly preview: Pick<SendPreview, "parent" | "base" | "through" | "notes"> | null;
}

export function sendRecords({
  branch,
  version,
  state,
  mails,
  objections,
  preview,
}: KnownSeries): (Readonly<Record<string, unknown>> & { readonly type: string })[] {
  return [
    ...mails.map(({ people, ...mail }, i) => ({
      type: "mail",
      branch,
      version,
      place: i + 1,
      ...mail,
      why: people?.map(({ field, name, address, why }) => ({ field, name, address, why })) ?? null,
    })),
    {
      type: "send",
      branch,
      version,
      state,
      mails: mails.length,
      sent: mails.filter((mail) => mail.state === "sent").length,
      objections: objections.map(({ check, why }) => ({ check, why })),
      inReplyTo: preview?.parent ?? null,
      base: preview?.base ?? null,
      through: preview?.through ?? null,
      notes: preview?.notes ?? null,
    },
  ];
}
