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
  #text = "";
  /** Where in the text the next entry begins. */
  #at = 0;

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
    for (;;) {
      if (this.#text.startsWith("=\n", this.#at)) break;
      const change = this.#change();
      if (change === null) await this.#more();
      else changes.push(change);
    }
    this.#at += 2;
    return changes;
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#output.next();
    if (done === true) throw new PatchsigError("git-failed", "git diff-tree ended early");
    this.#text = this.#text.slice(this.#at) + value.toString("latin1");
    this.#at = 0;
  }

  /** The change that is next; null if not all of it has come. */
  #change(): FileChange | null {
    const end = this.#text.indexOf("\0", this.#at);
    const pathEnd = end < 0 ? -1 : this.#text.indexOf("\0", end + 1);
    if (pathEnd < 0) return null;
    const [, oldMode, newMode, oldBlob, newBlob] =
      ENTRY.exec(this.#text.slice(this.#at, end)) ?? [];
    if (oldMode === undefined) throw new PatchsigError("git-failed", "git diff-tree: no change");
    const path = this.#text.slice(end + 1, pathEnd);
    this.#at = pathEnd + 1;
    return { path, oldMode, newMode: newMode!, oldBlob: oldBlob!, newBlob: newBlob! };
  }
}
