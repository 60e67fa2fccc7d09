/** A thread of `shared-prover.ts`. */

import { workerData } from "node:worker_threads";
import { openRepository } from "../../git/repository.ts";
import { answerJobs } from "../worker-thread.ts";
import { CommitProver, type NamedWithNote } from "./prover.ts";
import type { ProverPlace } from "./shared-prover.ts";

const { directory, maxNotes } = workerData as ProverPlace;
const prover = openRepository(directory).then((one) => new CommitProver(one, maxNotes, false));
// the first job will say so
prover.catch(() => undefined);

answerJobs(async (commits: readonly NamedWithNote[]) => (await prover).prove(commits));
