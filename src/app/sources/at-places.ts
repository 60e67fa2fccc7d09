/** Mails again, by the places that sources gave them. */

import { dirname } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { Blobs } from "../../git/blobs.ts";
import { gitText, type StartOptions } from "../../git/run.ts";
import { nameOfMail } from "../../mail/message-id.ts";
import { threadHeader } from "../../mail/thread-header.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { mailOfFile } from "../../source/at-place.ts";
import type { SourceMail } from "../../source/item.ts";

/** `REPOSITORY:COMMIT`, as of a public-inbox. */
const COMMIT_PLACE = /^(.+):([0-9a-f]{40}|[0-9a-f]{64})$/s;
/** Mails to ask git for at a time. */
const AT_A_TIME = 64;

/** Where a mail was, and its Message-ID. */
export interface PlacedMail {
  /** As of SourceMail, of files and public-inboxes. */
  readonly place: string;
  /** With its angle brackets: see `nameOfMail`. */
  readonly messageId: string;
}

/** Bytes of mails of a portion, or one larger mail; and of all that `mailsAt` gives. */
const PORTION = 16 << 20;
const TOGETHER = 64 << 20;

/** Bytes that are read before others have their turn, such as other pages. */
const ALONE = 1 << 20;

/**
 * The mails at these places, in their order. Those that are no longer there, or cannot be read, are left
 * out: their source says so when it is read. So is another mail that stands there now, as in an mbox from
 * which mails were deleted; and, so that a page can be made of any thread, what is too much for one.
 */
export async function mailsAt(mails: readonly PlacedMail[]): Promise<SourceMail[]> {
  const reader = new PlaceReader();
  try {
    return await reader.mailsAt(mails);
  } finally {
    reader.close();
  }
}

/** `mailsAt` for those who ask often, one time after the other: git is started once for each repository. */
export class PlaceReader {
  readonly #gits = new Map<string, Blobs>();

  readonly mailsAt = async (mails: readonly PlacedMail[]): Promise<SourceMail[]> => {
    const found = new Map<string, SourceMail>();
    let left = TOGETHER;
    for await (const mail of eachMailAt(mails, this.#gits)) {
      if (mail.size > left) continue;
      left -= mail.size;
      found.set(mail.source, mail);
    }
    return mails.flatMap(({ place }) => found.get(place) ?? []);
  };

  /** As `mailPortionsAt`. */
  readonly portionsAt = (mails: readonly PlacedMail[]): AsyncGenerator<readonly SourceMail[]> =>
    portionsAt(mails, this.#gits);

  close(): void {
    for (const git of this.#gits.values()) git.close();
    this.#gits.clear();
  }
}

/** The same, however many they are: some at a time, and in any order; in theirs if they are of one source. */
export async function* mailPortionsAt(
  mails: readonly PlacedMail[],
): AsyncGenerator<readonly SourceMail[]> {
  const reader = new PlaceReader();
  try {
    yield* reader.portionsAt(mails);
  } finally {
    reader.close();
  }
}

async function* portionsAt(
  mails: readonly PlacedMail[],
  gits: Map<string, Blobs>,
): AsyncGenerator<readonly SourceMail[]> {
  let [portion, held]: [SourceMail[], number] = [[], 0];
  for await (const mail of eachMailAt(mails, gits)) {
    portion.push(mail);
    held += mail.size;
    if (held < PORTION) continue;
    yield portion;
    [portion, held] = [[], 0];
  }
  if (portion.length > 0) yield portion;
}

/** @param gits those that run, by repository; more are added */
async function* eachMailAt(
  mails: readonly PlacedMail[],
  gits: Map<string, Blobs>,
): AsyncGenerator<SourceMail> {
  const ids = new Map(mails.map(({ place, messageId }) => [place, messageId]));
  let alone = 0;
  for await (const mail of atPlaces([...ids.keys()], gits)) {
    const { source, bytes, size } = mail;
    alone += size;
    if (alone >= ALONE) {
      alone = 0;
      await new Promise(setImmediate);
    }
    if (bytes !== null && nameOfMail(threadHeader(bytes).messageId, bytes) === ids.get(source))
      yield mail;
  }
}

async function* atPlaces(
  places: readonly string[],
  gits: Map<string, Blobs>,
): AsyncGenerator<SourceMail> {
  const commits = new Map<string, [place: string, commit: string][]>();
  for (const place of places) {
    const [, repository, commit] = COMMIT_PLACE.exec(place) ?? [];
    if (repository === undefined || commit === undefined) {
      const mail = quietly(() => mailOfFile(place));
      if (mail !== null) yield mail;
      continue;
    }
    const wanted = commits.get(repository);
    if (wanted === undefined) commits.set(repository, [[place, commit]]);
    else wanted.push([place, commit]);
  }
  for (const [repository, wanted] of commits) yield* mailsOfCommits(repository, wanted, gits);
}

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof PatchsigError) return null;
    throw error;
  }
}

async function* mailsOfCommits(
  repository: string,
  wanted: readonly (readonly [place: string, commit: string])[],
  gits: Map<string, Blobs>,
): AsyncGenerator<SourceMail> {
  const options = {
    cwd: repository,
    elsewhere: true,
    env: { GIT_CEILING_DIRECTORIES: dirname(repository) },
  } as const;
  const blobs = gits.get(repository) ?? new Blobs(options, MAX_MESSAGE_BYTES);
  // until all that was asked for is taken, it cannot be asked for more
  gits.delete(repository);
  let isAtRest = false;
  try {
    for (let at = 0; at < wanted.length; at += AT_A_TIME) {
      const some = wanted.slice(at, at + AT_A_TIME);
      blobs.ask(some.map(([, commit]) => `${commit}:m`));
      for (const [source, commit] of some) {
        const blob = (await blobs.take()) ?? (await ofVersion1(options, commit));
        if (blob !== null && blob.size > 0) yield { source, ...blob };
      }
    }
    isAtRest = true;
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
  } finally {
    if (isAtRest && !gits.has(repository)) gits.set(repository, blobs);
    else blobs.close();
  }
}

/** In an inbox of version 1, a mail's file has a name of its own. */
async function ofVersion1(options: StartOptions, commit: string): ReturnType<Blobs["take"]> {
  const args = ["diff-tree", "--root", "--no-commit-id", "-r", "--diff-filter=AM", commit, "--"];
  const [, blob] = /^:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) /.exec(await gitText(args, options)) ?? [];
  if (blob === undefined) return null;
  const blobs = new Blobs(options, MAX_MESSAGE_BYTES);
  try {
    blobs.ask([blob]);
    return await blobs.take();
  } finally {
    blobs.close();
  }
}
