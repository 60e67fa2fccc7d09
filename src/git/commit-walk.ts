/** The commits that words such as `main`, `v1.0..` and `^next` name, as git log takes them. */

import { PatchsigError } from "../errors.ts";
import { endOf, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";
import { failure } from "./run.ts";

export interface NamedCommit {
  readonly name: string;
  /** None for the oldest commit of a shallow clone, too. */
  readonly parents: readonly string[];
}

/** With one of these, git walks: `a..b`, `^a`, `a^!`, `a^@`, `a^-`. */
const RANGE = /\.\.|^\^|\^[!@]$|\^-\d*$/;

export interface WalkOptions {
  /** Only the commits that are named, unless a word is a range. */
  readonly named: boolean;
  /** At most this many; null for all. */
  readonly most: number | null;
  /** Take parents from the commits alone. It takes 20 µs a commit, also before the first of a range. Default: false. */
  readonly noGraph?: boolean;
}

/** For a git that is to take parents from the commits: a commit-graph is no object, and its writer could say others. */
export const NO_GRAPH = ["-c", "core.commitGraph=false"] as const;

/** Commits handed out at a time. */
const BATCH = 128;

/**
 * In batches, in git's order; read only as far as they are asked for.
 *
 * @param words never read as options
 * @throws PatchsigError "usage" for a word that names no commit
 */
export async function* walkCommits(
  repository: Repository,
  words: readonly string[],
  { named, most, noGraph = false }: WalkOptions,
): AsyncGenerator<readonly NamedCommit[]> {
  const wrong = words.find((word) => word.startsWith("-") || /[\n\0]/.test(word));
  if (wrong !== undefined) throw new PatchsigError("usage", `${wrong} names no commit`);
  if (words.length === 0) return;
  const isList = named && !words.some((word) => RANGE.test(word));
  const args = [
    ...(noGraph ? NO_GRAPH : []),
    "rev-list",
    "--parents",
    "--stdin",
    ...(isList ? ["--no-walk=unsorted"] : []),
    ...(most === null ? [] : [`--max-count=${most}`]),
  ];
  const git = startGit({ cwd: repository.cwd }, args);
  let said = "";
  git.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(0, 4000)));
  // git would pass over what is no commit
  git.stdin.end(words.map((word) => `${word}${isList ? "^{commit}" : ""}\n`).join(""));
  let rest = "";
  let batch: NamedCommit[] = [];
  try {
    for await (const bytes of git.stdout as AsyncIterable<Buffer>) {
      const lines = (rest + bytes.toString("latin1")).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const [name = "", ...parents] = line.split(" ");
        batch.push({ name, parents });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    if ((await endOf(git)) !== 0) {
      const { message } = failure(["rev-list"], said);
      throw new PatchsigError("usage", message.replace(/^git rev-list: /, ""), {
        hint: "as for git log: a commit, or a range such as main..topic",
      });
    }
    if (batch.length > 0) yield batch;
  } finally {
    git.kill();
  }
}
