/** Threads that work beside this one: a script of the program, which answers each job in order. */

import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, PatchsigError } from "../errors.ts";

/** `J`, `A`: jobs and answers, as `structuredClone` copies them. */
export interface WorkerThread<J, A> {
  /** Jobs that are not answered yet. */
  readonly waiting: number;
  /**
   * @param moved memory of the job that the thread gets instead of a copy
   * @throws what the thread's work threw; an Error if it has ended
   */
  ask(job: J, moved?: readonly ArrayBuffer[]): Promise<A>;
  close(): void;
}

type WorkerAnswer<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly error: unknown; readonly known: KnownFailure | null };

/** A PatchsigError: a copy of an error has only its message. */
interface KnownFailure {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
}

interface Waiting<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** @param options what the script gets as its `workerData` */
export function startWorker<J, A>(script: URL, options: unknown): WorkerThread<J, A> {
  const worker = new Worker(script, { workerData: options });
  /** The oldest first. */
  const waiting: Waiting<A>[] = [];
  worker.on("message", (answer: WorkerAnswer<A>) => {
    const first = waiting.shift();
    if (answer.ok) first?.resolve(answer.answer);
    else first?.reject(failureIn(answer));
  });
  const fail = (error: unknown): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("a thread of the program has ended")));
  return {
    get waiting() {
      return waiting.length;
    },
    ask: (job, moved = []) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(job, moved);
      }),
    close: () => void worker.terminate(),
  };
}

function failureIn({ error, known }: WorkerAnswer<never> & { readonly ok: false }): unknown {
  if (known === null || !(error instanceof Error)) return error;
  const { code, hint } = known;
  return new PatchsigError(code, error.message, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the script of a thread runs. @param work takes what `ask` was given, one job after the other */
export function answerJobs(work: (job: never) => unknown): void {
  let last: Promise<void> = Promise.resolve();
  parentPort!.on("message", (job) => {
    last = last.then(async () => {
      const answer = await answerTo(() => work(job as never));
      // a thread has no origin, whatever the rule for windows says
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      parentPort!.postMessage(answer);
    });
  });
}

/** What the work says, or what stopped it. */
export async function answerTo<A>(work: () => A | Promise<A>): Promise<WorkerAnswer<A>> {
  try {
    return { ok: true, answer: await work() };
  } catch (error) {
    const known = error instanceof PatchsigError ? { code: error.code, hint: error.hint } : null;
    return { ok: false, error, known };
  }
}
