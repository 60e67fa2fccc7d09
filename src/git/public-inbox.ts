/**
 * Mails in the git repositories of a public-inbox (public-inbox-v1-format(5), -v2-format(5)),
 * straight from its objects, oldest first, by two running gits an epoch: one lists the commits, the
 * other gives the mails. A mail that was deleted later is not read.
 *
 *     v2, and an epoch of it: every commit has one file, `m` a mail or `d` one that is deleted
 *     v1: a file for each mail, `ab/cdef…` by the SHA-1 of its Message-ID
 */

import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { type Blob, Blobs } from "./blobs.ts";
import { PLAIN_DIFF } from "./closed.ts";
import {
  failure,
  git,
  gitLines,
  gitSucceeds,
  gitText,
  spawnGit,
  type StartOptions,
} from "./run.ts";
import { refuseWaiting } from "./waiting.ts";

/** A mail, and the commit that brought it. */
interface InboxMail {
  /** `REPOSITORY:COMMIT` */
  readonly place: string;
  /** LF line ends; null if it is larger than what is read. */
  readonly bytes: Buffer | null;
  readonly size: number;
  readonly epoch: Epoch;
  readonly commit: string;
}

/** A mail that git cannot give, since its blob is missing or damaged; or the unread rest of an epoch. */
interface LostMail {
  readonly place: string;
  readonly error: PatchsigError;
  readonly epoch: Epoch;
}

export type InboxEntry = InboxMail | LostMail;

/** One repository of an inbox. */
export interface Epoch {
  /** As it was named. */
  readonly repository: string;
  /** The same whatever it is named by. */
  readonly name: string;
}

export interface InboxOptions {
  /** git's words for a time; commits before it are passed over. */
  readonly since?: string | undefined;
  /** The last commit that was dealt with; null for all. */
  readonly after?: (epoch: Epoch) => string | null;
}

/** How many mails git is asked for at a time. */
const AT_A_TIME = 64;
/** Bytes of mails that are passed on at a time, or one larger mail. */
const PORTION = 4 << 20;
/** Most damaged mails of an epoch; after more, reading it stops. */
const MAX_RESTARTS = 100;
/** Most blobs or files; no list has deleted so many mails. */
const MAX_DELETED = 1_000_000;

/**
 * The epochs of the inbox in this folder, oldest first; null if it is none. A folder that is a
 * repository itself may be one: `readInbox` asks git.
 */
export function epochsOf(folder: string): Epoch[] | null {
  const below = join(folder, "git");
  const numbered = isFolder(below)
    ? readdirSync(below)
        .filter((name) => /^\d+\.git$/.test(name) && isRepository(join(below, name)))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
        .map((name) => join(below, name))
    : [];
  const found = numbered.length > 0 ? numbered : isRepository(folder) ? [folder] : [];
  if (found.length === 0) return null;
  return found.map((repository) => ({ repository, name: realpathSync(repository) }));
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return kindOf(path)?.isDirectory() === true;
}

/**
 * Does it look like a bare repository? A working tree is not a source of mail; and git would wait for
 * ever on a FIFO.
 */
function isRepository(path: string): boolean {
  const config = kindOf(join(path, "config"));
  return (
    kindOf(join(path, "HEAD"))?.isFile() === true &&
    (config === undefined || config.isFile()) &&
    isFolder(join(path, "objects")) &&
    isFolder(join(path, "refs"))
  );
}

/** Makes git use this folder, not a repository around it. */
function placeOf(epoch: Epoch): StartOptions {
  const env = { GIT_CEILING_DIRECTORIES: dirname(epoch.name) };
  return { cwd: epoch.repository, elsewhere: true, env };
}

/** The number of commits that `readInbox` reads. */
export async function countCommits(
  epochs: readonly Epoch[],
  options: InboxOptions,
): Promise<number> {
  let sum = 0;
  for (const epoch of epochs) {
    const range = await rangeOf(epoch, options);
    if (range.length === 0) continue;
    const args = ["rev-list", "--count", "--first-parent", ...range, "--"];
    sum += Number(await gitText(args, placeOf(epoch)));
  }
  return sum;
}

/**
 * The mails of the epochs, as they come. If git cannot read an epoch to its end, the others are read all
 * the same.
 *
 * @throws PatchsigError: git-missing; not-a-mail if these are no mails' repositories
 */
