/** A thread of `check-pool.ts`. */

import { workerData } from "node:worker_threads";
import { answerJobs } from "../worker-thread.ts";
import { foundInJob, type Job } from "./check-pool.ts";
import { type CheckOptions, createCheck, examine } from "./checking.ts";

const check = createCheck(workerData as CheckOptions);

answerJobs((job: Job) => foundInJob(job, (mail, size) => examine(check, mail, size)));
