/** `patchsig feed follow`, `update`, `list` and `unfollow`. */

import { now } from "../../app/now.ts";
import { followFeed } from "../../app/feed/follow.ts";
import { followedFeed, followedNames, requireFollowed } from "../../app/feed/followed.ts";
import { updateFeed } from "../../app/feed/update.ts";
import { forgetFeed } from "../../app/feed/with-followed.ts";
import { EXIT } from "../../errors.ts";
import type { FeedUpdate } from "../../feed/followed.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { eachFeed } from "./each.ts";
import { renderFeeds, renderUpdate } from "../../report/feed.ts";
import { clearProgress, out, reporter, say } from "../../terminal/terminal.ts";
import { flag, repeated, required, several, value } from "../../options/kinds.ts";

/** The names of all that are followed; if there are none, that is said. */
function allFeeds(): string[] {
  const names = followedNames();
  if (names.length === 0) say("no feed is followed: patchsig feed follow URL begins with one");
  return names;
}

/** What was withdrawn does not meet anybody's policy. */
function show(update: FeedUpdate): CommandStatus {
  clearProgress();
  out(renderUpdate(update, now()));
  const alarms = [update.withdrawn, update.withheld, update.contradictions];
  return alarms.some(({ length }) => length > 0) ? EXIT.unmet : undefined;
}

export const followCommand = command({
  usage: "follow <url>",
  describe: "fetch a feed, as little as its server can give, and remember it",
  words: { url: required("of an inbox of public-inbox, version 2, or of one of its repositories") },
  options: {
    as: value("its name here (default: the end of the address)"),
    query: value("ask a public-inbox for mails, in lei's words, instead of fetching all"),
    since: value("nothing older, as in 3.months"),
    max: value("not more than this on disk, as in 200M (default: 1G); old mails go first"),
    "headers-only": flag("only From, Date and Subject, where the server can do that"),
    key: repeated("the public key of the feed's owner, or a file that ends in .pub"),
  },
  async run({ url, as, query, since, max, headersOnly, key }) {
    const wishes = { url, name: as, query, since, max, headersOnly, keys: key ?? [] };
    return show(await followFeed(wishes, reporter()));
  },
});

export const updateCommand = command({
  usage: "update [name..]",
  describe: "fetch what is new in feeds",
  words: { name: several("those to update; without any, all") },
  options: {},
  async run({ name }) {
    name.forEach(requireFollowed);
    return eachFeed(name.length === 0 ? allFeeds() : name, async (one) =>
      show(await updateFeed(followedFeed(one), reporter())),
    );
  },
});

export const listCommand = command({
  usage: "list",
  describe: "the feeds that are followed",
  words: {},
  options: {},
  run() {
    return eachFeed(allFeeds(), (one) => out(renderFeeds([followedFeed(one)])));
  },
});

export const unfollowCommand = command({
  usage: "unfollow <name>",
  describe: "forget a feed, and delete what came from it",
  words: { name: required("of the feed") },
  options: {},
  run({ name }) {
    return forgetFeed(name, say);
  },
});
