/** A thread of `facts.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { answerTo, type Job } from "../verify/check-pool.ts";
import { createFactReader, type FactTerms } from "./facts.ts";

const read = createFactReader(workerData as FactTerms);

parentPort!.on("message", (job: Job) => {
  // a thread has no origin, whatever the rule for windows says
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(answerTo(job, (mail) => read(mail!)));
});
