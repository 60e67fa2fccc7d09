/**
 * The followed feeds: each has a folder below `feeds/` in the data folder, a public-inbox with a file followed.json.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { FollowedFeed } from "../../feed/followed.ts";
import { dataFolder, makeFolders } from "../../places.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import { placeFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import { now } from "../now.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The file with a feed's state, in the feed's folder. */
export const STATE = "followed.json";

function feedsFolder(): string {
  return join(dataFolder(process.env), "feeds");
}

/** The folder of a feed, followed or not. @throws PatchsigError "usage" for what cannot be a name */
export function followedFolder(name: string): string {
  if (NAME.test(name)) return join(feedsFolder(), name);
  throw new PatchsigError("usage", `"${name}" cannot be a feed's name`, {
    hint: "letters, digits, '.', '_' and '-'",
  });
}

/** @throws PatchsigError "usage" for what cannot be a name */
export function isFollowed(name: string): boolean {
  return existsSync(join(followedFolder(name), STATE));
}

/** The names of all followed feeds, sorted. */
export function followedNames(): string[] {
  if (!existsSync(feedsFolder())) return [];
  return readdirSync(feedsFolder())
    .filter((name) => NAME.test(name) && existsSync(join(feedsFolder(), name, STATE)))
    .sort();
}

/** All followed feeds, sorted by name. @throws PatchsigError "unreadable" if the state of one is damaged */
export function followedFeeds(): FollowedFeed[] {
  return followedNames().map(followedFeed);
}

/** @throws PatchsigError "not-found" if no feed is followed under this name */
export function requireFollowed(name: string): void {
  if (isFollowed(name)) return;
  throw new PatchsigError("not-found", `no feed is followed as ${name}`, {
    hint: "patchsig feed list shows those that are",
  });
}

/**
 * Tells whether a result in the index has been taken back by its feed, or came from a feed that is no longer
 * followed.
 */
export type IsWithdrawn = (row: Pick<StoredResult, "place" | "withdrawn">) => boolean;

/**
 * Knows what the index has marked as withdrawn, and what it will mark at its next update.
 *
 * @throws PatchsigError "unreadable" if the state of a feed is damaged
 */
export function withdrawals(): IsWithdrawn {
  const feeds = followedFeeds();
  const places = new Set(
    feeds.flatMap(({ name, withdrawn }) =>
      withdrawn
        .filter(({ record }) => record)
        .map(
          ({ epoch, commit }) => `${join(followedFolder(name), "git", `${epoch}.git`)}:${commit}`,
        ),
    ),
  );
  const below = `${feedsFolder()}/`;
  const names = new Set(feeds.map(({ name }) => name));
  const isHere = (place: string): boolean =>
    !place.startsWith(below) || names.has(place.slice(below.length).split("/", 1)[0]!);
  return ({ place, withdrawn }) => withdrawn === 1 || places.has(place) || !isHere(place);
}

/**
 * The state of a feed. @throws PatchsigError "not-found" if it is not followed; "unreadable" if its state is damaged
 */
export function followedFeed(name: string): FollowedFeed {
  requireFollowed(name);
  const file = join(followedFolder(name), STATE);
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as FollowedFeed;
    if (typeof read.url === "string" && typeof read.heads === "object")
      return { ...read, name, behind: read.behind ?? {}, contents: read.contents ?? 0 };
  } catch {
    // said below
  }
  throw new PatchsigError("unreadable", `${file} is damaged`, {
    hint: `patchsig feed unfollow ${name}, and follow it again`,
  });
}

/** The folder with a followed feed's mails. @throws PatchsigError as `followedFeed` */
export function followedSource(name: string): string {
  followedFeed(name);
  return followedFolder(name);
}

/** Marks that older mails have come, or were dropped here, so that the index reads the feed from its beginning. */
export function withOtherMails(feed: FollowedFeed): FollowedFeed {
  return { ...feed, contents: Math.max(feed.contents + 1, now()) };
}

/** Stores the state of a feed; it is on disk when this returns. */
export function rememberFeed({ name, ...state }: FollowedFeed): void {
  const folder = followedFolder(name);
  writing(folder, () => makeFolders(folder, 0o700));
  placeFile(join(folder, STATE), Buffer.from(`${JSON.stringify(state, null, 1)}\n`));
}
