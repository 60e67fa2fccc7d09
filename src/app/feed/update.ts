/** Brings a followed feed up to date, and notices if its history was rewritten. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { feedMail } from "../../feed/commit.ts";
import type { SignedDescription } from "../../feed/description.ts";
import type { FeedUpdate, FollowedFeed, WithdrawnMail } from "../../feed/followed.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { eachBlob } from "../../git/blobs.ts";
import { type Epoch, epochsOf, placeOf } from "../../git/epochs.ts";
import { acceptIncoming, dropIncoming, fetchEpoch, vanished } from "../../git/feed-fetch.ts";
import { epochNumber, folderSize, makeEpoch } from "../../git/feed-write.ts";
import type { InboxChange } from "../../git/inbox-log.ts";
import { git } from "../../git/run.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { DAY } from "../../primitives/time.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { contradictions, descriptionsAmong, ownDescriptions } from "./checkpoints.ts";
import { patience } from "./http.ts";
import { isRecord } from "./records.ts";
import { rememberFeed, withOtherMails } from "./followed.ts";
import { updateByQuery } from "./query.ts";
import { makeRoom } from "./room.ts";
import { sinceTime } from "./since.ts";
import { whileFollowed, withFollowed } from "./with-followed.ts";
import {
  epochAddress,
  offeredEpochs,
  type OfferedEpoch,
  repositoryAt,
  whereItIs,
} from "./locate.ts";

/** Seconds for which a server may have less than before without alarm: it may be a mirror that lags. */
const LAG = 2 * DAY;

/**
 * Updates a followed feed, under its lock. The state is stored after each epoch, so a run that was cut off goes on
 * where it was.
 *
 * @param refill true to fetch older mails too that are not here
 * @throws PatchsigError as `fetchEpoch`, `offeredEpochs` and `updateByQuery`
 */
export async function updateFeed(
  asked: FollowedFeed,
  reporter: Reporter,
  refill = false,
): Promise<FeedUpdate> {
  const { name, query } = asked;
  if (query !== null) return whileFollowed(name, () => updateByQuery(asked, reporter));
  // its state now: another run may have changed it before we got the lock
  return withFollowed(name, reporter.say, async (feed, folder) => {
    const state: State = {
      feed,
      refill,
      changed: new Map(),
      withdrawn: [],
      contradictions: [],
      left: 0,
      dropped: 0,
      behind: 0,
    };
    const known = Object.keys(feed.heads).map(Number);
    if (known.length > 0) await dropOldest(state, folder, false);
    const offered = await offeredEpochs(feed.url, feed.layout!, known);
    // the newest first: if there is no room, older mails are left out
    const gone = new Map<number, unknown>();
    for (const one of offered.toReversed()) {
      if (isUnchanged(state, one)) continue;
      if (isTooOld(state.feed, one, offered)) break;
      try {
        const work = (mayLeave: boolean): Promise<void> =>
          updateEpoch(state, one, folder, reporter, mayLeave);
        await (isNew(state, known, one) ? withRoom(state, folder, work) : work(true));
      } catch (error) {
        if (!(await isGone(error, feed, one.epoch))) throw error;
        gone.set(one.epoch, error);
        if (!known.includes(one.epoch))
          reporter.say(`note: epoch ${one.epoch} of ${name} is named there, but is not there yet`);
      }
    }
    // if every epoch is gone, it is rather the server that is
    const isLost = ({ epoch, fingerprint }: OfferedEpoch): boolean =>
      gone.has(epoch) && (fingerprint === null || !known.includes(epoch));
    if (offered.every(isLost)) for (const error of gone.values()) throw error;
    const isOffered = (epoch: number): boolean => offered.some((one) => one.epoch === epoch);
    const withheld = known.filter((epoch) => gone.has(epoch) || !isOffered(epoch));
    await checkDescriptions(state, epochsOf(folder) ?? []);
    if (refill) state.feed = withOtherMails(state.feed);
    state.feed = { ...state.feed, updated: now() };
    rememberFeed(state.feed);
    return { ...state, changed: [...state.changed.keys()], withheld };
  });
}

/** Fetches all; if there is no room, drops the oldest mails, and fetches what then fits. */
async function withRoom(
  state: State,
  folder: string,
  work: (mayLeave: boolean) => Promise<void>,
): Promise<void> {
  try {
    await work(false);
  } catch (error) {
    if (!(error instanceof PatchsigError) || error.code !== "too-large") throw error;
    await dropOldest(state, folder, true);
    await work(true);
  }
}

