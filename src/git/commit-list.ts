/**
 * The commits of a history, newest first, from one `git rev-list`: read only as far as needed, and
 * kept for the next series.
 */

import { PatchsigError } from "../errors.ts";
import { endOf, type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

export interface ListedCommit {
  readonly commit: string;
  /** Committer date, seconds since the epoch. */
  readonly time: number;
  readonly parents: readonly string[];
}

interface RunningRevList {
  readonly git: Piped;
  readonly chunks: AsyncIterator<Buffer>;
}

export class CommitList {
  readonly #start: () => RunningRevList;
  #running: RunningRevList | null = null;
  readonly #commits: ListedCommit[] = [];
  readonly #byName = new Map<string, ListedCommit>();
  #rest = "";
  #ended = false;

  /**
   * Starts git at the first request: node drops the output of a program that ended before anybody
   * read it.
   *
   * @param tips full names of commits or tags; skips a tag of anything but a commit
   */
  constructor(repository: Repository, tips: readonly string[]) {
    this.#start = () => {
      const git = startGit(repository, ["rev-list", "--parents", "--timestamp", "--stdin"]);
      git.stdin.end(tips.map((tip) => `${tip}\n`).join(""));
      return { git, chunks: (git.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]() };
    };
  }

  close(): void {
    this.#running?.git.kill();
  }

  /** The commit at an index, from 0; undefined past the end. */
  async at(place: number): Promise<ListedCommit | undefined> {
    while (place >= this.#commits.length && !this.#ended) await this.#read();
    return this.#commits[place];
  }

  /** The newest first-parent ancestor, or the commit itself, not newer than a time. */
  async newestBefore(
    tip: string,
    latest: number,
  ): Promise<Pick<ListedCommit, "commit" | "time"> | null> {
    for (let name: string | undefined = tip; name !== undefined;) {
      const found = this.#byName.get(name);
      if (found !== undefined && found.time <= latest) return { commit: name, time: found.time };
      if (found !== undefined) name = found.parents[0];
      else if (this.#ended) return null;
      else await this.#read();
    }
    return null;
  }

  async #read(): Promise<void> {
    const { git, chunks } = (this.#running ??= this.#start());
    const { done, value } = await chunks.next();
    if (done === true) {
      this.#ended = true;
      if ((await endOf(git)) === 0) return;
      throw new PatchsigError("git-failed", "git rev-list cannot read the history", {
        hint: "git fsck",
      });
    }
    const lines = (this.#rest + value.toString("latin1")).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const [time, commit = "", ...parents] = line.split(" ");
      const one = { commit, time: Number(time), parents };
      this.#commits.push(one);
      this.#byName.set(commit, one);
    }
  }
}
