/**
 * One pass over mails: check, ask the trust database, judge. `verify`, `am` and the library get their
 * results from here. Mails are judged in the order in which they come, batch by batch, however many
 * threads check them.
 */

import { PatchsigError, EXIT } from "../../errors.ts";
import { glimpse } from "../../mail/glimpse.ts";
import {
  type Cursor,
  isReadFailure,
  type SourceItem,
  type SourceMail,
  type ReadFailure,
} from "../../source/item.ts";
import { isDirectory } from "../../source/reading.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { Pins } from "../../trust/pins.ts";
import type { Evidence } from "../../verify/evidence.ts";
import type { Policies } from "../../verify/policy.ts";
import type { Checked, StatementMail } from "../../verify/result.ts";
import { reviewFlaw } from "../../verify/review.ts";
import type { JudgedMail } from "../../verify/series.ts";
import type { ThreadMail } from "../../series/item.ts";
import { isVouched } from "../../dkim/result.ts";
import type { Reply, ReplyMail } from "../../trailers/reply.ts";
import { count } from "../../primitives/words.ts";
import { type CheckPool, openCheckPool } from "./check-pool.ts";
import {
  type CheckOptions,
  createCheck,
  evidenceIn,
  type Examined,
  isEvidence,
} from "./checking.ts";
import { faultAt, type MailPlace } from "../fault.ts";
import type { DkimRun } from "./dkim.ts";
import { createTrustJudge, type FoundMail, type TrustJudge } from "./judging.ts";

export interface VerificationOptions<P> extends Omit<CheckOptions, "dkim"> {
  readonly policies: Policies;
  /** What the current repository's keyring says. Default: nothing. */
  readonly pins?: Pins;
  /** Keys for DKIM; null if nothing may be vouched for. */
  readonly dkim: DkimRun | null;
  /** The time of the sightings, seconds. Default: now. */
  readonly at?: number;
  /** Judge as if keys were remembered, but remember nothing. */
  readonly dryRun: boolean;
  /** Threads that check mails, once there are many. */
  readonly jobs: number;
  /**
   * What the caller keeps of a mail. Null: nothing, so that it may be checked in another thread,
   * from which a whole mail does not come back.
   */
  readonly keep: ((checked: Checked) => P) | null;
  /** It is enough to keep that of the first mails: many are checked in threads all the same. */
  readonly keepFirst?: boolean;
}

/** What a pass finds. */
export type Seen<P> =
  | { readonly kind: "patch"; readonly mail: JudgedMail<P> }
  /**
   * A mail without a patch: what it says of its thread, and if it has trailers, of the patches there. A
   * reply with a diff of its own comes as a patch too.
   */
  | { readonly kind: "link"; readonly mail: ThreadMail | Reply }
  /** A mail without a patch that carries statements about keys, or is not read. */
  | { readonly kind: "note"; readonly note: StatementMail }
  | { readonly kind: "unread"; readonly unread: ReadFailure };

/** Counts that only the pass itself knows. */
export interface PassCounts {
  /** Mails read, with and without a patch. */
  messages: number;
  /**
   * How far each source was read, by its name, if it supports that. Remember it after all output, so
   * that an interrupted run is repeated.
   */
  readonly cursors: Map<string, string>;
}

export function newTally(): PassCounts {
  return { messages: 0, cursors: new Map() };
}

/** How many mails are judged and made durable in one transaction. */
const BATCH_MAILS = 256;
const BATCH_BYTES = 4 << 20;
/** Bytes of mails in batches that are under way; one batch may be larger, if a mail is. */
const MAX_AHEAD = 32 << 20;
/** Threads cost a tenth of a second: they start after this many batches. */
const BATCHES_ALONE = 2;

/**
 * Judges every patch and cover letter among these mails; also yields links, statements and
 * failures. What a verdict adds to the database is on disk before the verdict is yielded.
 */