export async function* readInbox(
  epochs: readonly Epoch[],
  options: InboxOptions,
): AsyncGenerator<InboxEntry[]> {
  const ranges: (readonly string[] | PatchsigError)[] = [];
  // a mail may be deleted in a later epoch than its own
  const dead = new Map<string, number>();
  for (const epoch of epochs) {
    const range = await caught(async () => {
      const found = await rangeOf(epoch, options);
      await countDeletions(epoch, found, dead);
      return found;
    });
    ranges.push(range);
  }
  let any = dead.size > 0 || ranges.some((range) => range instanceof PatchsigError);
  for (const [i, epoch] of epochs.entries()) {
    const mails = readEpoch(epoch, ranges[i]!, dead);
    for (;;) {
      const next = await caught(() => mails.next());
      if (next instanceof PatchsigError) yield [lostAt(epoch, next)];
      if (next instanceof PatchsigError || next.done === true) break;
      any = true;
      yield next.value;
    }
  }
  if (!any && ranges.join() === ranges.map(() => "HEAD").join()) throw noInbox(epochs[0]!);
}

async function caught<T>(work: () => Promise<T>): Promise<T | PatchsigError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PatchsigError && error.code !== "git-missing") return error;
    throw error;
  }
}

/** git does not always name the repository in its errors. */
function lostAt(epoch: Epoch, error: PatchsigError): LostMail {
  const { repository } = epoch;
  const { code, message, hint, cause } = error;
  const what = message.includes(repository) ? message : `${repository}: ${message}`;
  const options = hint === undefined ? { cause } : { hint, cause };
  return { place: repository, error: new PatchsigError(code, what, options), epoch };
}

/** The top of an inbox's tree: a mail or a deletion (v2), or folders of mails (v1). */
const INBOX_TOP = /^(?:[md]|[0-9a-f]{2})$/;

function noInbox({ repository }: Epoch): PatchsigError {
  return new PatchsigError("not-a-mail", `${repository} is a repository without mails`, {
    hint: "a public-inbox has a commit for each mail",
  });
}

async function* readEpoch(
  epoch: Epoch,
  range: readonly string[] | PatchsigError,
  dead: Map<string, number>,
): AsyncGenerator<InboxEntry[]> {
  if (range instanceof PatchsigError) throw range;
  if (range.length === 0) return;
  const { repository } = epoch;
  let blobs = new Blobs(placeOf(epoch), MAX_MESSAGE_BYTES);
  let restarts = 0;
  /** What git was asked for and has not given yet. */
  const asked: InboxChange[] = [];

  /** The next blob, or why there is none. */
  async function next(): Promise<Blob | string> {
    try {
      const blob = await blobs.take();
      if (blob === null && (await isPartial(epoch))) throw partial(epoch);
      return blob ?? "is not there";
    } catch (error) {
      // git ends at a blob that is damaged; those behind it are asked for again
      if (!(error instanceof PatchsigError) || ++restarts > MAX_RESTARTS) throw error;
      if (await isPartial(epoch)) throw partial(epoch);
      blobs.close();
      blobs = new Blobs(placeOf(epoch), MAX_MESSAGE_BYTES);
      blobs.ask(asked.map(({ blob }) => blob));
      return `cannot be read: ${error.message}`;
    }
  }

  async function* take(count: number): AsyncGenerator<InboxEntry[]> {
    let mails: InboxEntry[] = [];
    let held = 0;
    for (let left = count; left > 0; left--) {
      const { commit } = asked.shift()!;
      const place = `${repository}:${commit}`;
      const blob = await caught(next);
      if (blob instanceof PatchsigError) {
        yield mails;
        throw blob;
      }
      if (typeof blob === "string") {
        const error = new PatchsigError("unreadable", `${place}: the mail ${blob}`, {
          hint: "git fsck says what is wrong with that repository",
        });
        mails.push({ place, error, epoch });
        continue;
      }
      const { bytes, size } = blob;
      // a mail that was purged: its commit is left, and nothing in it
      if (size === 0) continue;
      mails.push({ place, bytes, size, epoch, commit });
      held += bytes?.length ?? 0;
      if (held < PORTION) continue;
      yield mails;
      [mails, held] = [[], 0];
    }
    yield mails;
  }

  try {
    for await (const some of changes(epoch, ["--reverse", ...range])) {
      const live = some.filter((change) => isLive(change, dead));
      for (let at = 0; at < live.length; at += AT_A_TIME) {
        const next = live.slice(at, at + AT_A_TIME);
        blobs.ask(next.map(({ blob }) => blob));
        // git looks for these while those before are dealt with
        const before = asked.length;
        asked.push(...next);
        if (before > 0) yield* take(before);
      }
    }
    if (asked.length > 0) yield* take(asked.length);
  } finally {
    blobs.close();
  }
}

