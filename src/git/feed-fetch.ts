/**
 * Fetches an epoch of a followed feed, and no more of it than is wanted, if the server can leave things out. git
 * fetches into a ref of our own: readers see nothing new until `acceptIncoming` moves the branch. If a fetch is cut
 * off, what came stays, and the next one goes on from there.
 */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import type { ServerAbilities } from "../feed/capabilities.ts";
import type { FeedPatience } from "../feed/patience.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes, type InboxChange } from "./inbox-log.ts";
import { FetchWatch } from "./fetch-watch.ts";
import { webSettings } from "./feed-probe.ts";
import { removeDrafts } from "./feed-write.ts";
import { git, gitLines, gitSucceeds } from "./run.ts";
import { transfer } from "./transfer.ts";

const INCOMING = "refs/patchsig/incoming";
const BRANCH = "refs/heads/master";

/** What to fetch, and within which limits. */
export interface FetchWishes {
  readonly address: string;
  readonly abilities: ServerAbilities;
  /** Only commits since then, in seconds since the epoch; null for all. */
  readonly since: number | null;
  /** Only commits, without the mails. */
  readonly headersOnly: boolean;
  /** Fetch older mails too that are not here. */
  readonly refill?: boolean;
  /** Leave out mails for which there is no room; if false, that is an error. */
  readonly mayLeave: boolean;
  /** Bytes that the epoch may have on disk. */
  readonly maxBytes: number;
  /**
   * How long to wait for the server. A git server may prepare packs in silence: only its speed in the long run
   * counts.
   */
  readonly patience: FeedPatience;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

/** Mails to ask for in one command. */
const BLOBS_AT_A_TIME = 2000;
/** What was fetched. */
export interface FetchedEpoch {
  /** The server's newest commit. */
  readonly head: string;
  /** The newest commit here before; null if there was none. */
  readonly old: string | null;
  /** `head` descends from `old`; false if the history was rewritten, or the server has less. */
  readonly goesOn: boolean;
  /** If the server merely has less: how many mails are here that come after its newest one. Else 0. */
  readonly ahead: number;
  /** How many new mails were left out, because there was no room. */
  readonly left: number;
}

/** The newest commits of the branch and of the incoming ref; null for a ref that does not exist. */
async function tipsOf(epoch: Epoch): Promise<{ old: string | null; head: string | null }> {
  const listed = ["for-each-ref", "--format=%(objectname) %(refname)", BRANCH, INCOMING];
  const lines = await gitLines(listed, placeOf(epoch));
  const of = (ref: string): string | null =>
    lines.find((line) => line.endsWith(` ${ref}`))?.split(" ", 1)[0] ?? null;
  return { old: of(BRANCH), head: of(INCOMING) };
}

/**
 * Fetches what is new in an epoch.
 *
 * @returns null if the server has no commit
 * @throws PatchsigError "git-failed"; "too-large" if the epoch would exceed `maxBytes`; "unreadable" if the server
 *   sends nothing for too long; "not-a-mail" if the repository is not a public-inbox
 */
export async function fetchEpoch(epoch: Epoch, wishes: FetchWishes): Promise<FetchedEpoch | null> {
  const { address, abilities, headersOnly } = wishes;
  const { old, head: begun } = await tipsOf(epoch);
  const refill = wishes.refill === true;
  const mailsApart = abilities.filter && !headersOnly;
  // what is new since the last time is mostly little
  const isWhole =
    mailsApart && old !== null && begun === null && !refill && (await fetchWhole(epoch, wishes));
  if (!isWhole) await fetchCommits(epoch, wishes, old === null);
  const { head } = await tipsOf(epoch);
  if (head === null) return null;
  if (head === old && !refill) return { head, old, goesOn: true, ahead: 0, left: 0 };
  await refuseOther(epoch, address);
  const isPart = mailsApart && !isWhole;
  const left = isPart ? await fetchBlobs(epoch, wishes, refill ? null : old) : 0;
  const goesOn = old === null || (await isBefore(epoch, old, head));
  return { head, old, goesOn, ahead: goesOn ? 0 : await mailsAhead(epoch), left };
}

function isBefore(epoch: Epoch, commit: string, later: string): Promise<boolean> {
  return gitSucceeds(["merge-base", "--is-ancestor", commit, later], placeOf(epoch));
}

/**
 * Fetches commits and mails at once: a server takes several times as long to give mails by their names.
 *
 * @returns false if that has failed, and the mails may come apart: then what came before a cut stays, and so does what
 *   there is room for
 */
async function fetchWhole(epoch: Epoch, wishes: FetchWishes): Promise<boolean> {
  const abilities = { ...wishes.abilities, filter: false };
  try {
    await fetchTip(epoch, { ...wishes, abilities }, []);
    return true;
  } catch (error) {
    await dropIncoming(epoch);
    const mayGoOn = isTooLarge(error) ? wishes.mayLeave : isGitFailure(error);
    if (!mayGoOn) throw error;
    return false;
  }
}

/** Fetches commits; from servers that cannot leave out blobs, the mails come with them. */
async function fetchCommits(epoch: Epoch, wishes: FetchWishes, first: boolean): Promise<void> {
  const { abilities, since, refill } = wishes;
  const sparse = abilities.filter ? ["--filter=blob:none"] : [];
  const isCut = first || (refill === true && (await beginsAfter(epoch, since ?? 0)));
  const cut = isCut && abilities.shallow && since !== null ? [shallowSince(since)] : [];
  const fetch = (more: readonly string[], settings: readonly string[] = []): Promise<void> =>
    fetchTip(epoch, wishes, [...sparse, ...more], settings);
  try {
    await fetch(cut);
  } catch (error) {
    // its objects were removed: the ref must not name them
    if (isTooLarge(error)) await dropIncoming(epoch);
    if (isDifferenceToDropped(error)) await fetch([], NOTHING_HERE);
    // nothing is newer than `since`: take the newest commit alone
    else if (cut.length > 0 && isEmptyCut(error)) await fetch(first ? ["--depth=1"] : []);
    else throw error;
  }
}

/**
 * Fetches HEAD. It may name a branch that is not there: `git init --bare` and pushing a feed do not make them agree. So the
 * branch of a public-inbox is next. If there is neither, the repository is empty, and nothing is fetched.
 */
async function fetchTip(
  epoch: Epoch,
  wishes: FetchWishes,
  args: readonly string[],
  settings: readonly string[] = [],
): Promise<void> {
  for (const tip of ["HEAD", BRANCH])
    try {
      return await watched(
        epoch,
        wishes,
        [...args, "--", "origin", `+${tip}:${INCOMING}`],
        settings,
      );
    } catch (error) {
      if (!isNoRef(error)) throw error;
    }
}

function isNoRef(error: unknown): boolean {
  return error instanceof PatchsigError && /couldn't find remote ref/.test(error.message);
}

/** @param since seconds since the epoch; servers refuse 0 */
function shallowSince(since: number): string {
  const time = new Date(1000 * Math.max(1, since)).toISOString();
  return `--shallow-since=${time.replace(/\.\d+/, "")}`;
}

/**
 * Whether the history here was cut at a later time than `since`, so that a fetch has to extend it. If it reaches back
 * further, it must not be asked for again: that would cut it at `since`.
 */
async function beginsAfter(epoch: Epoch, since: number): Promise<boolean> {
  if (!existsSync(join(epoch.repository, "shallow"))) return false;
  const args = ["log", "-1", "--first-parent", "--max-parents=0", "--format=%ct", BRANCH];
  const [oldest] = await gitLines(args, placeOf(epoch));
  return oldest !== undefined && Number(oldest) > since;
}

/** git then tells the server of no commit that is here, so the server sends everything, without deltas against it. */
const NOTHING_HERE = ["fetch.negotiationAlgorithm=noop"];

/** The server sent a delta against a mail that was dropped here (feed-evict.ts), where its history forked. */
function isDifferenceToDropped(error: unknown): boolean {
  return error instanceof PatchsigError && /unresolved delta/.test(error.message);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof PatchsigError && error.code === "too-large";
}

function isGitFailure(error: unknown): boolean {
  return error instanceof PatchsigError && error.code === "git-failed";
}

function isEmptyCut(error: unknown): boolean {
  return (
    error instanceof PatchsigError && /no commits selected|shallow|expected/.test(error.message)
  );
}

/**
 * Refuses a repository that is not a feed: the newest commit of one has a single file, `m` (a mail) or `d` (a
 * deletion).
 */
async function refuseOther(epoch: Epoch, address: string): Promise<void> {
  const top = await gitLines(["ls-tree", INCOMING], placeOf(epoch));
  if (top.length === 1 && /^100644 blob [0-9a-f]+\t[md]$/.test(top[0]!)) return;
  await dropIncoming(epoch);
  throw new PatchsigError("not-a-mail", `${address} is a git repository, but not a feed`, {
    hint: "a public-inbox (v2) has a commit with a single file for each mail",
  });
}

/** Fetches the mails of the new commits, the newest first. @returns for how many there was no room */
async function fetchBlobs(epoch: Epoch, wishes: FetchWishes, old: string | null): Promise<number> {
  const missing = await missingBlobs(epoch, old);
  let size = BLOBS_AT_A_TIME;
  for (let at = 0; at < missing.length;) {
    const some = missing.slice(at, at + size);
    const args = ["--filter=blob:none", "--", "origin", ...some];
    try {
      await watched(epoch, wishes, args, NOTHING_HERE);
      at += some.length;
    } catch (error) {
      if (!isTooLarge(error) || !wishes.mayLeave) throw error;
      // the sizes are not known beforehand: there may be room for fewer mails
      if (some.length === 1) return missing.length - at;
      size = Math.max(1, Math.floor(some.length / 8));
    }
  }
  return 0;
}

/** The mails of the new commits that are not here, the newest first. */
async function missingBlobs(epoch: Epoch, old: string | null): Promise<string[]> {
  const place = placeOf(epoch);
  const range = [INCOMING, ...(old === null ? [] : [`^${old}`])];
  const listed = ["rev-list", "--objects", "--missing=print", "--no-object-names", ...range];
  const missing = new Set(
    (await gitLines(listed, place))
      .filter((line) => line.startsWith("?"))
      .map((line) => line.slice(1)),
  );
  if (missing.size === 0) return [];
  const wanted: string[] = [];
  for await (const some of changes(epoch, range))
    for (const { blob } of some) if (missing.delete(blob)) wanted.push(blob);
  return wanted;
}

/**
 * Runs `git fetch`, and stops it when the epoch exceeds its limit, or grows too slowly. What a server says about its
 * progress does not count: it could go on saying that forever.
 */
async function watched(
  epoch: Epoch,
  wishes: FetchWishes,
  args: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const { address, abilities, patience } = wishes;
  const objects = join(epoch.repository, "objects");
  const before = new Set(packsIn(objects));
  const watch = new FetchWatch(objects, wishes);
  // a partial clone only while it fetches: readers must find a mail missing, and not fetch it
  const partial = abilities.filter
    ? ["remote.origin.promisor=true", "remote.origin.partialclonefilter=blob:none"]
    : [];
  try {
    watch.check();
    await transfer(epoch.repository, args, {
      onProgress: (stage, done, total) => watch.onProgress(stage, done, total),
      onSaid: (bytes) => watch.onSaid(bytes),
      signal: watch.signal,
      settings: [
        `remote.origin.url=${address}`,
        "fetch.unpackLimit=1",
        // only servers use it; newer gits write it by default, 4 bytes an object
        "pack.writeReverseIndex=false",
        ...webSettings(patience),
        ...partial,
        ...more,
      ],
    });
    watch.check();
    watch.signal.throwIfAborted();
  } catch (error) {
    // the fetch may have ended before anybody looked, with a complete pack
    if (isTooLarge(error)) removePacks(objects, before);
    throw error;
  } finally {
    watch.end();
    removeDrafts(epoch);
  }
}

function packsIn(objects: string): string[] {
  const folder = join(objects, "pack");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("pack-")) : [];
}

