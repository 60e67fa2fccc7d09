/** A thread of `check-pool.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { answerTo, type Job } from "./check-pool.ts";
import { type CheckOptions, createCheck, examine } from "./checking.ts";

const check = createCheck(workerData as CheckOptions);

parentPort!.on("message", (job: Job) => {
  // a thread has no origin, whatever the rule for windows says
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(answerTo(job, (mail, size) => examine(check, mail, size)));
});
