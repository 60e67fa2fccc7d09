/** The thread that `openFactReader` (facts.ts) starts: reads the mails that it is sent. */

import { workerData } from "node:worker_threads";
import { answerJobs } from "../worker-thread.ts";
import { foundInJob, type Job } from "../verify/check-pool.ts";
import { createFactReader, type FactTerms } from "./facts.ts";

const read = createFactReader(workerData as FactTerms);

answerJobs((job: Job) => foundInJob(job, (mail) => read(mail!)));
