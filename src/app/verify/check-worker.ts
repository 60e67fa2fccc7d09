/** A thread of `check-pool.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import type { WorkerAnswer, Job } from "./check-pool.ts";
import { type CheckOptions, createCheck, examine } from "./checking.ts";

const check = createCheck(workerData as CheckOptions);

parentPort!.on("message", (job: Job) => {
  // a thread has no origin, whatever the rule for windows says
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(answer(job));
});

function answer({ bytes, mails }: Job): WorkerAnswer {
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