/** Removes the packs that have come since. No ref leads to their objects. */
function removePacks(objects: string, before: ReadonlySet<string>): void {
  for (const name of packsIn(objects))
    if (!before.has(name)) rmSync(join(objects, "pack", name), { force: true });
}

/** How many mails come after the incoming commit; 0 unless the branch contains that commit. */
async function mailsAhead(epoch: Epoch): Promise<number> {
  if (!(await isBefore(epoch, INCOMING, BRANCH))) return 0;
  const args = ["rev-list", "--count", "--first-parent", BRANCH, `^${INCOMING}`];
  return Number((await gitLines(args, placeOf(epoch)))[0]);
}

/** Deletes the incoming ref, as if nothing had been fetched. */
export async function dropIncoming(epoch: Epoch): Promise<void> {
  await git(["update-ref", "-d", INCOMING], { ...placeOf(epoch), purpose: "write" });
}

/**
 * Compares the branch with the incoming history.
 *
 * @returns `gone`: mails that only the branch has, the newest first; `now`: names of all blobs in the incoming history
 */
export async function vanished(
  epoch: Epoch,
): Promise<{ readonly gone: InboxChange[]; readonly now: ReadonlySet<string> }> {
  const added = async (tip: string): Promise<InboxChange[]> => {
    const found: InboxChange[] = [];
    for await (const some of changes(epoch, [tip]))
      found.push(...some.filter(({ blob }) => blob !== ""));
    return found;
  };
  const now = new Set((await added(INCOMING)).map(({ blob }) => blob));
  return { gone: (await added(BRANCH)).filter(({ blob }) => !now.has(blob)), now };
}

/** Moves the branch to what was fetched. A history that this replaces is kept as refs/patchsig/old/COMMIT. */
export async function acceptIncoming(
  epoch: Epoch,
  { head, old, goesOn }: FetchedEpoch,
): Promise<void> {
  const keep = goesOn ? "" : `update refs/patchsig/old/${old!} ${old!}\n`;
  const move = head === old ? "" : `update ${BRANCH} ${head}\n`;
  const input = `${keep}${move}delete ${INCOMING}\n`;
  await git(["update-ref", "--stdin"], { ...placeOf(epoch), purpose: "write", input });
}
