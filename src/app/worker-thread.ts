/** Threads that work beside this one: each runs a script of the program, which answers jobs in their order. */

import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, PatchsigError } from "../errors.ts";

/** `J` and `A` are jobs and answers; they must be what `structuredClone` can copy. */
export interface WorkerThread<J, A> {
  /** How many jobs have not been answered yet. */
  readonly waiting: number;
  /**
   * Sends a job to the thread.
   *
   * @param moved memory of the job that is moved to the thread, not copied
   * @throws what the work threw there; an Error if the thread has ended
   */
  ask(job: J, moved?: readonly ArrayBuffer[]): Promise<A>;
  close(): void;
}

type WorkerAnswer<A> =
  | { readonly ok: true; readonly answer: A }
  | { readonly ok: false; readonly error: unknown; readonly known: KnownFailure | null };

/** The rest of a PatchsigError: the copy of an error that a thread sends has only its message. */
interface KnownFailure {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
}

interface Waiting<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts a thread. @param options the script's `workerData` */
export function startWorker<J, A>(script: URL, options: unknown): WorkerThread<J, A> {
  const worker = new Worker(script, { workerData: options });
  /** The oldest first. */
  const waiting: Waiting<A>[] = [];
  worker.on("message", (answer: WorkerAnswer<A>) => {
    const first = waiting.shift();
    if (answer.ok) first?.resolve(answer.answer);
    else first?.reject(failureIn(answer));
  });
  /** Why it answers no more. */
  let end: { readonly error: unknown } | null = null;
  const fail = (error: unknown): void => {
    end ??= { error };
    for (const { reject } of waiting.splice(0)) reject(end.error);
  };
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("a thread of the program has ended")));
  return {
    get waiting() {
      return waiting.length;
    },
    ask: (job, moved = []) =>
      new Promise((resolve, reject) => {
        if (end !== null) {
          reject(end.error);
          return;
        }
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

/** Answers the jobs in a thread's script. @param work gets what `ask` was given, one job after the other */
export function answerJobs(work: (job: never) => unknown): void {
  let last: Promise<void> = Promise.resolve();
  parentPort!.on("message", (job) => {
    last = last.then(async () => {
      const answer = await answerTo(() => work(job as never));
      // the rule is about windows: the port of a thread takes no origin
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      parentPort!.postMessage(answer);
    });
  });
}

/** What the work returned, or the error that it threw. */
export async function answerTo<A>(work: () => A | Promise<A>): Promise<WorkerAnswer<A>> {
  try {
    return { ok: true, answer: await work() };
  } catch (error) {
    const known = error instanceof PatchsigError ? { code: error.code, hint: error.hint } : null;
    return { ok: false, error, known };
  }
}
