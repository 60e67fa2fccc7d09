/**
 * Decides which patches a reply's trailers are for, what proves who gave them, and which are left out and why
 * (docs/trailers.md). The result depends on the set of mails alone, not on their order of arrival.
 */

import { proofFor } from "../review/proof.ts";
import type { SignedReview } from "../review/review.ts";
import { followed, type ThreadMail } from "../series/item.ts";
import { matchOf, type TrailerMatch } from "./giver.ts";
import type { Reply } from "./reply.ts";
import { ReplyThread } from "./reply-thread.ts";
import { isSamePatch, type ThreadPatch } from "./thread-patch.ts";
import { type Trailer, type TrailerFlaw, trailerKey } from "./trailer.ts";

/** Another series in the thread, or a reply with a diff. */
export interface OtherSeries {
  /** `v1` if it is a version of the same work; null if it is not. */
  readonly name: string | null;
  readonly patches: readonly ThreadPatch[];
}

/**
 * `proven`: by a signed review of this patch. `diff`: by a signed review of this diff with another message.
 * `vouched`: a domain vouches for sender and text (docs/dkim.md).
 */
const TRAILER_PROOFS = ["proven", "diff", "vouched", "none"] as const;
export type TrailerProof = (typeof TRAILER_PROOFS)[number];

/** A trailer that was given to a patch. */
export interface GivenTrailer {
  readonly trailer: Trailer;
  readonly reply: Reply;
  readonly proof: TrailerProof;
  readonly match: TrailerMatch;
  /** The signed review that proves it, and its key; null if there is none. */
  readonly publicKey: string | null;
  readonly review: SignedReview | null;
  /** The other version for which it was given, to a patch with the same diff; null for this version. */
  readonly from: string | null;
  /** It was given to the cover letter, and so to all patches. */
  readonly isForAll: boolean;
}

/**
 * Why a trailer is left out.
 *
 * - `sender`: the sender of the reply is not the person whom the trailer names, neither by address nor by name
 * - `review`: the reply has a signed review by that person which says something else, or whose key is not theirs
 * - `diff`: the reply has a diff of its own
 * - `elsewhere`: the reply is to another patch in the thread, such as a diff in a reply
 * - `changed`: the reply is to another version of the patch, with another diff
 * - `unknown`: the reply is to a mail that is not here
 * - `ambiguous`: the reply is to a Message-ID that two different mails have
 * - `many`: there are more trailers in the thread than are given to patches
 */
export type LeftOutReason =
  | TrailerFlaw
  | "sender"
  | "review"
  | "diff"
  | "elsewhere"
  | "changed"
  | "unknown"
  | "ambiguous"
  | "many";

interface LeftOutTrailer {
  readonly trailer: Trailer;
  readonly reply: Reply;
  readonly why: LeftOutReason;
  /** The patches of the series that it would be for. */
  readonly patches: readonly ThreadPatch[];
}

interface PatchTrailers {
  readonly patch: ThreadPatch;
  /** First those given to the patch, then those given to the cover letter; each by date. */
  readonly given: readonly GivenTrailer[];
}

/** The trailers in the replies to a series. */
export interface SeriesTrailers {
  /** In the order of the patches' numbers. */
  readonly patches: readonly PatchTrailers[];
  readonly leftOut: readonly LeftOutTrailer[];
  /** The replies that have to do with the series, by date. */
  readonly replies: readonly Reply[];
}

/** What else is in the thread of a series. */
export interface SeriesThread {
  readonly replies: readonly Reply[];
  readonly others: readonly OtherSeries[];
  /** Mails without a patch: a reply to one of them counts as a reply to the patch above it. */
  readonly links: readonly ThreadMail[];
}

/** @param series the patches and the cover letter, with copies of the same mail */
export function assignTrailers(
  series: readonly ThreadPatch[],
  { replies, others, links }: SeriesThread,
  sloppy: boolean,
): SeriesTrailers {
  const patches = [...series, ...others.flatMap((other) => other.patches)];
  const thread = new ReplyThread(patches, replies, links);
  return assignInThread(series, others, thread, sloppy);
}

/**
 * As `assignTrailers`, for those who know the thread already.
 *
 * @param others those that are versions of the same work
 * @param thread with all patches of the series, of these others, and of any others in it
 * @param sloppy true to take trailers also of people who did not send the reply
 */
