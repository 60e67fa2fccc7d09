/**
 * Brings an epoch of a followed feed here, as little of it as the server can give. Fetched is into a ref of our
 * own; readers see nothing of it until `accept` moves the branch. If it is cut off, what came stays, and the next
 * fetch goes on from there.
 */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import type { ServerAbilities } from "../feed/capabilities.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes, type InboxChange } from "./inbox-log.ts";
import { folderSize } from "./feed-write.ts";
import { patientSettings } from "./feed-probe.ts";
import { git, gitLines, gitSucceeds } from "./run.ts";
import { transfer } from "./transfer.ts";

const INCOMING = "refs/patchsig/incoming";
const BRANCH = "refs/heads/master";

/** How to fetch. */
export interface FetchWishes {
  readonly address: string;
  readonly abilities: ServerAbilities;
  /** In git's words; null for all. */
  readonly since: string | null;
  readonly headersOnly: boolean;
  /** Older mails, too, that are not here. */
  readonly refill?: boolean;
  /** What has no room is left out; else that is an error. */
  readonly mayLeave: boolean;
  /** Bytes that the epoch may have on disk. */
  readonly maxBytes: number;
  /** How long a web server may say nothing, in seconds. Others work on an answer in silence: ten times as long. */
  readonly patience: number;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

/** Names of mails to ask for in one command. */
const BLOBS_AT_A_TIME = 2000;
/** How often the size of what comes is looked at. */
const WATCH_MS = 200;
/** For each second of patience with a web server. */
const SILENCE_MS = 10_000;

/** What was fetched. */
export interface FetchedEpoch {
  /** The newest commit of the server. */
  readonly head: string;
  /** What the branch was at before; null if nothing was here. */
  readonly old: string | null;
  /** The new history goes on from there. */
  readonly goesOn: boolean;
  /** Mails that are here and come after all that the server has; 0 if its history is another one, too. */
  readonly ahead: number;
  /** New mails that are not here, because there was no room for them. */
  readonly left: number;
}

/** The newest commits: of the branch, and of what was fetched; null for what is not there. */
async function tipsOf(epoch: Epoch): Promise<{ old: string | null; head: string | null }> {
  const listed = ["for-each-ref", "--format=%(objectname) %(refname)", BRANCH, INCOMING];
  const lines = await gitLines(listed, placeOf(epoch));
  const of = (ref: string): string | null =>
    lines.find((line) => line.endsWith(` ${ref}`))?.split(" ", 1)[0] ?? null;
  return { old: of(BRANCH), head: of(INCOMING) };
}

/**
 * Fetches what is new.
 *
 * @returns null if the server has no commit
 * @throws PatchsigError "git-failed"; "too-large" if it would have more than `maxBytes`
 */
export async function fetchEpoch(epoch: Epoch, wishes: FetchWishes): Promise<FetchedEpoch | null> {
  const { address, abilities, headersOnly } = wishes;
  const { old } = await tipsOf(epoch);
  await fetchCommits(epoch, wishes, old === null);
  const { head } = await tipsOf(epoch);
  if (head === null) return null;
  const refill = wishes.refill === true;
  if (head === old && !refill) return { head, old, goesOn: true, ahead: 0, left: 0 };
  await refuseOther(epoch, address);
  const wantsMails = abilities.filter && !headersOnly;
  const left = wantsMails ? await fetchBlobs(epoch, wishes, refill ? null : old) : 0;
  const goesOn = old === null || (await isBefore(epoch, old, head));
  return { head, old, goesOn, ahead: goesOn ? 0 : await mailsAhead(epoch), left };
}

function isBefore(epoch: Epoch, commit: string, later: string): Promise<boolean> {
  return gitSucceeds(["merge-base", "--is-ancestor", commit, later], placeOf(epoch));
}

/** And, from servers that cannot leave them out, the mails. */
async function fetchCommits(epoch: Epoch, wishes: FetchWishes, first: boolean): Promise<void> {
  const { abilities, since } = wishes;
  const sparse = abilities.filter ? ["--filter=blob:none"] : [];
  const refspec = `+HEAD:${INCOMING}`;
  const cut = first && abilities.shallow && since !== null ? [`--shallow-since=${since}`] : [];
  const fetch = (more: readonly string[], settings: readonly string[] = []): Promise<void> =>
    watched(epoch, wishes, [...sparse, ...more, "--", "origin", refspec], settings);
  try {
    await fetch(cut);
  } catch (error) {
    // its objects are gone again
    if (isTooLarge(error)) await dropIncoming(epoch);
    if (isDifferenceToDropped(error)) await fetch([], NOTHING_HERE);
    // it has nothing since then: the newest one shows at least that
    else if (cut.length > 0 && isEmptyCut(error)) await fetch(["--depth=1"]);
    else throw error;
  }
}

/** The server is told of no commit that is here, and sends everything. */
const NOTHING_HERE = ["fetch.negotiationAlgorithm=noop"];

/** The server sent the difference to a mail that was dropped (feed-evict.ts): its history forked there. */
function isDifferenceToDropped(error: unknown): boolean {
  return error instanceof PatchsigError && /unresolved delta/.test(error.message);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof PatchsigError && error.code === "too-large";
}

function isEmptyCut(error: unknown): boolean {
  return (
    error instanceof PatchsigError && /no commits selected|shallow|expected/.test(error.message)
  );
}

/** A feed's newest commit has one file: a mail, or what deletes one. */
async function refuseOther(epoch: Epoch, address: string): Promise<void> {
  const top = await gitLines(["ls-tree", INCOMING], placeOf(epoch));
  if (top.length === 1 && /^100644 blob [0-9a-f]+\t[md]$/.test(top[0]!)) return;
  await dropIncoming(epoch);
  throw new PatchsigError("not-a-mail", `${address} is a repository, but no feed`, {
    hint: "an inbox of public-inbox, version 2, has a commit with one file for each mail",
  });
}

/** The mails that the new commits name, the newest first. @returns how many had no room */
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
      // nobody knows how large mails are: fewer of them may have room
      if (some.length === 1) return missing.length - at;
      size = Math.max(1, Math.floor(some.length / 8));
    }
  }
  return 0;
}

