/**
 * How many of some blobs each commit of a history holds: one `git rev-list` names the commits, one
 * `git diff-tree` says what became of the paths between a commit and its parent. So the blobs are
 * looked up at the tips only, and what a commit holds follows from its child's.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { CliError } from "../errors.ts";
import type { Sighting } from "../verify/base-guess.ts";
import type { Preimage } from "../verify/preimages.ts";
import { NO_FETCH, type Objects } from "./objects.ts";
import type { Repository } from "./repository.ts";

/** Which of the blobs a commit holds, a byte each; shared by all commits that hold the same. */
interface State {
  readonly held: Uint8Array;
  readonly matched: number;
}

interface Commit {
  readonly commit: string;
  readonly time: number;
  readonly parents: readonly string[];
}

/** A commit and one of its parents, of which nothing was known before. */
type Edge = readonly [child: string, parent: string];

export interface Step extends Sighting {
  /** A commit that comes yet is known to hold all of the blobs. */
  readonly open: boolean;
}

/**
 * Commits of these histories, by date, the newest first, as they come; when the caller stops, git
 * is stopped too.
 *
 * @param wanted at least one; a blob may be abbreviated
 * @param takes which commits are looked at, by their committer date; the others cost little
 */
export async function* walkHistory(
  repository: Repository,
  objects: Objects,
  tips: readonly string[],
  wanted: readonly Preimage[],
  takes: (time: number) => boolean = () => true,
): AsyncGenerator<Step> {
  const places = new Map(wanted.map(({ path }, i) => [path, i]));
  const known = new Map<string, State>();
  let full = 0;
  const learn = (commit: string, state: State): void => {
    if (known.has(commit)) return;
    known.set(commit, state);
    if (state.matched === wanted.length) full++;
  };
  const differ = new Differ(repository, [...places.keys()]);
  try {
    for await (const commits of inSlices(listCommits(repository, tips), takes)) {
      const { edges, fresh } = plan(commits, known);
      const [diffs, states] = await Promise.all([
        differ.diff(edges),
        lookUp(objects, fresh, wanted),
      ]);
      for (const [i, commit] of fresh.entries()) learn(commit, states[i]!);
      let next = 0;
      for (const { commit, time, parents } of commits) {
        const state = known.get(commit)!;
        known.delete(commit);
        if (state.matched === wanted.length) full--;
        for (; edges[next]?.[0] === commit; next++) {
          const changed = diffs[next]!;
          learn(edges[next]![1], before(state, changed, places, wanted));
        }
        yield { commit, time, parents, matched: state.matched, open: full > 0 };
      }
    }
  } finally {
    differ.close();
  }
}

/** Which states have to be asked for: of commits that no child leads to, and along new edges. */
function plan(
  commits: readonly Commit[],
  known: ReadonlyMap<string, State>,
): { edges: Edge[]; fresh: string[] } {
  const reached = new Set<string>();
  const edges: Edge[] = [];
  const fresh: string[] = [];
  for (const { commit, parents } of commits) {
    if (!known.has(commit) && !reached.has(commit)) fresh.push(commit);
    // clocks differ: a parent can come before its child
    reached.add(commit);
    for (const parent of parents) {
      if (known.has(parent) || reached.has(parent)) continue;
      reached.add(parent);
      edges.push([commit, parent]);
    }
  }
  return { edges, fresh };
}

/** What the parent held, from what its child holds and what changed between them. */
function before(
  state: State,
  changed: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, number>,
  wanted: readonly Preimage[],
): State {
  if (changed.size === 0) return state;
  const held = state.held.slice();
  let { matched } = state;
  for (const [path, blob] of changed) {
    const place = places.get(path);
    if (place === undefined) continue;
    const now = blob.startsWith(wanted[place]!.blob) ? 1 : 0;
    matched += now - held[place]!;
    held[place] = now;
  }
  return { held, matched };
}