async function dropOldest(state: State, folder: string, isShort: boolean): Promise<void> {
  const dropped = await makeRoom(folder, state.feed.max, isShort);
  if (dropped === 0) return;
  state.dropped += dropped;
  state.feed = withOtherMails(state.feed);
  rememberFeed(state.feed);
}

/** Whether a fetch failed because the epoch is not there (any more) or empty, even if a manifest names it. */
async function isGone(
  error: unknown,
  { url, layout }: FollowedFeed,
  epoch: number,
): Promise<boolean> {
  if (!(error instanceof PatchsigError) || error.code !== "git-failed") return false;
  const found = await repositoryAt(epochAddress(url, layout!, epoch));
  return found === null || found.head === null;
}

interface State {
  feed: FollowedFeed;
  /** Fetch older mails too that are not here. */
  readonly refill: boolean;
  /** For each epoch with new commits, the newest one before; null if the history was rewritten, or nothing was here. */
  readonly changed: Map<number, string | null>;
  readonly withdrawn: WithdrawnMail[];
  readonly contradictions: string[];
  left: number;
  dropped: number;
  behind: number;
}

function isUnchanged({ feed, refill }: State, { epoch, fingerprint }: OfferedEpoch): boolean {
  return !refill && fingerprint !== null && feed.fingerprints[epoch] === fingerprint;
}

/** Whether an epoch has new mails, for which older ones are dropped; not for older mails that are fetched late. */
function isNew({ refill }: State, known: readonly number[], { epoch }: OfferedEpoch): boolean {
  return !refill && known.length > 0 && epoch >= Math.max(...known);
}

/** A server that cannot cut history sends whole epochs: those from before `since` are not fetched. */
function isTooOld(
  { since, abilities, heads }: FollowedFeed,
  { epoch, modified }: OfferedEpoch,
  offered: readonly OfferedEpoch[],
): boolean {
  if (since === null || abilities?.shallow === true || heads[epoch] !== undefined) return false;
  if (epoch === offered.at(-1)!.epoch) return false;
  // without a manifest, `modified` is 0: only the newest epoch is fetched
  return modified < (sinceTime(since, now()) ?? 0);
}

async function updateEpoch(
  state: State,
  { epoch: number, fingerprint }: OfferedEpoch,
  folder: string,
  { progress }: Reporter,
  mayLeave: boolean,
): Promise<void> {
  const { feed } = state;
  const address = epochAddress(feed.url, feed.layout!, number);
  const epoch = await epochHere(folder, number, feed.abilities!.sha256);
  const began = Date.now();
  const wishes = {
    abilities: feed.abilities!,
    since: feed.since === null ? null : sinceTime(feed.since, now()),
    headersOnly: feed.headersOnly,
    refill: state.refill,
    mayLeave,
    // the room that the other epochs leave
    maxBytes: feed.max - (folderSize(join(folder, "git")) - folderSize(epoch.repository)),
    patience: patience(),
    onProgress:
      progress === null
        ? undefined
        : (stage: string, done: number, total: number) =>
            progress(`${feed.name}: ${stage}`, done, total, began),
  };
  const fetched = await whereItIs(address, (place) =>
    fetchEpoch(epoch, { ...wishes, address: place }),
  );
  if (fetched === null) {
    if (feed.heads[number] === undefined) return;
    throw new PatchsigError("git-failed", `${address} is empty, and was not before`);
  }
  const { head } = fetched;
  state.left += fetched.left;
  if (await lags(state, epoch, number, fetched.ahead)) return;
  const wasOther = feed.withdrawn.some((one) => one.epoch === number);
  if (!fetched.goesOn || (wasOther && feed.heads[number] !== head)) {
    const { gone, now } = await vanished(epoch);
    const mails = await withdrawnMails(epoch, number, gone);
    state.withdrawn.push(...mails);
    // mails that are there again are not withdrawn
    const before = feed.withdrawn.filter((one) => one.epoch !== number || !now.has(one.blob));
    state.feed = { ...feed, withdrawn: remembered([...before, ...mails]) };
    // stored before the branch moves: a run that is killed in between must not forget them
    rememberFeed(state.feed);
  }
  const last = fetched.goesOn ? (feed.heads[number] ?? null) : null;
  if (feed.heads[number] !== head) state.changed.set(number, last);
  await acceptIncoming(epoch, fetched);
  const heads = { ...feed.heads, [number]: head };
  const { [number]: _, ...behind } = feed.behind;
  const fingerprints = { ...feed.fingerprints };
  if (fingerprint !== null) fingerprints[number] = fingerprint;
  state.feed = { ...state.feed, heads, fingerprints, behind };
  rememberFeed(state.feed);
}