/** Of the new commits' mails: those that are not here, the newest first. */
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

/** Stops what grows beyond the limit, whatever the server announced. */
async function watched(
  epoch: Epoch,
  { maxBytes, address, abilities, patience, onProgress }: FetchWishes,
  args: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const objects = join(epoch.repository, "objects");
  const before = new Set(packsIn(objects));
  const controller = new AbortController();
  const tooLarge = new PatchsigError("too-large", `${address} is larger than --max allows`, {
    hint: "--since or --headers-only bring less; --max SIZE allows more",
  });
  let [size, heard] = [0, Date.now()];
  const check = (): void => {
    const now = folderSize(objects);
    if (now !== size) [size, heard] = [now, Date.now()];
    if (size > maxBytes) controller.abort(tooLarge);
    else if (Date.now() - heard > patience * SILENCE_MS)
      controller.abort(new PatchsigError("unreadable", `${address} has fallen silent`));
  };
  const timer = setInterval(check, WATCH_MS);
  // only while it fetches is this a partial clone: to readers, what is not here is missing
  const partial = abilities.filter
    ? ["remote.origin.promisor=true", "remote.origin.partialclonefilter=blob:none"]
    : [];
  try {
    check();
    await transfer(epoch.repository, args, {
      onProgress: (...words) => {
        heard = Date.now();
        onProgress?.(...words);
      },
      signal: controller.signal,
      settings: [
        `remote.origin.url=${address}`,
        "fetch.unpackLimit=1",
        // for servers alone; newer gits write one, 4 bytes an object
        "pack.writeReverseIndex=false",
        ...patientSettings(patience),
        ...partial,
        ...more,
      ],
    });
    check();
    controller.signal.throwIfAborted();
  } catch (error) {
    // it may have come to its end before anybody looked
    if (error === tooLarge) removePacks(objects, before);
    throw error;
  } finally {
    clearInterval(timer);
    removeDrafts(join(objects, "pack"));
  }
}

function packsIn(objects: string): string[] {
  const folder = join(objects, "pack");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("pack-")) : [];
}

/** Those that came now. No ref leads to what is in them. */
function removePacks(objects: string, before: ReadonlySet<string>): void {
  for (const name of packsIn(objects))
    if (!before.has(name)) rmSync(join(objects, "pack", name), { force: true });
}

/** What an aborted fetch left. The caller's lock keeps others out. */
function removeDrafts(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder))
    if (name.startsWith("tmp_")) rmSync(join(folder, name), { force: true });
}

/** Mails that are here and come after all that was fetched; 0 unless what was fetched is a part of what is here. */
async function mailsAhead(epoch: Epoch): Promise<number> {
  if (!(await isBefore(epoch, INCOMING, BRANCH))) return 0;
  const args = ["rev-list", "--count", "--first-parent", BRANCH, `^${INCOMING}`];
  return Number((await gitLines(args, placeOf(epoch)))[0]);
}

/** As if nothing had been fetched. */
export async function dropIncoming(epoch: Epoch): Promise<void> {
  await git(["update-ref", "-d", INCOMING], placeOf(epoch));
}

/**
 * Mails that were here and that the incoming history no longer has, the newest first; and the names of all that
 * it has.
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

/** Shows readers what was fetched; a history that it replaces is kept under its name. */
export async function acceptIncoming(
  epoch: Epoch,
  { head, old, goesOn }: FetchedEpoch,
): Promise<void> {
  const keep = goesOn ? "" : `update refs/patchsig/old/${old!} ${old!}\n`;
  const move = head === old ? "" : `update ${BRANCH} ${head}\n`;
  const input = `${keep}${move}delete ${INCOMING}\n`;
  await git(["update-ref", "--stdin"], { ...placeOf(epoch), input });
}
