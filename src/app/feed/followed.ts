/** The feeds that are followed: a folder each below `feeds/` in the data folder, an inbox with followed.json. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { FollowedFeed } from "../../feed/followed.ts";
import { dataFolder } from "../../places.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import { placeFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import { now } from "../now.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const STATE = "followed.json";

function feedsFolder(): string {
  return join(dataFolder(process.env), "feeds");
}

/** @throws PatchsigError "usage" for what cannot be a name */
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

/** All feeds that are followed, by their names. */
export function followedFeeds(): FollowedFeed[] {
  if (!existsSync(feedsFolder())) return [];
  return readdirSync(feedsFolder())
    .filter((name) => NAME.test(name) && existsSync(join(feedsFolder(), name, STATE)))
    .sort()
    .map(followedFeed);
}

/** Says of a result of the index if the feed that it came from has taken it back, or is not followed any more. */
export type IsWithdrawn = (row: Pick<StoredResult, "place" | "withdrawn">) => boolean;

/**
 * What the index knows of that, and what it will know with its next update.
 *
 * @throws PatchsigError "unreadable" if what is remembered of a feed is damaged
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

/** @throws PatchsigError "not-found"; "unreadable" if what is remembered is damaged */
export function followedFeed(name: string): FollowedFeed {
  const file = join(followedFolder(name), STATE);
  if (!existsSync(file))
    throw new PatchsigError("not-found", `no feed is followed as ${name}`, {
      hint: "patchsig feed list shows those that are",
    });
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as FollowedFeed;
    if (typeof read.url === "string" && typeof read.heads === "object")
      return { ...read, name, behind: read.behind ?? {}, contents: read.contents ?? 0 };
  } catch {
    // said below
  }
  throw new PatchsigError("unreadable", `${file} is damaged`, {
    hint: "patchsig feed unfollow, and follow it again",
  });
}

/** Where the mails of a feed are that is followed. @throws PatchsigError "not-found" */
export function followedSource(name: string): string {
  followedFeed(name);
  return followedFolder(name);
}

/** Of its mails, older ones have come, or are no longer here: who has an index looks at all of them again. */
export function withOtherMails(feed: FollowedFeed): FollowedFeed {
  return { ...feed, contents: Math.max(feed.contents + 1, now()) };
}

/** Whole on the disk when this returns. */
export function rememberFeed({ name, ...state }: FollowedFeed): void {
  const folder = followedFolder(name);
  writing(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  placeFile(join(folder, STATE), Buffer.from(`${JSON.stringify(state, null, 1)}\n`));
}

/** All of it, the mails too. */
export function forgetFeed(name: string): void {
  followedFeed(name);
  const folder = followedFolder(name);
  writing(folder, () => {
    // without this, what a killed run leaves is no feed any more
    rmSync(join(folder, STATE));
    rmSync(folder, { recursive: true, force: true });
  });
}