export function assignInThread(
  series: readonly ThreadPatch[],
  others: readonly OtherSeries[],
  thread: ReplyThread,
  sloppy: boolean,
): SeriesTrailers {
  const aims = new Aims(series, others, thread);
  const taken = new Map<ThreadPatch, GivenTrailer[]>();
  const patches = distinctPatches(series);
  for (const patch of patches) taken.set(patch, []);
  let pairs = 0;
  const leftOut: LeftOutTrailer[] = [];
  const replies: Reply[] = [];
  for (const reply of thread.about(aims.ids)) {
    const aim = aims.of(reply);
    let isAbout = aim !== null;
    for (const trailer of reply.trailers) {
      const isFull = pairs >= MAX_PAIRS;
      const signed = isFull ? 0 : giveSigned(taken, reply, trailer, aim);
      pairs += signed;
      isAbout ||= signed > 0;
      if (aim === null) continue;
      const isKnown = typeof aim !== "string" && !isFull;
      const its = isKnown ? patches.filter(aim.isFor) : [];
      pairs += its.length;
      const refusal = typeof aim === "string" ? aim : "many";
      const why = isKnown ? give(its, taken, reply, trailer, aim, sloppy) : refusal;
      // a signed review is for no other patches than those it names
      if (why !== null) leftOut.push({ trailer, reply, why, patches: why === "review" ? [] : its });
    }
    if (isAbout) replies.push(reply);
  }
  const found = patches.map((patch) => ({ patch, given: settled(patch, taken.get(patch)!) }));
  const known = new Map(
    found.map(({ patch, given }) => [patch, new Set([...patch.trailers, ...given.map(keyOf)])]),
  );
  const anywhere = new Set([...known.values()].flatMap((keys) => [...keys]));
  const isMissing = (one: LeftOutTrailer): boolean => {
    const key = keyOf(one);
    return one.patches.length === 0
      ? !anywhere.has(key)
      : one.patches.some((patch) => !known.get(patch)!.has(key));
  };
  return { patches: found, leftOut: leftOut.filter(isMissing), replies };
}

/**
 * Most pairs of a trailer and a patch that it is for: what is said of a cover letter is said of each patch. A series of
 * 1,000 patches may have 100 such trailers.
 */
const MAX_PAIRS = 100_000;

/** Gives a trailer to the patches that the reply's signed reviews name, whichever mail it is to. @returns how many */
function giveSigned(
  taken: ReadonlyMap<ThreadPatch, GivenTrailer[]>,
  reply: Reply,
  trailer: Trailer,
  aim: Aim | LeftOutReason | null,
): number {
  if (trailer.flaw !== null || reply.reviews.length === 0) return 0;
  const { from, isForAll } = aim === null || typeof aim === "string" ? NOWHERE : aim;
  let given = 0;
  for (const [patch, all] of taken) {
    const proof = signedProof(reply, trailer, patch);
    if (proof === null) continue;
    given++;
    all.push({ trailer, reply, ...proof, match: matchOf(trailer, reply), from, isForAll });
  }
  return given;
}

const NOWHERE = { from: null, isForAll: false } as const;

/** Gives a trailer to `its` patches, which it is for. @returns why, if no patch gets it; else null */
function give(
  its: readonly ThreadPatch[],
  taken: ReadonlyMap<ThreadPatch, GivenTrailer[]>,
  reply: Reply,
  trailer: Trailer,
  { from, isForAll }: Aim,
  sloppy: boolean,
): LeftOutReason | null {
  if (trailer.flaw !== null) return trailer.flaw;
  if (reply.hasDiff) return "diff";
  let why: LeftOutReason | null = "changed";
  for (const patch of its) {
    const proof = proofOf(reply, trailer, patch, sloppy);
    if (typeof proof === "string") why = why === null ? null : proof;
    else {
      why = null;
      taken
        .get(patch)!
        .push({ trailer, reply, ...proof, match: matchOf(trailer, reply), from, isForAll });
    }
  }
  return why;
}

type SignedProof = Pick<GivenTrailer, "proof" | "publicKey" | "review">;

/** The best proof of a trailer by the reply's signed reviews; null if there is none. */
function signedProof(
  { reviews }: Reply,
  trailer: Trailer,
  { digests }: ThreadPatch,
): SignedProof | null {
  if (digests === null) return null;
  const proofs = reviews.flatMap(({ review, counts }) => {
    const proof = counts ? proofFor(review, trailer, digests) : null;
    return proof === null ? [] : [{ proof, publicKey: review.publicKey, review }];
  });
  return proofs.find(({ proof }) => proof === "proven") ?? proofs[0] ?? null;
}

