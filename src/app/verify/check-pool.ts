/** Threads that read mails: to check them, or to index them. */

import type { SourceMail } from "../../source/item.ts";
import { startWorker } from "../worker-thread.ts";
import type { Examined } from "./checking.ts";

/** Some mails in one piece of memory, which moves to the thread. */
export interface Job {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of each mail its length there, null if it was too large, and its real size. */
  readonly mails: readonly { readonly length: number | null; readonly size: number }[];
}

/** `T`: what a thread finds of a mail. */
export interface CheckPool<T = Examined> {
  /** Batches are answered in any order, the mails of a batch in theirs. */
  check(mails: readonly SourceMail[]): Promise<readonly T[]>;
  close(): void;
}

const WORKER = new URL("./check-worker.js", import.meta.url);

/**
 * @param options what the script gets as its `workerData`
 * @param script answers each job by `foundInJob`
 */
export function openCheckPool<T = Examined>(
  threads: number,
  options: unknown,
  script = WORKER,
): CheckPool<T> {
  const pool = Array.from({ length: threads }, () =>
    startWorker<Job, readonly T[]>(script, options),
  );
  return {
    check(mails) {
      const thread = pool.reduce((a, b) => (b.waiting < a.waiting ? b : a));
      const job = jobOf(mails);
      return thread.ask(job, [job.bytes.buffer]);
    },
    close() {
      for (const thread of pool) thread.close();
    },
  };
}

/** What a thread gets. */
export function jobOf(mails: readonly SourceMail[]): Job {
  const lengths = mails.map(({ bytes }) => bytes?.length ?? 0);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const mail of mails) {
    if (mail.bytes !== null) bytes.set(mail.bytes, at);
    at += mail.bytes?.length ?? 0;
  }
  return {
    bytes,
    mails: mails.map((mail) => ({ length: mail.bytes?.length ?? null, size: mail.size })),
  };
}

/** What a thread finds of these mails: one result a mail. */
export function foundInJob<T>(
  { bytes, mails }: Job,
  read: (mail: Buffer | null, size: number) => T,
): T[] {
  let at = 0;
  return mails.map(({ length, size }) => {
    if (length === null) return read(null, size);
    const mail = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
    at += length;
    return read(mail, size);
  });
}
