/**
 * Mails in the git repositories of a public-inbox (public-inbox-v1-format(5), -v2-format(5)),
 * straight from its objects, oldest first. Two gits run for each epoch: one lists the commits, the
 * other gives the mails. Mails that were deleted later are not read.
 *
 *     v2, and an epoch of it: every commit has one file: `m` adds a mail, `d` deletes one
 *     v1: a file for each mail, `ab/cdef…` by the SHA-1 of its Message-ID
 */

import { PatchsigError } from "../errors.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes, countDeletions, type InboxChange } from "./inbox-log.ts";
import { caught, EpochMails, type InboxEntry, type LostMail, placeIn } from "./inbox-mails.ts";
import { git, gitLines, gitSucceeds, gitText } from "./run.ts";
import { refuseWaiting } from "./waiting.ts";

export interface InboxOptions {
  /** A time in git's syntax; skips commits before it. */
  readonly since?: string | undefined;
  /** The last commit already handled; null to read all. */
  readonly after?: (epoch: Epoch) => string | null;
}

/** Mails to ask git for at a time. */
const AT_A_TIME = 64;
/** What of an epoch is read: arguments for `git log`, none for nothing; or why it cannot be read. */
type EpochRange = readonly string[] | PatchsigError;

/** @throws PatchsigError "git-missing" */
export async function epochRanges(
  epochs: readonly Epoch[],
  options: InboxOptions,
): Promise<EpochRange[]> {
  const ranges: EpochRange[] = [];
  for (const epoch of epochs) ranges.push(await caught(() => rangeOf(epoch, options)));
  return ranges;
}

/** The number of commits that `readInbox` reads. */
export async function countCommits(
  epochs: readonly Epoch[],
  ranges: readonly EpochRange[],
): Promise<number> {
  let sum = 0;
  for (const [i, epoch] of epochs.entries()) {
    const range = ranges[i]!;
    if (range instanceof PatchsigError || range.length === 0) continue;
    const args = ["rev-list", "--count", "--first-parent", ...range, "--"];
    sum += Number(await gitText(args, placeOf(epoch)));
  }
  return sum;
}

/** Changes that are kept between two looks at them; for more, git lists them again. */
const MAX_HELD = 20_000;

/**
 * The mails of the epochs, streamed. If git cannot read an epoch to its end, the others are read
 * anyway.
 *
 * @param inPart mails that are not here are left out, not reported: a feed may be followed in parts
 * @throws PatchsigError: git-missing; not-a-mail if these are no mails' repositories
 */
export async function* readInbox(
  epochs: readonly Epoch[],
  ranges: readonly EpochRange[],
  inPart: boolean,
): AsyncGenerator<InboxEntry[]> {
  // a later epoch may delete a mail
  const dead = new Map<string, number>();
  const listed: (EpochList | PatchsigError)[] = [];
  let room = MAX_HELD;
  for (const [i, epoch] of epochs.entries()) {
    const range = ranges[i]!;
    const list = await caught(async () => {
      if (range instanceof PatchsigError) throw range;
      return listEpoch(epoch, range, dead, room);
    });
    listed.push(list);
    if (!(list instanceof PatchsigError)) room -= list.held?.length ?? 0;
  }
  let any = dead.size > 0 || listed.some((list) => list instanceof PatchsigError);
  for (const [i, epoch] of epochs.entries()) {
    const mails = readEpoch(epoch, listed[i]!, dead, inPart);
    try {
      for (;;) {
        const next = await caught(() => mails.next());
        if (next instanceof PatchsigError) yield [lostAt(epoch, next)];
        if (next instanceof PatchsigError || next.done === true) break;
        any = true;
        yield next.value;
      }
    } finally {
      // whoever stops reading before the end would leave git running, and with it the program
      await mails.return(undefined);
    }
  }
  if (!any && !inPart && ranges.join() === ranges.map(() => "HEAD").join())
    throw noInbox(epochs[0]!);
}

interface EpochList {
  readonly range: readonly string[];
  /** The newest first; null if there are too many. */
  readonly held: readonly InboxChange[] | null;
}

/** Counts what is deleted, and keeps what it saw if there is room. */
async function listEpoch(
  epoch: Epoch,
  range: readonly string[],
  dead: Map<string, number>,
  room: number,
): Promise<EpochList> {
  let held: InboxChange[] | null = [];
  if (range.length > 0)
    for await (const some of changes(epoch, range)) {
      countDeletions(epoch, some, dead);
      if (held !== null && held.length + some.length <= room) held.push(...some);
      else held = null;
    }
  return { range, held };
}

