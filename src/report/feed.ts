/** Feeds that are followed, and what an update brought. */

import type { FeedUpdate, FollowedFeed, WithdrawnMail } from "../feed/followed.ts";
import { day } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { ours, type SafeText } from "./escape.ts";

/** Withdrawn mails that are named one by one. */
const MAX_NAMED = 20;

export function renderUpdate({ feed, changed, withdrawn, withheld }: FeedUpdate): SafeText[] {
  const news = changed.length === 0 ? ours`nothing new` : ours`new mails`;
  return [
    ours`${feed.name}: ${news}`,
    ...withheld.map((epoch) => ours`  withheld: epoch ${epoch} was there before`),
    ...withdrawnLines(withdrawn),
  ];
}

function withdrawnLines(withdrawn: readonly WithdrawnMail[]): SafeText[] {
  if (withdrawn.length === 0) return [];
  // a signed record that is denied matters more than a mail
  const sorted = [...withdrawn.filter((m) => m.record), ...withdrawn.filter((m) => !m.record)];
  const more = sorted.length - MAX_NAMED;
  return [
    ours`  rewritten: ${count(withdrawn.length, "mail")} that had been published no longer are`,
    ...sorted
      .slice(0, MAX_NAMED)
      .map((m) => ours`  withdrawn: ${m.record ? "record " : ""}${m.messageId} ${m.subject}`),
    ...(more > 0 ? [ours`  … and ${more} more`] : []),
  ];
}

export function renderFeeds(feeds: readonly FollowedFeed[]): SafeText[] {
  return feeds.map(({ name, url, updated, withdrawn, query }) => {
    const when = updated === 0 ? "not whole yet" : day(updated);
    const gone = withdrawn.length === 0 ? "" : `  ${withdrawn.length} withdrawn`;
    return ours`${name.padEnd(20)} ${when}  ${url}${query === null ? "" : ` ${query}`}${gone}`;
  });
}