export async function* verifyMails<P>(
  items: AsyncIterable<readonly SourceItem[]>,
  options: VerificationOptions<P>,
  memory: TrustMemory,
  tally: PassCounts,
): AsyncGenerator<Seen<P | null>> {
  const { dkim } = options;
  const trust = createTrustJudge(memory, options);
  const checker = createChecker(options);
  const running: Promise<CheckedBatch<P>>[] = [];
  let held = 0;

  async function* conclude(): AsyncGenerator<Seen<P | null>> {
    const { cursors, size, ...looked } = await running.shift()!;
    held -= size;
    const { found, replies } = looked;
    const claims = [...found.map(({ evidence }) => evidence), ...replies.map(({ mail }) => mail)];
    await dkim?.fetchKeys(claims.flatMap((one) => one.dkim ?? []));
    yield* judgeLooked(looked, trust, dkim);
    for (const { name, value } of cursors) tally.cursors.set(name, value);
  }

  try {
    for await (const batch of readBatches(items, tally)) {
      const checked = checker.check(batch);
      // awaited below; until then it must not count as unhandled
      checked.catch(() => undefined);
      running.push(checked);
      held += batch.size;
      while (running.length > checker.ahead() || held > MAX_AHEAD) yield* conclude();
    }
    while (running.length > 0) yield* conclude();
  } finally {
    checker.close();
  }
}

/** What checking found of a mail, for judging it later. */
export interface ExaminedMail<P> {
  /** Where it was found. */
  readonly source: string;
  readonly examined: Examined;
  /** What the caller wants back with the verdict. */
  readonly payload: P | null;
}

/** The same for mails that were checked before, in batches as well, by keys for DKIM that are at hand. */
export function* judgeExamined<P>(
  mails: readonly ExaminedMail<P>[],
  options: Pick<VerificationOptions<P>, "policies" | "pins" | "dkim" | "at" | "dryRun">,
  memory: TrustMemory,
): Generator<Seen<P | null>> {
  const trust = createTrustJudge(memory, options);
  for (let at = 0; at < mails.length; at += BATCH_MAILS) {
    const looked = nothingYet<P>([]);
    for (const { source, examined, payload } of mails.slice(at, at + BATCH_MAILS))
      if (examined instanceof Error)
        looked.unread.push(faultAt({ source, messageId: "" }, examined));
      else sort(looked, source, examined, payload);
    yield* judgeLooked(looked, trust, options.dkim);
  }
}

function* judgeLooked<P>(
  { found, links, replies, unread }: Readonly<Looked<P>>,
  trust: TrustJudge,
  dkim: DkimRun | null,
): Generator<Seen<P | null>> {
  for (const mail of links) yield { kind: "link", mail };
  const { members, notes, faults } = trust.judge(found);
  for (const one of replies) yield { kind: "link", mail: replyFrom(one, trust, dkim) };
  for (const note of notes) yield { kind: "note", note };
  for (const mail of members) yield { kind: "patch", mail };
  for (const one of [...unread, ...faults]) yield { kind: "unread", unread: one };
}

interface Batch {
  readonly mails: readonly SourceMail[];
  /** Their bytes. */
  readonly size: number;
  readonly unread: readonly ReadFailure[];
}

async function* readBatches(
  items: AsyncIterable<readonly SourceItem[]>,
  tally: PassCounts,
): AsyncGenerator<Batch> {
  let mails: SourceMail[] = [];
  let unread: ReadFailure[] = [];
  let size = 0;
  for await (const some of items) {
    for (const item of some) {
      if (isReadFailure(item)) {
        unread.push(item);
        continue;
      }
      tally.messages++;
      mails.push(item);
      size += item.bytes?.length ?? 0;
      if (mails.length < BATCH_MAILS && size < BATCH_BYTES) continue;
      yield { mails, size, unread };
      [mails, unread, size] = [[], [], 0];
    }
  }
  yield { mails, size, unread };
}

interface Looked<P> {
  readonly found: FoundMail<P | null>[];
  readonly links: ThreadMail[];
  readonly replies: PlacedReply[];
  readonly unread: ReadFailure[];
}

/** What a mail says of patches elsewhere, and where it was found. */
interface PlacedReply {
  readonly source: string;
  readonly mail: ReplyMail;
}

function replyFrom({ source, mail }: PlacedReply, trust: TrustJudge, dkim: DkimRun | null): Reply {
  const { dkim: claims, reviews: readings, ...reply } = mail;
  const reviews = readings.flatMap((one) => {
    if (!one.ok) return [];
    const { review, counts, trust: key, findings } = trust.judgeReview(one.review, mail);
    return [{ review, counts, isKnown: key !== "unknown", trust: key, findings }];
  });
  const trailers = mail.trailers.map((trailer) => {
    const { address, flaw } = trailer;
    const isKnown = reviews.some(({ review, counts }) => counts && review.by === address);
    const isPlain = flaw !== null || address === null || isKnown || !trust.isLookalike(address);
    return isPlain ? trailer : { ...trailer, flaw: "lookalike" as const };
  });
  const flaws = readings.flatMap((one) => (one.ok ? [] : [reviewFlaw(one)]));
  const result = claims === null ? undefined : dkim?.resultOf(claims);
  const isGood = result !== undefined && claims?.identity === mail.sender && isVouched(result);
  const vouched = isGood ? { domain: result.domain, saidBy: result.saidBy || null } : null;
  return { ...reply, source, trailers, reviews, flaws, vouched };
}

