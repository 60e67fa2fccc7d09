/**
 * Decides which patches a reply's trailers are for, what proves who gave them, and which are left out and why
 * (docs/trailers.md). The result depends on the set of mails alone, not on their order of arrival.
 */

import { proofFor } from "../review/proof.ts";
import type { SignedReview } from "../review/review.ts";
import type { ReviewDigests } from "../review/text.ts";
import { followed, type ThreadMail } from "../series/item.ts";
import { matchOf, type TrailerMatch } from "./giver.ts";
import type { Reply } from "./reply.ts";
import { type Trailer, type TrailerFlaw, trailerKey } from "./trailer.ts";

/** A patch or cover letter that may have replies. */
export interface ThreadPatch extends ThreadMail {
  /** 0 for a cover letter. */
  readonly index: number;
  /** The author's identity; "" if there is none. */
  readonly author: string;
  /** Null for a mail that was refused. */
  readonly digests: ReviewDigests | null;
  /** The trailers in its message, as `trailerKey` makes them. */
  readonly trailers: readonly string[];
}

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
 */
export type LeftOutReason =
  | TrailerFlaw
  | "sender"
  | "review"
  | "diff"
  | "elsewhere"
  | "changed"
  | "unknown"
  | "ambiguous";

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

/**
 * @param series the patches and the cover letter, with copies of the same mail
 * @param sloppy true to take trailers also of people who did not send the reply
 */
export function assignTrailers(
  series: readonly ThreadPatch[],
  thread: SeriesThread,
  sloppy: boolean,
): SeriesTrailers {
  const aims = new Aims(series, thread);
  const taken = new Map<ThreadPatch, GivenTrailer[]>();
  for (const patch of distinctPatches(series)) taken.set(patch, []);
  const leftOut: LeftOutTrailer[] = [];
  const replies: Reply[] = [];
  for (const reply of [...thread.replies].sort(byDate)) {
    const aim = aims.of(reply);
    let isAbout = aim !== null;
    for (const trailer of reply.trailers) {
      const isGiven = giveSigned(taken, reply, trailer, aim);
      isAbout ||= isGiven;
      if (aim === null) continue;
      const why = typeof aim === "string" ? aim : give(taken, reply, trailer, aim, sloppy);
      // a signed review is for no other patches than those it names
      const isFor = typeof aim === "string" || why === "review" ? () => false : aim.isFor;
      if (why !== null)
        leftOut.push({ trailer, reply, why, patches: [...taken.keys()].filter(isFor) });
    }
    if (isAbout) replies.push(reply);
  }
  const patches = [...taken].map(([patch, all]) => ({ patch, given: settled(patch, all) }));
  const known = new Map(
    patches.map(({ patch, given }) => [patch, [...patch.trailers, ...given.map(keyOf)]]),
  );
  const isMissing = (one: LeftOutTrailer): boolean => {
    const key = keyOf(one);
    return one.patches.length === 0
      ? ![...known.values()].some((keys) => keys.includes(key))
      : one.patches.some((patch) => !known.get(patch)!.includes(key));
  };
  return { patches, leftOut: leftOut.filter(isMissing), replies };
}

/** Gives a trailer to the patches that the reply's signed reviews name, whichever mail the reply is to. */
function giveSigned(
  taken: ReadonlyMap<ThreadPatch, GivenTrailer[]>,
  reply: Reply,
  trailer: Trailer,
  aim: Aim | LeftOutReason | null,
): boolean {
  if (trailer.flaw !== null || reply.reviews.length === 0) return false;
  const { from, isForAll } = aim === null || typeof aim === "string" ? NOWHERE : aim;
  let isGiven = false;
  for (const [patch, all] of taken) {
    const proof = signedProof(reply, trailer, patch);
    if (proof === null) continue;
    isGiven = true;
    all.push({ trailer, reply, ...proof, match: matchOf(trailer, reply), from, isForAll });
  }
  return isGiven;
}

const NOWHERE = { from: null, isForAll: false } as const;

