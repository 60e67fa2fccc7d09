/** Threads that read mails: to check them, or to index them. Each thread answers its jobs in order. */

import { Worker } from "node:worker_threads";
import type { SourceMail } from "../../source/item.ts";
import type { Examined } from "./checking.ts";

/** Some mails in one piece of memory, which moves to the thread. */
export interface Job {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of each mail its length there, null if it was too large, and its real size. */
  readonly mails: readonly { readonly length: number | null; readonly size: number }[];
}

type WorkerAnswer<T> =
  | { readonly ok: true; readonly answers: readonly T[] }
  | { readonly ok: false; readonly error: unknown };

/** `T`: what a thread finds of a mail. */
export interface CheckPool<T = Examined> {
  /** Batches are answered in any order, the mails of a batch in theirs. */
  check(mails: readonly SourceMail[]): Promise<readonly T[]>;
  close(): void;
}

interface Thread<T> {
  readonly worker: Worker;
  /** Pending answers, oldest first. */
  readonly waiting: WaitingCheck<T>[];
}

interface WaitingCheck<T> {
  readonly resolve: (answers: readonly T[]) => void;
  readonly reject: (error: unknown) => void;
}

const WORKER = new URL("./check-worker.js", import.meta.url);

/**
 * @param options what the script gets as its `workerData`
 * @param script answers each job by `answerTo`
 */
export function openCheckPool<T = Examined>(
  threads: number,
  options: unknown,
  script = WORKER,
): CheckPool<T> {
  const pool = Array.from({ length: threads }, () => openThread<T>(options, script));
  return {
    check(mails) {
      const thread = pool.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a));
      return new Promise((resolve, reject) => {
        thread.waiting.push({ resolve, reject });
        const job = jobOf(mails);
        thread.worker.postMessage(job, [job.bytes.buffer]);
      });
    },
    close() {
      for (const { worker } of pool) void worker.terminate();
    },
  };
}

function openThread<T>(options: unknown, script: URL): Thread<T> {
  const worker = new Worker(script, { workerData: options });
  const waiting: WaitingCheck<T>[] = [];
  worker.on("message", (answer: WorkerAnswer<T>) => {
    const first = waiting.shift();
    if (answer.ok) first?.resolve(answer.answers);
    else first?.reject(answer.error);
  });
  const fail = (error: unknown): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("a thread that checks mails has ended")));
  return { worker, waiting };
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

/** What a thread makes of that: one result a mail, or what stopped it. */
export function answerTo<T>(
  { bytes, mails }: Job,
  read: (mail: Buffer | null, size: number) => T,
): WorkerAnswer<T> {
  let at = 0;
  try {
    return {
      ok: true,
      answers: mails.map(({ length, size }) => {
        if (length === null) return read(null, size);
        const mail = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
        at += length;
        return read(mail, size);
      }),
    };
  } catch (error) {
    return { ok: false, error };
  }
}
