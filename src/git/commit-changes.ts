/** One running `git diff-tree`: which files each commit changed, by the names of their blobs. */

import { PatchsigError } from "../errors.ts";
import { type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

/** A file that a commit has otherwise than its first parent. */
export interface FileChange {
  /** A character a byte. */
  readonly path: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldBlob: string;
  readonly newBlob: string;
}

const DIFF_TREE = ["diff-tree", "--stdin", "--root", "--no-commit-id", "-r", "-z", "--raw"];
const MORE = ["--no-abbrev", "--no-renames", "--no-relative", "--ignore-submodules=none"];
const ENTRY = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]\d*$/;

export class CommitChanges {
  readonly #child: Piped;
  readonly #output: AsyncIterator<Buffer>;
  #rest = "";

  constructor({ cwd }: Repository) {
    this.#child = startGit({ cwd }, [...DIFF_TREE, ...MORE]);
    this.#output = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Asks for the changes of commits from their first parents; null for one without parents. */
  ask(commits: readonly { readonly name: string; readonly parent: string | null }[]): void {
    // git repeats a line that is no object name
    const lines = commits.map(
      ({ name, parent }) => `${name}${parent === null ? "" : ` ${parent}`}\n=\n`,
    );
    this.#child.stdin.write(lines.join(""));
  }

  /**
   * The next one that was asked for.
   *
   * @throws PatchsigError "git-failed" if git could not go on
   */
  async take(): Promise<FileChange[]> {
    const changes: FileChange[] = [];
    while ((await this.#peek()) !== "=") {
      const [, oldMode, newMode, oldBlob, newBlob] = ENTRY.exec(await this.#until("\0")) ?? [];
      const path = await this.#until("\0");
      if (oldMode === undefined) throw new PatchsigError("git-failed", "git diff-tree: no change");
      changes.push({
        path,
        oldMode,
        newMode: newMode!,
        oldBlob: oldBlob!,
        newBlob: newBlob!,
      });
    }
    await this.#until("\n");
    return changes;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#output.next();
    if (done === true) throw new PatchsigError("git-failed", "git diff-tree ended early");
    this.#rest += value.toString("latin1");
  }

  async #peek(): Promise<string> {
    while (this.#rest === "") await this.#more();
    return this.#rest[0]!;
  }

  async #until(end: string): Promise<string> {
    let at: number;
    while ((at = this.#rest.indexOf(end)) < 0) await this.#more();
    const text = this.#rest.slice(0, at);
    this.#rest = this.#rest.slice(at + 1);
    return text;
  }
}
