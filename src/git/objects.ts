/** One running `git cat-file --batch-check`: names go to it over stdin, and are no options there. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { CliError } from "../errors.ts";
import type { Repository } from "./repository.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
}

const ANSWER = /^([0-9a-f]{40}|[0-9a-f]{64}) (commit|tree|blob|tag)$/;
/** git blocks on a full pipe while it is not read from: so many questions stand at a time. */
const BATCH = 500;

export class Objects {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  constructor(repository: Repository) {
    this.#child = spawn("git", ["cat-file", "--batch-check=%(objectname) %(objecttype)"], {
      cwd: repository.cwd,
      env: { ...process.env, ...NO_FETCH },
      stdio: "pipe",
    });
    this.#child.stdin.on("error", () => undefined);
    this.#child.on("error", () => undefined);
    this.#child.stderr.resume();
    this.#reader = createInterface({ input: this.#child.stdout, crlfDelay: Infinity });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * What each name stands for; null for nothing here. One call at a time.
   *
   * @param names full object names, or `<full name>:<path>`, a character a byte; one with a line end
   *   stands for nothing
   */
  async look(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    const found: (ObjectInfo | null)[] = [];
    for (let at = 0; at < names.length; at += BATCH) {
      const some = names.slice(at, at + BATCH).map((name) => (name.includes("\n") ? "-" : name));
      this.#child.stdin.write(some.map((name) => `${name}\n`).join(""), "latin1");
      for (const _ of some) {
        const { done, value } = await this.#lines.next();
        if (done === true) throw new CliError("git-failed", "git cat-file ended early");
        const [, name, type] = ANSWER.exec(value) ?? [];
        found.push(name === undefined ? null : { name, type: type as ObjectInfo["type"] });
      }
    }
    return found;
  }

  close(): void {
    this.#child.stdin.end();
    this.#reader.close();
    this.#child.kill();
  }
}

/** Of a partial clone only what is here counts: looking must not fetch. */
export const NO_FETCH: Readonly<Record<string, string>> = {
  GIT_NO_LAZY_FETCH: "1",
  GIT_OPTIONAL_LOCKS: "0",
};