async function lookUp(
  objects: Objects,
  commits: readonly string[],
  wanted: readonly Preimage[],
): Promise<State[]> {
  const found = await objects.look(
    commits.flatMap((commit) => wanted.map(({ path }) => `${commit}:${path}`)),
  );
  return commits.map((_, i) => {
    const held = Uint8Array.from(wanted, ({ blob }, place) => {
      const object = found[i * wanted.length + place];
      return object?.type === "blob" && object.name.startsWith(blob) ? 1 : 0;
    });
    return { held, matched: held.reduce((sum, one) => sum + one, 0) };
  });
}

/** Small ones first: an answer is often near the top. */
async function* inSlices(
  listed: AsyncIterable<readonly Commit[]>,
  takes: (time: number) => boolean,
): AsyncGenerator<readonly Commit[]> {
  let size = 64;
  for await (const some of listed) {
    const taken = some.filter(({ time }) => takes(time));
    for (let at = 0; at < taken.length; size = Math.min(size * 2, 1024)) {
      yield taken.slice(at, at + size);
      at += size;
    }
  }
}

/** Commits as git lists them, some hundred at a time. */
async function* listCommits(
  repository: Repository,
  tips: readonly string[],
): AsyncGenerator<Commit[]> {
  const child = start(repository, ["rev-list", "--parents", "--timestamp", "--stdin"]);
  child.stdin.end(tips.map((tip) => `${tip}\n`).join(""));
  try {
    let rest = "";
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop()!;
      yield lines.map((line) => {
        const [time, commit = "", ...parents] = line.split(" ");
        return { commit, time: Number(time), parents };
      });
    }
    if ((await ended(child)) !== 0)
      throw new CliError("git-failed", "git rev-list cannot read the history", {
        hint: "git fsck",
      });
  } finally {
    child.kill();
  }
}

function ended(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

/** git echoes a line that names no commit, and writes out all that it has: so an answer's end is seen. */
const END = "end\n";

/** One running `git diff-tree --stdin` over some paths. */
class Differ {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(repository: Repository, paths: readonly string[]) {
    const names = paths.map((path) => Buffer.from(path, "latin1").toString("utf8"));
    const how = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames"];
    this.#child = start(repository, ["--literal-pathspecs", ...how, "--always", "--", ...names]);
    this.#chunks = (this.#child.stdout as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** For each edge the paths that differ, and the parent's blob at them. */
  async diff(edges: readonly Edge[]): Promise<Map<string, string>[]> {
    if (edges.length === 0) return [];
    this.#child.stdin.write(`${edges.map((edge) => `${edge.join(" ")}\n`).join("")}${END}`);
    const chunks: Buffer[] = [];
    for (let tail = ""; tail !== END;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) throw new CliError("git-failed", "git diff-tree ended early");
      chunks.push(value);
      tail = (tail + value.toString("latin1", Math.max(0, value.length - END.length))).slice(
        -END.length,
      );
    }
    return parseDiffs(Buffer.concat(chunks).toString("latin1"));
  }

  close(): void {
    this.#child.kill();
  }
}

const HEADER = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const RAW = /^:\d+ \d+ ([0-9a-f]+) [0-9a-f]+ [A-Z]\d*$/;

/** `COMMIT NUL (:modes old new status NUL path NUL)* …` */
function parseDiffs(text: string): Map<string, string>[] {
  const diffs: Map<string, string>[] = [];
  const words = text.split("\0");
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const [, old] = RAW.exec(word) ?? [];
    if (old !== undefined) diffs.at(-1)?.set(words[++i]!, old);
    else if (HEADER.test(word)) diffs.push(new Map());
  }
  return diffs;
}

function start(repository: Repository, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn("git", args, {
    cwd: repository.toplevel ?? repository.cwd,
    env: { ...process.env, ...NO_FETCH },
    stdio: "pipe",
  });
  child.stdin.on("error", () => undefined);
  child.on("error", () => undefined);
  child.stderr.resume();
  return child;
}
