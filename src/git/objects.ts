/** One running `git cat-file --batch-check`: names go over stdin, where they cannot be options. */

import { PatchsigError } from "../errors.ts";
import { type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
}

const ANSWER = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag)$/;
/** Names sent at a time: git blocks on a full pipe that nobody reads. */
const BATCH = 500;

/** Names that git would misread: LF splits them, and git strips a CR at the end. */
const UNASKABLE = /[\n\0]|\r$/;

interface RunningCatFile {
  readonly git: Piped;
  readonly chunks: AsyncIterator<Buffer>;
}

export class Objects {
  readonly #repository: Repository;
  #running: RunningCatFile | null = null;
  /** Lines of git's output, and the start of the next one. */
  #lines: string[] = [];
  #rest = "";

  /** Starts git at the first question. */
  constructor(repository: Repository) {
    this.#repository = repository;
  }

  #start(): RunningCatFile {
    const format = "--batch-check=%(objectname) %(objecttype)";
    const git = startGit(this.#repository, ["cat-file", format]);
    return { git, chunks: (git.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]() };
  }

  /** The next line, up to LF only: an answer may repeat a name with any byte in it. */
  async #line({ chunks }: RunningCatFile): Promise<string> {
    while (this.#lines.length === 0) {
      const { done, value } = await chunks.next();
      if (done === true) throw new PatchsigError("git-failed", "git cat-file ended early");
      const lines = (this.#rest + value.toString("latin1")).split("\n");
      this.#rest = lines.pop()!;
      this.#lines = lines.toReversed();
    }
    return this.#lines.pop()!;
  }

  /**
   * The object each name stands for; null if it is not here. One call at a time.
   *
   * @param names full object names, or `<full name>:<path>`, a character a byte; null for what
   *   git cannot be asked
   */
  async look(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    const running = (this.#running ??= this.#start());
    const found: (ObjectInfo | null)[] = [];
    for (let at = 0; at < names.length; at += BATCH) {
      const some = names.slice(at, at + BATCH).map((name) => (UNASKABLE.test(name) ? "-" : name));
      running.git.stdin.write(some.map((name) => `${name}\n`).join(""), "latin1");
      for (const _ of some) {
        const [, name, type] = ANSWER.exec(await this.#line(running)) ?? [];
        found.push(name === undefined ? null : { name, type: type as ObjectInfo["type"] });
      }
    }
    return found;
  }

  close(): void {
    this.#running?.git.kill();
  }
}
