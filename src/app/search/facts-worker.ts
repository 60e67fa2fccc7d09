/** The thread that `openFactReader` (facts.ts) starts: reads the mails that it is sent. */

import { parentPort, workerData } from "node:worker_threads";
import { answerTo, type Job } from "../verify/check-pool.ts";
import { createFactReader, type FactTerms } from "./facts.ts";

const read = createFactReader(workerData as FactTerms);

parentPort!.on("message", (job: Job) => {
  // the rule is about windows: the port of a thread takes no origin
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(answerTo(job, (mail) => read(mail!)));
});