/** Of an epoch's changes, the oldest first. */
async function* oldestFirst(
  epoch: Epoch,
  { range, held }: EpochList,
): AsyncGenerator<readonly InboxChange[]> {
  if (held === null) yield* changes(epoch, ["--reverse", ...range]);
  else yield held.toReversed();
}

/** git does not always name the repository in its errors. */
function lostAt(epoch: Epoch, error: PatchsigError): LostMail {
  const { repository } = epoch;
  const { code, message, hint, cause } = error;
  const what = message.includes(repository) ? message : `${repository}: ${message}`;
  const options = hint === undefined ? { cause } : { hint, cause };
  return { place: repository, error: new PatchsigError(code, what, options), epoch, change: null };
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
  list: EpochList | PatchsigError,
  dead: Map<string, number>,
  inPart: boolean,
): AsyncGenerator<InboxEntry[]> {
  if (list instanceof PatchsigError) throw list;
  if (list.range.length === 0) return;
  const mails = new EpochMails(epoch, inPart);
  try {
    for await (const some of oldestFirst(epoch, list)) {
      const live = some.filter((change) => isLive(change, dead));
      for (let at = 0; at < live.length; at += AT_A_TIME) {
        const before = mails.asked;
        mails.ask(live.slice(at, at + AT_A_TIME));
        // git looks these up while the ones before are processed
        if (before > 0) yield* mails.take(before);
      }
    }
    if (mails.asked > 0) yield* mails.take(mails.asked);
  } finally {
    mails.close();
  }
}

/**
 * The places of all mails that nothing later deletes or replaces.
 *
 * @throws PatchsigError "git-failed"
 */
export async function livePlaces(epochs: readonly Epoch[]): Promise<Set<string>> {
  const dead = new Map<string, number>();
  for (const epoch of epochs)
    for await (const some of changes(epoch, ["HEAD"])) countDeletions(epoch, some, dead);
  const live = new Set<string>();
  for (const epoch of epochs)
    for await (const some of changes(epoch, ["--reverse", "HEAD"]))
      for (const change of some) if (isLive(change, dead)) live.add(placeIn(epoch, change.commit));
  return live;
}

/**
 * Which of these places of an inbox of version 2 have no mail: it was dropped, or never came.
 *
 * @throws PatchsigError "git-failed"
 */
export async function emptyPlaces(
  epochs: readonly Epoch[],
  places: readonly string[],
): Promise<Set<string>> {
  const empty = new Set<string>();
  for (const epoch of epochs) {
    const here = places.filter((place) => place.startsWith(placeIn(epoch, "")));
    if (here.length === 0) continue;
    const input = here.map((place) => `${place.slice(place.lastIndexOf(":") + 1)}:m\n`).join("");
    const lines = await gitText(["cat-file", "--batch-check"], { ...placeOf(epoch), input });
    for (const [i, line] of lines.split("\n").entries())
      if (line.endsWith(" missing")) empty.add(here[i]!);
  }
  return empty;
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
 * @throws PatchsigError: git-failed if git refuses this repository (its owner, settings, damage);
 *   unreadable if git would block there; not-a-mail if its files are not those of an inbox
 */
async function rangeOf(epoch: Epoch, { since, after }: InboxOptions): Promise<string[]> {
  refuseWaiting(epoch.repository);
  const options = placeOf(epoch);
  const last = after?.(epoch) ?? null;
  const named = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
  const [head] = await gitLines(named, options);
  if (head === undefined) {
    // does git read this repository at all?
    await git(["rev-parse", "--git-dir"], options);
    const refs = await gitText(["for-each-ref", "--count=1"], options);
    if (refs === "") return [];
    throw new PatchsigError("unreadable", `${epoch.repository}: HEAD names no commit`, {
      hint: "git fsck",
    });
  }
  if (head === last) return [];
  const from = since === undefined ? [] : [`--since=${since}`];
  const goesOn = ["merge-base", "--is-ancestor", last ?? "", head];
  if (last !== null && (await gitSucceeds(goesOn, options))) return [...from, `${last}..HEAD`];
  // never read, or its history was rewritten, as by a purge: all of it
  const top = (await gitText(["ls-tree", "--name-only", "-z", "HEAD"], options)).split("\0");
  if (!top.slice(0, -1).every((name) => INBOX_TOP.test(name))) throw noInbox(epoch);
  return [...from, "HEAD"];
}
