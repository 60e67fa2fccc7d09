/** The state of followed feeds, and what commands on feeds find. Times are seconds since the epoch. */

import type { ServerAbilities } from "./capabilities.ts";

/** Where a feed's epochs are: at URL/git/N.git, at URL.N, or a single one at URL. */
export type FeedLayout = "epochs" | "dotted" | "single";

/** A feed that is followed. */
export interface FollowedFeed {
  readonly name: string;
  readonly url: string;
  /** A query in lei's syntax, by which the server is asked for mails; null if the feed is fetched by git. */
  readonly query: string | null;
  /** In git's words: only mails since then. Null for all. */
  readonly since: string | null;
  /** Bytes that the feed may have on disk. */
  readonly max: number;
  readonly headersOnly: boolean;
  /** Public keys that may sign the feed's description; [] to take the first that signs one. */
  readonly keys: readonly string[];
  /** Found out when the feed was first followed; null with a query. */
  readonly layout: FeedLayout | null;
  readonly abilities: ServerAbilities | null;
  /** When the last complete update ended; 0 if there was none. */
  readonly updated: number;
  /** The newest commit of each epoch, by its number. */
  readonly heads: Readonly<Record<string, string>>;
  /** The fingerprint of each epoch in the manifest, as of then. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** The public key that signed the newest description; null if there was none. */
  readonly owner: string | null;
  /** The time in that description; 0 if there was none. */
  readonly described: number;
  /** Mails that the feed had before its history was rewritten, and has no longer. */
  readonly withdrawn: readonly WithdrawnMail[];
  /** By the numbers of epochs: since when the server has less of them than is here. */
  readonly behind: Readonly<Record<string, number>>;
  /** Changes whenever older mails came or were dropped here, or a feed is followed anew under this name. */
  readonly contents: number;
}

export interface WithdrawnMail {
  readonly messageId: string;
  readonly subject: string;
  readonly blob: string;
  /** Where it was: the number of the epoch, and the commit. */
  readonly epoch: number;
  readonly commit: string;
  /** True if it had a signed record: a test result, a review or a description. */
  readonly record: boolean;
  /** When that was noticed. */
  readonly at: number;
}

/** What an update found. */
export interface FeedUpdate {
  readonly feed: FollowedFeed;
  /** Numbers of the epochs with new commits. */
  readonly changed: readonly number[];
  /** Mails that the feed no longer has, since its history was rewritten. */
  readonly withdrawn: readonly WithdrawnMail[];
  /** Where the feed differs from what its owner signed, one line each. */
  readonly contradictions: readonly string[];
  /** How many new mails were left out, because there was no room. */
  readonly left: number;
  /** How many old mails were dropped to make room. */
  readonly dropped: number;
  /** Epochs that the feed had before, and has no longer. */
  readonly withheld: readonly number[];
  /** How many mails are here that the server does not have: perhaps a mirror that lags. */
  readonly behind: number;
}

/** The records of one key, under one identity. */
export interface KeyTally {
  readonly kind: "result" | "review";
  readonly publicKey: string;
  /** The signer's identity, as the signer claims it. */
  readonly by: string;
  /** `counts`: a person has accepted the key, for results or for reviews. `void`: it is revoked. */
  readonly worth: "counts" | "claims" | "void";
  readonly records: number;
  /** The place of the first of them. */
  readonly first: string;
}

/** What `feed verify` found. */
export interface VerifiedFeed {
  readonly name: string;
  readonly keys: readonly KeyTally[];
  /** How many records have no good signature: they were changed or damaged. */
  readonly bad: number;
  /** Where the feed differs from what its owner signed, one line each. */
  readonly contradictions: readonly string[];
}