function nothingYet<P>(unread: readonly ReadFailure[]): Looked<P> {
  return { found: [], links: [], replies: [], unread: [...unread] };
}

/** A mail is judged, links others, or says something of others; one may do two of that. */
function sort<P>(
  { found, links, replies }: Looked<P>,
  source: string,
  one: Evidence | ThreadMail | ReplyMail,
  payload: P | null,
): void {
  if (isEvidence(one)) {
    found.push({ source, evidence: one, payload });
    if (one.reply !== null) replies.push({ source, mail: one.reply });
  } else if ("trailers" in one) replies.push({ source, mail: one });
  else links.push(one);
}

interface CheckedBatch<P> extends Readonly<Looked<P>> {
  readonly size: number;
  readonly cursors: readonly Cursor[];
}

function placeOf({ source, bytes }: SourceMail): MailPlace {
  return { source, messageId: bytes === null ? "" : glimpse(bytes, "message-id") };
}

interface Checker<P> {
  check(batch: Batch): Promise<CheckedBatch<P>>;
  /** How many batches may be under way. */
  ahead(): number;
  close(): void;
}

/** Checks the first mails here, and many in threads. */
function createChecker<P>(options: VerificationOptions<P>): Checker<P> {
  const { keep, keepFirst = false, jobs, devKeyrings, signedOnly, plainAm, trailers } = options;
  const dkim = options.dkim?.check ?? null;
  const added = trailers === undefined ? {} : { trailers };
  const terms = { devKeyrings, signedOnly, plainAm, dkim, ...added };
  const check = createCheck(terms);
  let pool: CheckPool | null = null;
  let batches = 0;

  function checkHere({ mails, unread }: Batch): Looked<P> {
    const looked = nothingYet<P>(unread);
    for (const mail of mails) {
      const { source, bytes, size } = mail;
      try {
        const checked = check(bytes, size);
        const one = evidenceIn(checked);
        sort(looked, source, one, isEvidence(one) ? (keep?.(checked) ?? null) : null);
      } catch (error) {
        looked.unread.push(faultAt(placeOf(mail), error));
      }
    }
    return looked;
  }

  async function checkThere({ mails, unread }: Batch, threads: CheckPool): Promise<Looked<P>> {
    const places = mails.map(placeOf);
    const looked = nothingYet<P>(unread);
    for (const [i, one] of (await threads.check(mails)).entries()) {
      const place = places[i]!;
      if (one instanceof Error) looked.unread.push(faultAt(place, one));
      else sort(looked, place.source, one, null);
    }
    return looked;
  }

  return {
    async check(batch) {
      if (batches++ === BATCHES_ALONE && jobs > 1 && (keep === null || keepFirst))
        pool = openCheckPool(jobs, terms);
      const cursors = batch.mails.flatMap(({ cursor }) => cursor ?? []);
      const looked = pool === null ? checkHere(batch) : await checkThere(batch, pool);
      return { ...looked, cursors, size: batch.size };
    },
    ahead: () => (pool === null ? 0 : 2 * jobs),
    close: () => pool?.close(),
  };
}

/** Why these sources gave no results. */
export function noPatchFound(sources: readonly string[], messages: number): PatchsigError {
  const [source = "-"] = sources;
  const where =
    sources.length > 1 ? `${sources.length} sources` : source === "-" ? "standard input" : source;
  const hint = isDirectory(source)
    ? "read in it: *.patch, *.eml, *.mbox; or a maildir, or a public-inbox"
    : "patchsig reads what git format-patch writes and what mail programs save";
  return messages === 0
    ? new PatchsigError("no-patch", `no mail in ${where}`, { hint, exit: EXIT.unmet })
    : new PatchsigError("no-patch", `no patch in ${where}, only ${count(messages, "mail")}`, {
        exit: EXIT.unmet,
      });
}