/** Gives a trailer to the patches it is for. @returns why, if no patch gets it; else null */
function give(
  taken: ReadonlyMap<ThreadPatch, GivenTrailer[]>,
  reply: Reply,
  trailer: Trailer,
  { isFor, from, isForAll }: Aim,
  sloppy: boolean,
): LeftOutReason | null {
  if (trailer.flaw !== null) return trailer.flaw;
  if (reply.hasDiff) return "diff";
  let why: LeftOutReason | null = "changed";
  for (const [patch, all] of taken) {
    if (!isFor(patch)) continue;
    const proof = proofOf(reply, trailer, patch, sloppy);
    if (typeof proof === "string") why = why === null ? null : proof;
    else {
      why = null;
      all.push({ trailer, reply, ...proof, match: matchOf(trailer, reply), from, isForAll });
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

interface Place {
  readonly patch: ThreadPatch;
  /** The other series that has the patch; null for the series itself. */
  readonly other: OtherSeries | null;
}

/** Replies to replies that are followed upwards. */
const MAX_DEPTH = 1000;

class Aims {
  readonly #places = new Map<string, Place[]>();
  readonly #links = new Map<string, ThreadMail>();

  constructor(series: readonly ThreadPatch[], { others, replies, links }: SeriesThread) {
    for (const patch of series) this.#add({ patch, other: null });
    for (const other of others) for (const patch of other.patches) this.#add({ patch, other });
    for (const mail of [...links, ...replies].sort(byReferences))
      if (mail.messageId !== "" && !this.#links.has(mail.messageId))
        this.#links.set(mail.messageId, mail);
  }

  /** What a reply is about, or why that is not known; null if it has nothing to do with the series. */
  of(reply: Reply): Aim | LeftOutReason | null {
    const places = this.#placesOf(reply);
    const [first] = places;
    if (first === undefined) return this.#isBelow(reply) ? "unknown" : null;
    if (places.some((place) => !isSame(place, first)))
      return places.some(({ other }) => other === null) ? "ambiguous" : null;
    const { patch, other } = places.find((place) => place.other === null) ?? first;
    if (other === null)
      return {
        isFor: (one) => patch.index === 0 || isSamePatch(one, patch),
        from: null,
        isForAll: patch.index === 0,
      };
    if (other.name === null) return this.#isBelow(reply) ? "elsewhere" : null;
    const theirs = patch.index === 0 ? other.patches : [patch];
    return {
      isFor: (one) => theirs.some((two) => isUnchanged(one, two)),
      from: other.name,
      isForAll: patch.index === 0,
    };
  }

  #add(place: Place): void {
    const { messageId } = place.patch;
    if (messageId === "") return;
    const places = this.#places.get(messageId);
    if (places === undefined) this.#places.set(messageId, [place]);
    else places.push(place);
  }

  /** The patches that a reply is to, perhaps through other replies. Several if mails share a Message-ID. */
  #placesOf(reply: ThreadMail): readonly Place[] {
    let mail: ThreadMail | undefined = reply;
    for (let depth = 0; mail !== undefined && depth < MAX_DEPTH; depth++) {
      const parent: string = mail.references.at(-1) ?? "";
      const places = this.#places.get(parent);
      if (places !== undefined) return places;
      mail = this.#links.get(parent);
    }
    return [];
  }

  /** Whether a mail is somewhere below a mail of the series. */
  #isBelow(reply: ThreadMail): boolean {
    return followed(reply).some((id) => this.#places.get(id)?.some(({ other }) => other === null));
  }
}

/** Copies of one mail count as the same. */
function isSame({ patch: one }: Place, { patch: two }: Place): boolean {
  return isSamePatch(one, two);
}

/** True for copies of one patch: the same number, diff and message. */
export function isSamePatch(one: ThreadPatch, two: ThreadPatch): boolean {
  const [a, b] = [one.digests, two.digests];
  return one.index === two.index && a?.diff === b?.diff && a?.message === b?.message;
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
  const ordered = [...all].sort((a, b) => Number(a.isForAll) - Number(b.isForAll));
  for (const one of ordered) {
    const key = keyOf(one);
    const before = byKey.get(key);
    if (trailers.includes(key)) continue;
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

/** By date; then by other contents of the mails, so that their order of arrival does not matter. */
function byDate(a: Reply, b: Reply): number {
  return (
    (a.date ?? Infinity) - (b.date ?? Infinity) ||
    byReferences(a, b) ||
    compare(textOf(a), textOf(b))
  );
}

function byReferences(a: ThreadMail, b: ThreadMail): number {
  return compare(a.messageId, b.messageId) || compare(a.references.join(), b.references.join());
}

function textOf({ from, trailers }: Reply): string {
  return [from.email, ...trailers.map(({ name, value }) => `${name} ${value}`)].join("\n");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