const PARTIAL = "^(extensions\\.partialclone|remote\\..*\\.promisor)$";

async function isPartial(epoch: Epoch): Promise<boolean> {
  const options = { ...placeOf(epoch), purpose: "settings" } as const;
  return gitSucceeds(["config", "--get-regexp", PARTIAL], options);
}

function partial({ repository }: Epoch): PatchsigError {
  return new PatchsigError(
    "unreadable",
    `${repository} is a partial clone: some of its mails are not here`,
    {
      hint: "clone it without --filter",
    },
  );
}

/** Is this a mail that no later commit deletes or replaces? Updates the counts. */
function isLive({ key, ends, blob }: InboxChange, dead: Map<string, number>): boolean {
  const left = (dead.get(key) ?? 0) - (ends ? 1 : 0);
  if (left > 0) dead.set(key, left);
  else dead.delete(key);
  return blob !== "" && left <= 0;
}

/**
 * Arguments for `git log`; none if the repository is empty.
 *
 * @throws PatchsigError: git-failed with what git has against this repository (an owner, settings, damage);
 *   unreadable if git would wait there; not-a-mail if its files are not those of an inbox
 */
async function rangeOf(epoch: Epoch, { since, after }: InboxOptions): Promise<string[]> {
  refuseWaiting(epoch.repository);
  const options = placeOf(epoch);
  await git(["rev-parse", "--git-dir"], options);
  const head = await gitLines(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], options);
  if (head.length === 0) {
    const refs = await gitText(["for-each-ref", "--count=1"], options);
    if (refs === "") return [];
    throw new PatchsigError("unreadable", `${epoch.repository}: HEAD names no commit`, {
      hint: "git fsck",
    });
  }
  const top = (await gitText(["ls-tree", "--name-only", "-z", "HEAD"], options)).split("\0");
  if (!top.slice(0, -1).every((name) => INBOX_TOP.test(name))) throw noInbox(epoch);
  const last = after?.(epoch) ?? null;
  // of a history that was written anew, as after a purge, all is read again
  const known =
    last !== null && (await gitSucceeds(["merge-base", "--is-ancestor", last, "HEAD"], options));
  return [...(since === undefined ? [] : [`--since=${since}`]), known ? `${last}..HEAD` : "HEAD"];
}

/** What one commit did to one file. */
interface InboxChange {
  readonly commit: string;
  /** The mail that came; "" if none did. */
  readonly blob: string;
  /** The keys that this ends: mails with one of them are deleted or replaced. */
  readonly key: string;
  readonly ends: boolean;
}

/**
 * How often each key is ended. In v2 a deletion names the mail's blob; in v1 it names the file,
 * which is also changed in place.
 */
async function countDeletions(
  epoch: Epoch,
  range: readonly string[],
  found: Map<string, number>,
): Promise<void> {
  if (range.length === 0) return;
  for await (const some of changes(epoch, range)) {
    for (const { key, ends } of some) if (ends) found.set(key, (found.get(key) ?? 0) + 1);
    if (found.size > MAX_DELETED)
      throw new PatchsigError(
        "too-large",
        `${epoch.repository}: more deletions than patchsig reads`,
      );
  }
}

const COMMIT = /^[0-9a-f]{40,64}$/;
const V1_PATH = /^[0-9a-f]{2}\/[0-9a-f]{38}$/;
const RAW = /^:\d{6} \d{6} [0-9a-f]{40,64} ([0-9a-f]{40,64}) ([AMDT])\t(.+)$/s;

/** Whatever the user's settings are. */
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
async function* changes(epoch: Epoch, range: readonly string[]): AsyncGenerator<InboxChange[]> {
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
  const [, blob, status, path] = RAW.exec(line) ?? [];
  if (blob === undefined || path === undefined) return [];
  const gone = status === "D";
  // every commit of v2 removes the file of the one before from the tree
  if (path === "m") return gone ? [] : [{ commit, blob, key: blob, ends: false }];
  if (path === "d") return gone ? [] : [{ commit, blob: "", key: blob, ends: true }];
  if (!V1_PATH.test(path)) return [];
  return [{ commit, blob: gone ? "" : blob, key: path, ends: status !== "A" }];
}

/** The lines that git writes, as they come. */
async function* linesOf(args: readonly string[], place: StartOptions): AsyncGenerator<string[]> {
  const child = spawnGit(args, place);
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(0, 4000)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new PatchsigError("git-missing", "cannot start git", { cause })),
    );
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
