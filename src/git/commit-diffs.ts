/** One running `git diff-tree`: what each commit changed, as a canonical diff shows it. */

import { PatchsigError } from "../errors.ts";
import { PLAIN_DIFF } from "./closed.ts";
import { type Piped, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";

/** As git format-patch writes diffs by default, whatever the settings are here. */
const DIFF_TREE = [
  [
    "-c",
    "diff.suppressBlankEmpty=false",
    "-c",
    "diff.renameLimit=1000",
    "-c",
    "core.quotePath=true",
  ],
  ["diff-tree", "--stdin", "--root", "--no-commit-id", "-r", "-p", "--binary", "--full-index"],
  ["-M", "-U3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic"],
  ["--src-prefix=a/", "--dst-prefix=b/", "--no-relative", "--ignore-submodules=none"],
  ["--submodule=short", ...PLAIN_DIFF],
].flat();

/** git repeats a line that is no object name. No line of a diff is like this one. */
const END = Buffer.from("=\n");

export class CommitDiffs {
  readonly #child: Piped;
  readonly #output: AsyncIterator<Buffer>;
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param maxBytes of a diff: a longer one is skipped */
  constructor(repository: Repository, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#child = startGit({ cwd: repository.cwd }, DIFF_TREE);
    this.#output = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Asks for what these commits changed from their first parents; null for one without parents. */
  ask(commits: readonly { readonly name: string; readonly parent: string | null }[]): void {
    const lines = commits.map(
      ({ name, parent }) => `${name}${parent === null ? "" : ` ${parent}`}\n=\n`,
    );
    this.#child.stdin.write(lines.join(""));
  }

  /**
   * The next diff that was asked for; null if it is too long.
   *
   * @throws PatchsigError "git-failed" if git could not go on
   */
  async take(): Promise<Buffer | null> {
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const end = endIn(this.#rest, length === 0);
      const piece = this.#rest.subarray(0, end < 0 ? lastLine(this.#rest) : end);
      this.#rest = this.#rest.subarray(end < 0 ? piece.length : end + END.length);
      length += piece.length;
      if (length <= this.#maxBytes) pieces.push(piece);
      if (end >= 0) break;
      const { done, value } = await this.#output.next();
      if (done === true) throw new PatchsigError("git-failed", "git diff-tree ended early");
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    }
    if (length > this.#maxBytes) return null;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  close(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}

/** Where the line stands that ends a diff; -1 if it has not come yet. */
function endIn(text: Buffer, isStart: boolean): number {
  if (isStart && text.length >= END.length && text.subarray(0, END.length).equals(END)) return 0;
  const at = text.indexOf("\n=\n", 0, "latin1");
  return at < 0 ? -1 : at + 1;
}

/** Up to the line that may not be whole: an end could begin in it, or with the LF before it. */
function lastLine(text: Buffer): number {
  return Math.max(0, text.lastIndexOf(10) - 1);
}
