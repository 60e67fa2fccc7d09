/**
 * Sends a batch of the outbox, or the rest of one: `send`, `send --continue`, `send --cancel` and
 * `send --status` are built on this. docs/outbox.md says what is promised.
 */

import { PatchsigError } from "../../errors.ts";
import { renamedIds, replyingTo } from "../../outgoing/renamed-ids.ts";
import type { SendOutcome, Transport } from "../../send/transport.ts";
import { takeLock } from "../../store/lock.ts";
import {
  type BatchMail,
  type OpenBatch,
  SEND_SCHEMA,
  type SendStore,
} from "../../store/send-store.ts";
import { drain } from "./outbox-run.ts";

export interface BatchRun {
  /** Called if there is something to send. */
  readonly connect: () => Promise<Transport>;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /**
   * Was a mail sent that an earlier run left in doubt? Gets all that is known of it. null: nobody can
   * say so now; then it stays in doubt, and the mails after it stay queued.
   */
  readonly wasSent: (doubt: MailInDoubt) => Promise<boolean | null>;
  /** Called for each mail that was tried, before its outcome is recorded, since the disk may be full. */
  readonly onOutcome: (mail: BatchMail, outcome: SendOutcome) => void;
  /** Once aborted, no further mail is begun. */
  readonly stop: AbortSignal;
  /** Addresses to leave out from now on. */
  readonly drop?: readonly string[];
  /** False: mails refer to earlier ones by our Message-IDs, even if the server has replaced those. */
  readonly followsRenamed?: boolean;
}

/** What is known of a mail that may have been sent. */
export interface MailInDoubt extends BatchMail {
  /** Its place in the batch, from 1, and how many there are. */
  readonly place: number;
  readonly total: number;
}

export interface BatchResult {
  /** The batch as it is now. */
  readonly mails: readonly BatchMail[];
  /** Nothing is left to do: all were sent, or cancelled. */
  readonly ended: boolean;
  /** Why it stopped, in one line; null if it has ended, or was told to stop. */
  readonly why: string | null;
}

/**
 * Sends what is left of a batch, in order, and stops at the first mail that does not leave.
 *
 * @throws PatchsigError "not-found" if there is no such batch, "database-busy" if another process sends,
 *   "disk-full": a mail whose outcome could not be recorded is in doubt. Also what `connect` throws for
 *   "usage", and what `SendStore.drop` throws
 */
export async function sendBatch(store: SendStore, id: number, run: BatchRun): Promise<BatchResult> {
  const unlock = takeLock(SEND_SCHEMA, store.file, "another send");
  try {
    for (const address of run.drop ?? []) store.drop(id, address);
    const before = batchOf(store, id);
    const about = String(id);
    const { now, connect, stop } = run;
    const mailOf = ({ id: row }: { readonly id: number }): BatchMail =>
      before.mails.find((mail) => mail.id === row)!;
    store.outbox.retry(about, now());
    const renaming = async (): Promise<Transport> => {
      const transport = await connect();
      if (run.followsRenamed === false) return transport;
      const now = (bytes: Buffer): Buffer =>
        replyingTo(bytes, renamedIds(batchOf(store, id).mails));
      return {
        ...transport,
        send: (letter, commit) => transport.send({ ...letter, bytes: now(letter.bytes) }, commit),
      };
    };
    const { outage } = await drain(store.outbox, renaming, {
      now,
      allowed: (row) => {
        if (row.about !== about) return "wait";
        return store.isCancelled(id) ? { cancel: "cancelled" } : "send";
      },
      wasSent: async (row) => {
        if (row.about !== about) return "wait";
        const mail = mailOf(row);
        const place = before.mails.indexOf(mail) + 1;
        return (await run.wasSent({ ...mail, place, total: before.mails.length })) ?? "wait";
      },
      onOutcome: (row, outcome) => run.onOutcome(mailOf(row), outcome),
      stop,
    });
    const { mails } = batchOf(store, id);
    const ended = !mails.some(isOpen);
    return { mails, ended, why: ended || stop.aborted ? null : (outage ?? whyOf(mails)) };
  } catch (error) {
    throw diskError(error) ?? error;
  } finally {
    unlock();
  }
}

/**
 * Takes back what has not left. What is in doubt stays so, until `sendBatch` has asked: then it is sent,
 * or taken back too.
 *
 * @returns the batch as it is now. A process that sends it stops after the mail that it is sending
 * @throws PatchsigError "not-found"
 */
export function cancelBatch(store: SendStore, id: number, now: number): BatchResult {
  batchOf(store, id);
  store.cancel(id, now);
  const { mails } = batchOf(store, id);
  return { mails, ended: !mails.some(({ state }) => state === "in-doubt"), why: null };
}

/** The batch to go on with. @param branch null: the only one there is */
export function batchToContinue(
  store: SendStore,
  { repository, branch }: { readonly repository: string; readonly branch: string | null },
): OpenBatch {
  const open = store.open().filter((one) => one.repository === repository);
  const [found, ...more] = open.filter((one) => branch === null || one.branch === branch);
  if (found === undefined)
    throw new PatchsigError(
      "not-found",
      `nothing${branch === null ? "" : ` of ${branch}`} is being sent`,
    );
  if (more.length === 0) return found;
  throw new PatchsigError("usage", "more than one series is being sent: name the branch", {
    hint: open.map((one) => `git patchsig send --continue ${one.branch}`).join("; "),
  });
}

function batchOf(store: SendStore, id: number): OpenBatch {
  const found = store.open().find((batch) => batch.id === id);
  if (found === undefined) throw new PatchsigError("not-found", "there is nothing to send");
  return found;
}

/** The usual hint says that everything reported is also recorded; here the last outcome may not be. */
function diskError(error: unknown): PatchsigError | null {
  if (!(error instanceof PatchsigError) || error.code !== "disk-full") return null;
  return new PatchsigError("disk-full", error.message, {
    hint: "make room, then: git patchsig send --continue, which asks if unsure",
    cause: error,
  });
}

/** Why the first one that has not left is still here. */
function whyOf(mails: readonly BatchMail[]): string | null {
  const first = mails.find(isOpen);
  if (first?.state === "in-doubt") return `${first.title} may have been sent`;
  return first === undefined || first.said === "" ? null : first.said;
}

/** A failed mail can be tried again. */
function isOpen({ state }: BatchMail): boolean {
  return state === "queued" || state === "in-doubt" || state === "failed";
}
