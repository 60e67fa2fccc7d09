/** What `send --json` prints. */

import type { MadeMails } from "../../app/send/make.ts";
import type { SendPlan } from "../../app/send/plan.ts";
import { formatRecord } from "../../report/json.ts";
import { type KnownMail, type KnownSeries, sendRecords } from "../../report/send-json.ts";
import type { OpenBatch } from "../../store/send-store.ts";
import { out } from "../../terminal/terminal.ts";

function printRecords(series: KnownSeries): void {
  for (const record of sendRecords(series)) out(formatRecord(record));
}

/** Nothing was made: this speaks against it. */
export function printRefused({ branch, version, objections }: SendPlan): void {
  printRecords({ branch, version, state: "refused", mails: [], objections, preview: null });
}

/** @param files where the mails were written; none if they were not */
export function printPlanned(made: MadeMails, files: readonly string[]): void {
  const { preview, mails, envelopes, recipients } = made;
  const known = mails.sent.map(({ messageId }, i): KnownMail => ({
    subject: mails.titles[i]!,
    messageId,
    recipients: envelopes[i]!.recipients,
    people: recipients[i]!.recipients,
    state: "planned",
    said: "",
    file: files[i] ?? null,
  }));
  printRecords({ ...preview, state: "planned", mails: known, objections: [], preview });
}

/** @param made what this run made of it; null in a later one */
export function printBatch(
  batch: Pick<OpenBatch, "branch" | "version" | "mails">,
  ended: boolean,
  made: MadeMails | null,
): void {
  const mails = batch.mails.map(({ title, messageId, recipients, state, said }, i): KnownMail => ({
    subject: title,
    messageId,
    recipients,
    people: made?.recipients[i]?.recipients ?? null,
    state,
    said,
    file: null,
  }));
  const { branch, version } = batch;
  const state = ended ? "ended" : "waiting";
  printRecords({ branch, version, state, mails, objections: [], preview: made?.preview ?? null });
}
