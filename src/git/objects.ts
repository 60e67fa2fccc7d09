/** One running `git cat-file --batch-check`: names go to it over stdin, and are no options there. */

import { createInterface, type Interface } from "node:readline";
import { CliError } from "../errors.ts";
import { type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
}

const ANSWER = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag)$/;
/** git blocks on a full pipe while it is not read from: so many questions stand at a time. */
const BATCH = 500;

interface Running {
  readonly git: Piped;
  readonly reader: Interface;
  readonly lines: AsyncIterator<string>;
}

export class Objects {
  readonly #repository: Repository;
  #running: Running | null = null;

  /** git is started at the first question. */
  constructor(repository: Repository) {
    this.#repository = repository;
  }

  #start(): Running {
    const format = "--batch-check=%(objectname) %(objecttype)";
    const git = startGit(this.#repository, ["cat-file", format]);
    const reader = createInterface({ input: git.stdout, crlfDelay: Infinity });
    return { git, reader, lines: reader[Symbol.asyncIterator]() };
  }

  /**
   * What each name stands for; null for nothing here. One call at a time.
   *
   * @param names full object names, or `<full name>:<path>`, a character a byte; one with a line end
   *   stands for nothing
   */
  async look(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    const { git, lines } = (this.#running ??= this.#start());
    const found: (ObjectInfo | null)[] = [];
    for (let at = 0; at < names.length; at += BATCH) {
      const some = names.slice(at, at + BATCH).map((name) => (name.includes("\n") ? "-" : name));
      git.stdin.write(some.map((name) => `${name}\n`).join(""), "latin1");
      for (const _ of some) {
        const { done, value } = await lines.next();
        if (done === true) throw new CliError("git-failed", "git cat-file ended early");
        const [, name, type] = ANSWER.exec(value) ?? [];
        found.push(name === undefined ? null : { name, type: type as ObjectInfo["type"] });
      }
    }
    return found;
  }

  close(): void {
    this.#running?.reader.close();
    this.#running?.git.kill();
  }
}
