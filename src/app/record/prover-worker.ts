/** The thread that `SharedProver` starts: compares the commits that it is sent. */

import { workerData } from "node:worker_threads";
import { openRepository } from "../../git/repository.ts";
import { answerJobs } from "../worker-thread.ts";
import { CommitProver, type NamedWithNote } from "./prover.ts";
import type { ProverPlace } from "./shared-prover.ts";

const { directory, maxNotes } = workerData as ProverPlace;
const prover = openRepository(directory).then(
  (one) => new CommitProver(one, maxNotes, () => false),
);
// it is awaited with the first job: a failure until then must not count as unhandled
prover.catch(() => undefined);

answerJobs(async (commits: readonly NamedWithNote[]) => (await prover).prove(commits));
