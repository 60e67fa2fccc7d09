/** One running `git cat-file --batch-check`: names go to it over stdin, and are no options there. */

import { PatchsigError } from "../errors.ts";
import { type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
}

const ANSWER = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag)$/;
/** git blocks on a full pipe while it is not read from: so many questions stand at a time. */
const BATCH = 500;

/** What git would read as another question, or as two: it takes a CR from the end of a line. */
const UNASKABLE = /[\n\0]|\r$/;

interface RunningCatFile {
  readonly git: Piped;
  readonly chunks: AsyncIterator<Buffer>;
}

export class Objects {
  readonly #repository: Repository;
  #running: RunningCatFile | null = null;
  /** Lines that git has written, and the beginning of the next one. */
  #lines: string[] = [];
  #rest = "";

  /** git is started at the first question. */
  constructor(repository: Repository) {
    this.#repository = repository;
  }

  #start(): RunningCatFile {
    const format = "--batch-check=%(objectname) %(objecttype)";
    const git = startGit(this.#repository, ["cat-file", format]);
    return { git, chunks: (git.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]() };
  }

  /** The next line up to LF, and nothing else: an answer may repeat a name with any byte in it. */
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
   * What each name stands for; null for nothing here. One call at a time.
   *
   * @param names full object names, or `<full name>:<path>`, a character a byte; what cannot be
   *   asked for stands for nothing
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
