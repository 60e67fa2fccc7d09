/** What the commits of a public-inbox changed, as `git log` lists it. */

import { PatchsigError } from "../errors.ts";
import { PLAIN_DIFF } from "./closed.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { failure, notStarted, spawnGit, type StartOptions } from "./run.ts";

/** Most blobs or files; no list has deleted that many mails. */
const MAX_DELETED = 1_000_000;

/** What one commit did to one file. */
export interface InboxChange {
  readonly commit: string;
  /** The added mail; "" if none. */
  readonly blob: string;
  /** If `ends`, mails with this key are deleted or replaced. */
  readonly key: string;
  readonly ends: boolean;
  /** The mail that is deleted or replaced; "" if none. */
  readonly ended: string;
}

/**
 * How often each key is ended. In v2 a deletion names the mail's blob; in v1 it names the file,
 * which is also changed in place.
 */
export function countDeletions(
  { repository }: Epoch,
  some: readonly InboxChange[],
  found: Map<string, number>,
): void {
  for (const { key, ends } of some) if (ends) found.set(key, (found.get(key) ?? 0) + 1);
  if (found.size > MAX_DELETED)
    throw new PatchsigError("too-large", `${repository}: more deletions than patchsig reads`);
}

/**
 * The blobs of mails that commits delete or replace.
 *
 * @throws PatchsigError "git-failed"
 */
export async function endedBlobs(epoch: Epoch, range: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const some of changes(epoch, range))
    for (const { ended } of some) if (ended !== "" && found.size < MAX_DELETED) found.add(ended);
  return found;
}

const COMMIT = /^[0-9a-f]{40,64}$/;
const V1_PATH = /^[0-9a-f]{2}\/[0-9a-f]{38}$/;
const RAW = /^:\d{6} \d{6} ([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([AMDT])\t(.+)$/s;

/** Overrides the user's settings. */
const LOG: readonly string[] = [
  "-c",
  "log.showRoot=true",
  "-c",
  "core.quotePath=false",
  "log",
  "--format=%H",
  "--raw",
  "--no-abbrev",
  "--no-renames",
  "--no-notes",
  ...PLAIN_DIFF,
  "--first-parent",
];

/** What the commits changed, in the order of `git log`. */
export async function* changes(
  epoch: Epoch,
  range: readonly string[],
): AsyncGenerator<InboxChange[]> {
  const args = [...LOG, ...range, "--"];
  let commit = "";
  for await (const lines of linesOf(args, placeOf(epoch))) {
    const found: InboxChange[] = [];
    for (const line of lines) {
      if (COMMIT.test(line)) commit = line;
      else found.push(...changeIn(line, commit));
    }
    yield found;
  }
}

function changeIn(line: string, commit: string): InboxChange[] {
  const [, before, blob, status, path] = RAW.exec(line) ?? [];
  if (before === undefined || blob === undefined || path === undefined) return [];
  const gone = status === "D";
  // every v2 commit removes the previous commit's file from the tree
  if (path === "m") return gone ? [] : [{ commit, blob, key: blob, ends: false, ended: "" }];
  if (path === "d") return gone ? [] : [{ commit, blob: "", key: blob, ends: true, ended: blob }];
  if (!V1_PATH.test(path)) return [];
  const ends = status !== "A";
  return [{ commit, blob: gone ? "" : blob, key: path, ends, ended: ends ? before : "" }];
}

/** The lines that git writes, as they come. */
async function* linesOf(args: readonly string[], place: StartOptions): AsyncGenerator<string[]> {
  const child = spawnGit(args, place);
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(0, 4000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (cause) => reject(notStarted(cause, place.cwd)));
    child.on("close", resolve);
  });
  ended.catch(() => undefined);
  let rest = "";
  try {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
      const lines = (rest + bytes.toString("latin1")).split("\n");
      rest = lines.pop()!;
      yield lines;
    }
    if ((await ended) !== 0) throw failure(["log"], said);
  } finally {
    child.kill();
  }
}
