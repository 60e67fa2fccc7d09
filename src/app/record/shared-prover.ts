/** Has commits compared by this thread and, once there are many commits, by others beside it. */

import type { Repository } from "../../git/repository.ts";
import type { CommitEvidence } from "../../record/evidence.ts";
import { startWorker, type WorkerThread } from "../worker-thread.ts";
import { CommitProver, type NamedWithNote } from "./prover.ts";

type ProvenCommits = readonly CommitEvidence[];
type ProverThread = WorkerThread<readonly NamedWithNote[], ProvenCommits>;

/** What a thread gets when it starts. */
export interface ProverPlace {
  readonly directory: string;
  readonly maxNotes: number;
}

/** This thread or another. */
interface Prover {
  prove(commits: readonly NamedWithNote[]): Promise<ProvenCommits>;
}

/** A thread costs a tenth of a second and 60 MB: threads start only after this many commits. */
const COMMITS_ALONE = 512;
/** Jobs in advance for each thread, so that it never waits while earlier results are printed. */
const JOBS_AHEAD = 2;

const SCRIPT = new URL("./prover-worker.js", import.meta.url);

/** Gives each job to the first thread that is free. */
export class SharedProver {
  readonly #place: ProverPlace;
  readonly #most: number;
  readonly #here: CommitProver;
  readonly #threads: ProverThread[] = [];
  readonly #free: Prover[];
  /** Jobs that nobody has begun, the oldest first. */
  readonly #jobs: ((worker: Prover) => void)[] = [];
  #seen = 0;

  /**
   * @param threads how many to start beside this one
   * @param maxNotes as for `CommitProver`
   */
  constructor(repository: Repository, threads: number, maxNotes: number) {
    this.#place = { directory: repository.cwd, maxNotes };
    this.#most = threads;
    this.#here = new CommitProver(repository, maxNotes, () => this.#threads.length === 0);
    this.#free = [this.#here];
  }

  /** How many jobs the caller should give before it awaits the first. */
  get ahead(): number {
    return JOBS_AHEAD * (this.#most + 1);
  }

  /** As `CommitProver.prove`, in the thread that is free first. */
  prove(commits: readonly NamedWithNote[]): Promise<ProvenCommits> {
    if (this.#seen >= COMMITS_ALONE) this.#startThreads();
    this.#seen += commits.length;
    const proven = new Promise<ProvenCommits>((resolve) => {
      const begin = (worker: Prover): void => {
        const done = worker.prove(commits);
        const next = (): void => {
          this.#free.push(worker);
          this.#give();
        };
        done.then(next, next);
        resolve(done);
      };
      this.#jobs.push(begin);
    });
    this.#give();
    // it is awaited later: a failure until then must not count as unhandled
    proven.catch(() => undefined);
    return proven;
  }

  #startThreads(): void {
    while (this.#threads.length < this.#most) {
      const thread: ProverThread = startWorker(SCRIPT, this.#place);
      this.#threads.push(thread);
      this.#free.push({ prove: (commits) => thread.ask(commits) });
    }
  }

  #give(): void {
    while (this.#free.length > 0 && this.#jobs.length > 0) this.#jobs.shift()!(this.#free.shift()!);
  }

  close(): void {
    this.#here.close();
    for (const thread of this.#threads) thread.close();
  }
}
