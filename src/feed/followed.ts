/** What is remembered of feeds that are followed. Times are seconds since the epoch. */

import type { ServerAbilities } from "./capabilities.ts";

/** Where the epochs are: below one address, or with their number behind it. */
export type FeedLayout = "epochs" | "dotted" | "single";

/** A feed that is followed. */
export interface FollowedFeed {
  readonly name: string;
  readonly url: string;
  /** A query in lei's words, for a feed that is asked for mails; null for one that is fetched by git. */
  readonly query: string | null;
  readonly since: string | null;
  /** Bytes on disk. */
  readonly max: number;
  readonly headersOnly: boolean;
  /** Public keys that the owner's description of the feed has to be signed with; none: any. */
  readonly keys: readonly string[];
  /** Found out once, when it was first followed; null with a query. */
  readonly layout: FeedLayout | null;
  readonly abilities: ServerAbilities | null;
  /** When the last update came to its end; 0 if none did. */
  readonly updated: number;
  /** The newest commit of each epoch, by its number. */
  readonly heads: Readonly<Record<string, string>>;
  /** What the manifest said of each epoch then. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** The key that the newest description is signed with: the first one that was seen, or one of `keys`. */
  readonly owner: string | null;
  /** The time that this description names; 0 if there was none. */
  readonly described: number;
  /** Mails that were here, until the feed's history was rewritten. */
  readonly withdrawn: readonly WithdrawnMail[];
  /** Epochs of which the server had less than was here before, and since when, by their numbers. */
  readonly behind: Readonly<Record<string, number>>;
  /** Another number whenever older mails have come or were dropped, or a feed is followed under this name. */
  readonly contents: number;
}

export interface WithdrawnMail {
  readonly messageId: string;
  readonly subject: string;
  readonly blob: string;
  /** Where it stood: the number of the epoch, and the commit. */
  readonly epoch: number;
  readonly commit: string;
  /** It had a signed record. */
  readonly record: boolean;
  readonly at: number;
}

/** What an update found. */
export interface FeedUpdate {
  readonly feed: FollowedFeed;
  /** Epochs that have something new. */
  readonly changed: readonly number[];
  /** Mails that were here before and that the feed denies now: its history was rewritten. */
  readonly withdrawn: readonly WithdrawnMail[];
  /** What speaks against what its owner signed, a line each. */
  readonly contradictions: readonly string[];
  /** New mails that are not here, since there was no room for them. */
  readonly left: number;
  /** Old mails that were dropped to make room. */
  readonly dropped: number;
  /** Epochs that were here before and that the feed no longer has. */
  readonly withheld: readonly number[];
  /** Mails that are here and that the server does not have, or not yet: a mirror may lag. */
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
  /** Where the first of them stands. */
  readonly first: string;
}

/** What `feed verify` found. */
export interface VerifiedFeed {
  readonly name: string;
  readonly keys: readonly KeyTally[];
  /** Texts that stand where a record does, and are none: changed or damaged. */
  readonly bad: number;
  /** What speaks against what the feed's owner signed, a line each. */
  readonly contradictions: readonly string[];
}
