/** Threads that check mails. Each thread answers its jobs in order. */

import { Worker } from "node:worker_threads";
import type { SourceMail } from "../../source/item.ts";
import { type CheckMail, type CheckOptions, type Examined, examine } from "./checking.ts";

/** Some mails in one piece of memory, which moves to the thread. */
export interface Job {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of each mail its length there, null if it was too large, and its real size. */
  readonly mails: readonly { readonly length: number | null; readonly size: number }[];
}

type WorkerAnswer =
  | { readonly ok: true; readonly evidence: readonly Examined[] }
  | { readonly ok: false; readonly error: unknown };

export interface CheckPool {
  /** Batches are answered in any order, the mails of a batch in theirs. */
  check(mails: readonly SourceMail[]): Promise<readonly Examined[]>;
  close(): void;
}

interface Thread {
  readonly worker: Worker;
  /** Pending answers, oldest first. */
  readonly waiting: WaitingCheck[];
}

interface WaitingCheck {
  readonly resolve: (evidence: readonly Examined[]) => void;
  readonly reject: (error: unknown) => void;
}

const WORKER = new URL("./check-worker.js", import.meta.url);

export function openCheckPool(threads: number, options: CheckOptions, script = WORKER): CheckPool {
  const pool = Array.from({ length: threads }, () => openThread(options, script));
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

function openThread(options: CheckOptions, script: URL): Thread {
  const worker = new Worker(script, { workerData: options });
  const waiting: WaitingCheck[] = [];
  worker.on("message", (answer: WorkerAnswer) => {
    const first = waiting.shift();
    if (answer.ok) first?.resolve(answer.evidence);
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
export function answerTo({ bytes, mails }: Job, check: CheckMail): WorkerAnswer {
  let at = 0;
  try {
    return {
      ok: true,
      evidence: mails.map(({ length, size }) => {
        if (length === null) return examine(check, null, size);
        const mail = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
        at += length;
        return examine(check, mail, size);
      }),
    };
  } catch (error) {
    return { ok: false, error };
  }
}