/** True if the server merely has less of an epoch than before, and not for too long yet: then what is here stays. */
async function lags(state: State, epoch: Epoch, number: number, ahead: number): Promise<boolean> {
  const since = state.feed.behind[number] ?? now();
  if (ahead === 0 || now() - since >= LAG) return false;
  await dropIncoming(epoch);
  state.behind += ahead;
  state.feed = { ...state.feed, behind: { ...state.feed.behind, [number]: since } };
  rememberFeed(state.feed);
  return true;
}

/** Compares the owner's new descriptions with what is here, and takes note of descriptions by other keys. */
async function checkDescriptions(state: State, epochs: readonly Epoch[]): Promise<void> {
  const all: SignedDescription[] = [];
  for (const epoch of epochs) {
    const after = state.changed.get(epochNumber(epoch));
    if (after !== undefined) all.push(...(await descriptionsAmong(epoch, after)));
  }
  const own = ownDescriptions(all, state.feed);
  const others = all.flatMap((one) => (own.includes(one) ? [] : [one.publicKey]));
  for (const key of new Set(others))
    state.contradictions.push(`it is described by ${key}, which is not its owner's key`);
  state.contradictions.push(...(await contradictions(own, epochs)));
  const clock = now();
  for (const { publicKey, said } of own) {
    const described = Math.max(state.feed.described, Math.min(said.time, clock));
    state.feed = { ...state.feed, owner: publicKey, described };
  }
}

const MAX_WITHDRAWN = 10_000;

/** At most MAX_WITHDRAWN, those with records before all others: nobody can hide one behind many mails. */
function remembered(all: readonly WithdrawnMail[]): readonly WithdrawnMail[] {
  const each = [...new Map(all.map((mail) => [mail.blob, mail])).values()];
  if (each.length <= MAX_WITHDRAWN) return each;
  return [...each.filter(({ record }) => !record), ...each.filter(({ record }) => record)].slice(
    -MAX_WITHDRAWN,
  );
}

async function epochHere(folder: string, number: number, sha256: boolean): Promise<Epoch> {
  const repository = join(folder, "git", `${number}.git`);
  return existsSync(repository)
    ? { repository, name: repository }
    : makeEpoch(folder, number, sha256);
}

/** What a withdrawn mail says; `subject` is null if it has to come from the commit. */
interface WithdrawnFacts extends Pick<WithdrawnMail, "messageId" | "record"> {
  readonly subject: string | null;
}

/** Reads the withdrawn mails. The old history is kept, so their bytes are here if they ever were. */
async function withdrawnMails(
  epoch: Epoch,
  number: number,
  gone: readonly InboxChange[],
): Promise<readonly WithdrawnMail[]> {
  const place = placeOf(epoch);
  const verifier = createVerifier(1);
  const names = gone.map(({ blob }) => blob);
  const mails = new Map<string, WithdrawnFacts>();
  for await (const [blob, bytes] of eachBlob(names, place, MAX_MESSAGE_BYTES)) {
    const mail = feedMail(bytes, 0);
    const { messageId, subject } = "why" in mail ? { messageId: "", subject: null } : mail;
    mails.set(blob, { messageId, subject, record: isRecord(bytes, verifier) });
  }
  const isNamed = ({ blob }: InboxChange): boolean => (mails.get(blob)?.subject ?? null) !== null;
  const subjects = await subjectsOf(
    gone.filter((one) => !isNamed(one)),
    place,
  );
  return remembered(
    gone.map(({ blob, commit }) => {
      const { messageId = "", subject = null, record = false } = mails.get(blob) ?? {};
      const title = subject ?? subjects.get(commit) ?? "";
      return { messageId, subject: title, record, blob, epoch: number, commit, at: now() };
    }),
  );
}

/** Subjects from commits, for mails whose bytes are not here. */
async function subjectsOf(
  missing: readonly { readonly commit: string }[],
  place: { readonly cwd: string },
): Promise<ReadonlyMap<string, string>> {
  if (missing.length === 0) return new Map();
  const input = missing.map(({ commit }) => `${commit}\n`).join("");
  const shown = await git(["log", "--no-walk", "--stdin", "--format=%H %s"], { ...place, input });
  const lines = shown.toString().split("\n");
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );
}
