/** Follows a feed by a query, for lists that are too large to fetch: asks a public-inbox for the mails that match. */

import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { feedMail, type FeedMail } from "../../feed/commit.ts";
import type { FeedUpdate, FollowedFeed } from "../../feed/followed.ts";
import { folderSize, makeEpoch } from "../../git/feed-write.ts";
import { epochsOf } from "../../git/epochs.ts";
import { MboxSplitter } from "../../mail/mbox.ts";
import { DAY } from "../../primitives/time.ts";
import { count } from "../../primitives/words.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { storeMails, withFeed } from "./add.ts";
import { followedFolder, rememberFeed } from "./followed.ts";
import { ask, type WebAnswer } from "./http.ts";
import { sinceTime } from "./since.ts";
import { withFollowed } from "./with-followed.ts";

/** Seconds to ask for again: a mail may reach the server's index some time after it was received. */
const OVERLAP = DAY;
/** Bytes of mails to store at a time. */
const PORTION = 16 << 20;

/**
 * Asks for the mails received since the last update, and stores those that are new.
 *
 * @throws PatchsigError "unreadable" if the server cannot be reached, or cannot search; "too-large" if it sends more than
 *   there is room for: the mails before that are stored, and the next update asks for all of them again
 */
export async function updateByQuery(feed: FollowedFeed, reporter: Reporter): Promise<FeedUpdate> {
  const folder = followedFolder(feed.name);
  const asked = now();
  // a feed has at least one epoch, even if no mail comes
  await withFeed(folder, reporter.say, async () => {
    if (epochsOf(folder) === null) await makeEpoch(folder, 0);
  });
  const answer = await ask(addressOf(feed), "POST");
  let added = 0;
  if (answer.partial) reporter.say(`note: ${feed.url} says that it has only a part of the list`);
  if (answer.ok) {
    const room = feed.max - folderSize(join(folder, "git"));
    const mails = mailsIn(answer, Math.max(0, room), feed);
    for await (const some of mails) {
      // the server's order is by relevance, or the newest first
      some.sort((a, b) => a.received.time - b.received.time);
      added += (await storeMails(folder, some, { both: true, say: reporter.say })).added.length;
      reporter.progress?.(`${feed.name}: ${count(added, "mail")}`, added, 0, asked * 1000);
    }
  } else {
    await answer.body.return(undefined);
    // 404: nothing matches
    if (answer.status !== 404) throw noSearch(feed, answer.status);
  }
  const after = await withFollowed(feed.name, reporter.say, async (before) => {
    const now = { ...before, updated: asked };
    rememberFeed(now);
    return now;
  });
  return {
    feed: after,
    changed: added > 0 ? [0] : [],
    withdrawn: [],
    contradictions: [],
    withheld: [],
    left: 0,
    dropped: 0,
    behind: 0,
  };
}

function noSearch({ url }: FollowedFeed, status: number): PatchsigError {
  return new PatchsigError("unreadable", `${url} does not answer queries (${status})`, {
    hint: "a public-inbox with an index does; without --query, git fetches the feed",
  });
}

function addressOf({ url, query, since, updated }: FollowedFeed): string {
  const from = updated > 0 ? updated - OVERLAP : since === null ? null : sinceTime(since, now());
  const words = from === null ? query! : `${query!} rt:${from}..`;
  return `${url}/?${new URLSearchParams({ q: words, x: "m" }).toString()}`;
}

/** The mails of the answer, in portions. @param most bytes of the answer, unpacked */
async function* mailsIn(
  answer: WebAnswer,
  most: number,
  { url }: FollowedFeed,
): AsyncGenerator<FeedMail[]> {
  const splitter = new MboxSplitter({ keepCr: true });
  let [size, held]: [number, number] = [0, 0];
  let portion: FeedMail[] = [];
  const take = (found: ReturnType<MboxSplitter["push"]>): void => {
    for (const { bytes } of found) {
      const mail = bytes === null ? null : feedMail(unescaped(bytes), now());
      // a mail that a feed cannot hold did not come from a public-inbox
      if (mail === null || "why" in mail) continue;
      portion.push(mail);
      held += mail.bytes.length;
    }
  };
  for await (const bytes of unpackedBody(answer, url)) {
    size += bytes.length;
    if (size > most) {
      if (portion.length > 0) yield portion;
      throw new PatchsigError("too-large", `${url} sends more than --max allows`, {
        hint: "a narrower --query or --since brings less; --max SIZE allows more",
      });
    }
    take(splitter.push(bytes));
    if (held < PORTION) continue;
    yield portion;
    [portion, held] = [[], 0];
  }
  take(splitter.end());
  if (portion.length > 0) yield portion;
}

async function* unpackedBody({ body }: WebAnswer, url: string): AsyncGenerator<Buffer> {
  const packed = Readable.from(body, { objectMode: false });
  const plain = createGunzip({ chunkSize: 1 << 18 });
  packed.on("error", (error) => plain.destroy(error));
  try {
    yield* packed.pipe(plain) as AsyncIterable<Buffer>;
  } catch (cause) {
    if (cause instanceof PatchsigError) throw cause;
    throw new PatchsigError("unreadable", `${url}: the answer is cut off or damaged`, { cause });
  } finally {
    packed.destroy();
    plain.destroy();
  }
}

/** Undoes mboxrd's quoting of `From ` lines. */
function unescaped(mail: Buffer): Buffer {
  if (!mail.includes("\n>")) return mail;
  return Buffer.from(mail.toString("latin1").replace(/^>(?=>*From )/gm, ""), "latin1");
}
