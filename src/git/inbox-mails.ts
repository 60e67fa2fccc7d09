/** Mails of an epoch by the names of their blobs, from one running git; at damaged ones from another. */

import { PatchsigError } from "../errors.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { type Blob, Blobs } from "./blobs.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import type { InboxChange } from "./inbox-log.ts";
import { gitSucceeds } from "./run.ts";

/** A mail, and the commit that brought it. */
interface InboxMail {
  /** `REPOSITORY:COMMIT` */
  readonly place: string;
  /** LF line ends; null if it is over the size limit. */
  readonly bytes: Buffer | null;
  readonly size: number;
  readonly epoch: Epoch;
  readonly commit: string;
}

/** A mail whose blob is missing or damaged; or the unread rest of an epoch. */
export interface LostMail {
  readonly place: string;
  readonly error: PatchsigError;
  readonly epoch: Epoch;
  /** What brought the mail; null for the rest of an epoch. */
  readonly change: InboxBlob | null;
}

export type InboxEntry = InboxMail | LostMail;

/** A mail by its commit and its blob. */
export type InboxBlob = Pick<InboxChange, "commit" | "blob">;

export function placeIn({ repository }: Epoch, commit: string): string {
  return `${repository}:${commit}`;
}

/** What it cannot do; git that is missing is thrown on. */
export async function caught<T>(work: () => Promise<T>): Promise<T | PatchsigError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PatchsigError && error.code !== "git-missing") return error;
    throw error;
  }
}

/** Bytes of mails to yield at a time, or one larger mail. */
const PORTION = 4 << 20;
/** Damaged mails in an epoch before reading it stops: each costs a start of git. */
const MAX_RESTARTS = 100;
/** The same where mails are read that could not be read before. */
const MAX_RESTARTS_AGAIN = 16;
/** Mails to ask git for at a time. */
const AT_A_TIME = 64;

const MISSING = "is not there";

/** The mails of an epoch, requested from git. */
export class EpochMails {
  readonly #epoch: Epoch;
  readonly #inPart: boolean;
  #blobs: Blobs;
  #restarts: number;
  #partial: boolean | null = null;
  /** Outstanding requests to git. */
  readonly #asked: InboxBlob[] = [];

  /** @param restarts of git, at damaged mails */
  constructor(epoch: Epoch, inPart: boolean, restarts: number = MAX_RESTARTS) {
    this.#restarts = restarts;
    this.#epoch = epoch;
    this.#inPart = inPart;
    this.#blobs = blobsOf(epoch);
  }

  get asked(): number {
    return this.#asked.length;
  }

  ask(changes: readonly InboxBlob[]): void {
    this.#blobs.ask(changes.map(({ blob }) => blob));
    this.#asked.push(...changes);
  }

  /** The next `count` mails asked for, less those that were purged. */
  async *take(count: number): AsyncGenerator<InboxEntry[]> {
    let mails: InboxEntry[] = [];
    let held = 0;
    for (let left = count; left > 0; left--) {
      const change = this.#asked.shift()!;
      const blob = await caught(() => this.#next());
      if (blob instanceof PatchsigError) {
        yield mails;
        throw blob;
      }
      if (blob === MISSING && this.#inPart) continue;
      const entry = entryOf(this.#epoch, change, blob);
      if (entry === null) continue;
      mails.push(entry);
      held += "bytes" in entry ? (entry.bytes?.length ?? 0) : 0;
      if (held < PORTION) continue;
      yield mails;
      [mails, held] = [[], 0];
    }
    yield mails;
  }

  /** The next blob, or why there is none. */
  async #next(): Promise<Blob | string> {
    const epoch = this.#epoch;
    try {
      const blob = await this.#blobs.take();
      if (blob === null) await this.#refusePartial();
      return blob ?? MISSING;
    } catch (error) {
      // git exits at a damaged blob; ask again for those after it
      if (!(error instanceof PatchsigError) || this.#restarts-- <= 0) throw error;
      await this.#refusePartial();
      this.#blobs.close();
      this.#blobs = blobsOf(epoch);
      this.#blobs.ask(this.#asked.map(({ blob }) => blob));
      return `cannot be read: ${error.message}`;
    }
  }

  /** @throws PatchsigError "unreadable" */
  async #refusePartial(): Promise<void> {
    // asked once, however many mails are missing
    this.#partial ??= await isPartial(this.#epoch);
    if (this.#partial) throw partial(this.#epoch);
  }

  close(): void {
    this.#blobs.close();
  }
}

/** Those of mails that could not be read before that can be read now. */
export async function* readAgain(
  epoch: Epoch,
  lost: readonly InboxBlob[],
): AsyncGenerator<InboxMail[]> {
  const mails = new EpochMails(epoch, true, MAX_RESTARTS_AGAIN);
  try {
    for (let at = 0; at < lost.length; at += AT_A_TIME) {
      const some = lost.slice(at, at + AT_A_TIME);
      mails.ask(some);
      for await (const entries of mails.take(some.length))
        yield entries.filter((entry): entry is InboxMail => "bytes" in entry);
    }
  } catch (error) {
    // it has been said
    if (!(error instanceof PatchsigError) || error.code === "git-missing") throw error;
  } finally {
    mails.close();
  }
}

function blobsOf(epoch: Epoch): Blobs {
  return new Blobs(placeOf(epoch), MAX_MESSAGE_BYTES);
}

/** Null for a purged mail: only its empty commit is left. */
function entryOf(epoch: Epoch, change: InboxBlob, blob: Blob | string): InboxEntry | null {
  const { commit } = change;
  const place = placeIn(epoch, commit);
  if (typeof blob !== "string")
    return blob.size === 0 ? null : { place, bytes: blob.bytes, size: blob.size, epoch, commit };
  const error = new PatchsigError("unreadable", `${place}: the mail ${blob}`, {
    hint: "git fsck says what is wrong with that repository",
  });
  return { place, error, epoch, change };
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
