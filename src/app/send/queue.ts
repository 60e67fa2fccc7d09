/** Puts a version into the outbox, and remembers it once its mails have left. */

import type { Repository } from "../../git/repository.ts";
import { readState, writeState } from "../../git/series-ref.ts";
import { type RenamedIds, renamedIds } from "../../outgoing/renamed-ids.ts";
import { afterSending, newSeries } from "../../outgoing/reroll.ts";
import { formatSent, parseSent, type SentVersion } from "../../outgoing/state.ts";
import { count } from "../../primitives/words.ts";
import type { BatchMail, OpenBatch, SendStore } from "../../store/send-store.ts";
import { realpathSync } from "node:fs";
import type { VersionMails } from "./mails.ts";
import type { SendPlan } from "./plan.ts";

/** The sender and recipients that the server is told. */
export interface Envelope {
  readonly sender: string;
  readonly recipients: readonly string[];
}

/** What another run needs to know of the plan once the mails have left. */
interface Memo {
  readonly changeId: string;
  readonly version: number;
  /** As `formatSent` writes it. */
  readonly sent: string;
  readonly changelog: string;
}

/**
 * Puts all mails of a version into the outbox: from here on they will be sent, whatever becomes of
 * this process. What the user wished for the series is remembered first.
 *
 * @param envelopes one for each mail
 * @returns the batch's id
 * @throws PatchsigError "refused" if an earlier version is still being sent, or somebody else changed what
 *   is remembered
 */
export async function queueVersion(
  store: SendStore,
  repository: Repository,
  {
    plan,
    made,
    envelopes,
    identity,
    now,
    keep,
  }: {
    readonly plan: SendPlan;
    readonly made: VersionMails;
    readonly envelopes: readonly Envelope[];
    readonly identity: string;
    readonly now: number;
    /** False for a preview, of which nothing is remembered. */
    readonly keep: boolean;
  },
): Promise<number> {
  const { branch, version, state, before, series } = plan;
  const { base, range } = series;
  const sent: SentVersion = {
    version,
    time: now,
    tip: range.commits.at(-1)!,
    base: base.kind === "none" ? null : base.commit,
    mails: made.sent,
  };
  if (
    keep &&
    JSON.stringify((await readState(repository, branch))?.state) !== JSON.stringify(state)
  ) {
    const event = { message: `begin to send v${version}`, tip: null };
    await writeState(repository, branch, { before, state, event });
  }
  const memo: Memo = {
    changeId: state.settings.changeId,
    version,
    sent: formatSent(sent),
    changelog: plan.changes,
  };
  const batch = {
    repository: batchPlace(repository),
    branch: keep ? branch : `${branch} (preview)`,
    version,
    identity,
    memo: keep ? JSON.stringify(memo) : "",
  };
  const mails = made.mails.map((bytes, i) => ({
    messageId: made.sent[i]!.messageId,
    title: made.titles[i]!,
    bytes,
    ...envelopes[i]!,
  }));
  return store.add(batch, mails, now);
}

/** The name of a repository in the outbox: the real path of its working tree, or of itself. */
export function batchPlace({ toplevel, cwd }: Repository): string {
  return realpathSync(toplevel ?? cwd);
}

/**
 * Closes a batch of which nothing is left to do, and remembers the version, if any mail of it has left.
 *
 * @returns false if a mail still waits or is in doubt
 */
export async function finishBatch(
  store: SendStore,
  repository: Repository,
  batch: OpenBatch,
  now: number,
): Promise<boolean> {
  const { id, branch, mails } = batch;
  const left = mails.filter(({ state }) => state === "sent");
  if (mails.some(({ state }) => state === "queued" || state === "in-doubt")) return false;
  if (left.length > 0 && batch.memo !== "")
    await rememberSent(repository, branch, batch.memo, left);
  return store.end(id, now);
}

async function rememberSent(
  repository: Repository,
  branch: string,
  memo: string,
  left: readonly BatchMail[],
): Promise<void> {
  const { changeId, version, sent: planned, changelog } = JSON.parse(memo) as Memo;
  const one = asNamed(parseSent(version, planned), renamedIds(left));
  const sent = formatSent(one);
  const stored = await readState(repository, branch);
  // a run that was killed just then has remembered it
  if (stored?.state.sent.some((known) => formatSent(known) === sent) === true) return;
  const state = afterSending(stored?.state ?? newSeries(changeId), one, changelog);
  const message = `send v${version}: ${count(left.length, "mail")}`;
  const event = { message, tip: one.tip };
  await writeState(repository, branch, { before: stored?.commit ?? null, state, event });
}

/** The version with the Message-IDs that its mails have on the list. */
function asNamed(version: SentVersion, renamed: RenamedIds): SentVersion {
  const mails = version.mails.map((mail) => ({
    ...mail,
    messageId: renamed.get(mail.messageId) ?? mail.messageId,
  }));
  return { ...version, mails };
}