/** What proves that the named person gave the trailer, or why it cannot be taken. */
function proofOf(
  reply: Reply,
  trailer: Trailer,
  patch: ThreadPatch,
  sloppy: boolean,
): SignedProof | LeftOutReason {
  const { reviews, vouched } = reply;
  const signed = signedProof(reply, trailer, patch);
  if (signed !== null) return signed;
  // somebody who signs reviews means what is signed; a key that is not known here proves nothing either way
  if (reviews.some(({ review, isKnown }) => isKnown && review.by === trailer.address))
    return "review";
  const match = matchOf(trailer, reply);
  if (match === "none" && !sloppy) return "sender";
  return {
    proof: match === "address" && vouched !== null ? "vouched" : "none",
    publicKey: null,
    review: null,
  };
}

/** What a reply is about. */
interface Aim {
  readonly isFor: (patch: ThreadPatch) => boolean;
  readonly from: string | null;
  readonly isForAll: boolean;
}

/** Finds what replies are about, by the Message-IDs of the patches that they are to. */
class Aims {
  readonly #thread: ReplyThread;
  /** The series' own. */
  readonly #own = new Map<string, ThreadPatch>();
  readonly #versions = new Map<
    string,
    { readonly patch: ThreadPatch; readonly other: OtherSeries }
  >();

  constructor(series: readonly ThreadPatch[], others: readonly OtherSeries[], thread: ReplyThread) {
    this.#thread = thread;
    for (const patch of series)
      if (!this.#own.has(patch.messageId)) this.#own.set(patch.messageId, patch);
    for (const other of others)
      for (const patch of other.name === null ? [] : other.patches)
        if (!this.#versions.has(patch.messageId))
          this.#versions.set(patch.messageId, { patch, other });
  }

  /** The Message-IDs of the series' patches, and of its other versions'. */
  get ids(): ReadonlySet<string> {
    return new Set([...this.#own.keys(), ...this.#versions.keys()]);
  }

  /** What a reply is about, or why that is not known; null if it has nothing to do with the series. */
  of(reply: Reply): Aim | LeftOutReason | null {
    const id = this.#thread.targetOf(reply);
    if (id === null) return this.#isBelow(reply) ? "unknown" : null;
    const own = this.#own.get(id);
    if (!this.#thread.areSame(id)) return own === undefined ? null : "ambiguous";
    if (own !== undefined)
      return {
        isFor: (one) => own.index === 0 || isSamePatch(one, own),
        from: null,
        isForAll: own.index === 0,
      };
    const version = this.#versions.get(id);
    if (version === undefined) return this.#isBelow(reply) ? "elsewhere" : null;
    const { patch, other } = version;
    const theirs = patch.index === 0 ? other.patches : [patch];
    return {
      isFor: (one) => theirs.some((two) => isUnchanged(one, two)),
      from: other.name,
      isForAll: patch.index === 0,
    };
  }

  /** Whether a mail is somewhere below a mail of the series. */
  #isBelow(reply: ThreadMail): boolean {
    return followed(reply).some((id) => this.#own.has(id));
  }
}

/** True for the same diff by the same author, whatever message and number. */
function isUnchanged(one: ThreadPatch, two: ThreadPatch): boolean {
  return (
    one.index > 0 &&
    two.index > 0 &&
    one.digests !== null &&
    one.digests.diff === two.digests?.diff &&
    one.author === two.author
  );
}

/** The patches that trailers can be added to, each once, by number. */
function distinctPatches(series: readonly ThreadPatch[]): ThreadPatch[] {
  const byName = new Map<string, ThreadPatch>();
  for (const patch of series) {
    const name = `${patch.index} ${patch.digests?.message} ${patch.digests?.diff}`;
    if (patch.index > 0 && patch.digests !== null && !byName.has(name)) byName.set(name, patch);
  }
  return [...byName.values()].sort((a, b) => a.index - b.index);
}

/** Each trailer once, with its best proof, without those that the patch's message already has. */
function settled({ trailers }: ThreadPatch, all: readonly GivenTrailer[]): GivenTrailer[] {
  const byKey = new Map<string, GivenTrailer>();
  const present = new Set(trailers);
  const ordered = [...all].sort((a, b) => Number(a.isForAll) - Number(b.isForAll));
  for (const one of ordered) {
    const key = keyOf(one);
    const before = byKey.get(key);
    if (present.has(key)) continue;
    if (before === undefined || rank(one) < rank(before)) byKey.set(key, one);
  }
  return [...byKey.values()];
}

function rank({ proof, match }: GivenTrailer): number {
  return 2 * TRAILER_PROOFS.indexOf(proof) + (match === "address" ? 0 : 1);
}

function keyOf({ trailer }: { readonly trailer: Trailer }): string {
  return trailerKey(trailer);
}
