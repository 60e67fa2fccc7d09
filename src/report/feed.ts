/** Feeds that are followed, and what an update brought. */

import { ASLEEP } from "../feed/description.ts";
import type { FeedUpdate, FollowedFeed, VerifiedFeed, WithdrawnMail } from "../feed/followed.ts";
import { day } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { ours, type SafeText } from "./escape.ts";

/** Withdrawn mails that are named one by one. */
const MAX_NAMED = 20;

/** @param now seconds since the epoch */
export function renderUpdate(update: FeedUpdate, now: number): SafeText[] {
  const { feed, changed, withdrawn, withheld } = update;
  const news = changed.length === 0 ? ours`nothing new` : ours`new mails`;
  return [
    ours`${feed.name}: ${news}`,
    ...(update.left === 0
      ? []
      : [ours`  ${count(update.left, "older mail")} left out: --max allows no more`]),
    ...(update.behind === 0
      ? []
      : [
          ours`  behind: the server lacks ${count(update.behind, "mail")} that it had; a mirror may lag`,
        ]),
    ...(update.dropped === 0
      ? []
      : [ours`  ${count(update.dropped, "older mail")} dropped: --max allows no more`]),
    ...withheld.map((epoch) => ours`  withheld: epoch ${epoch} was there before`),
    ...contradictionLines(update.contradictions),
    ...withdrawnLines(withdrawn),
    ...asleepLines(feed, now),
  ];
}

function contradictionLines(all: readonly string[]): SafeText[] {
  const more = all.length - MAX_NAMED;
  return [
    ...all.slice(0, MAX_NAMED).map((line) => ours`  contradicted: ${line}`),
    ...(more > 0 ? [ours`  … and ${more} more`] : []),
  ];
}

const WORTH = {
  result: {
    counts: "counts",
    claims: "claims, the key is not accepted for results here",
    void: "void, the key is revoked",
  },
  review: {
    counts: "the key is pinned here",
    claims: "the key is not pinned here",
    void: "void, the key is revoked",
  },
} as const;

export function renderVerifiedFeed({ name, keys, bad, contradictions }: VerifiedFeed): SafeText[] {
  const records = keys.reduce((sum, key) => sum + key.records, 0);
  return [
    ours`${name}: ${count(records, "signed record")}${bad === 0 ? "" : `, ${bad} not good`}`,
    ...keys.flatMap((key) => [
      ours`  ${count(key.records, key.kind)} by ${key.by}: ${WORTH[key.kind][key.worth]}`,
      ours`    ${key.publicKey}`,
      ours`    first: ${key.first}`,
    ]),
    ...contradictionLines(contradictions),
  ];
}

/** A feed that described itself, and does no longer. */
function asleepLines({ described }: FollowedFeed, now: number): SafeText[] {
  if (described === 0 || now < described + ASLEEP) return [];
  return [ours`  asleep: its owner last described it on ${day(described)}`];
}

function withdrawnLines(withdrawn: readonly WithdrawnMail[]): SafeText[] {
  if (withdrawn.length === 0) return [];
  // a signed record that is denied matters more than a mail
  const sorted = [...withdrawn.filter((m) => m.record), ...withdrawn.filter((m) => !m.record)];
  const more = sorted.length - MAX_NAMED;
  return [
    ours`  rewritten: ${count(withdrawn.length, "mail")} that had been published ${withdrawn.length === 1 ? "is" : "are"} gone`,
    ...sorted
      .slice(0, MAX_NAMED)
      .map((m) => ours`  withdrawn: ${m.record ? "record " : ""}${m.messageId} ${m.subject}`),
    ...(more > 0 ? [ours`  … and ${more} more`] : []),
  ];
}

export function renderFeeds(feeds: readonly FollowedFeed[]): SafeText[] {
  return feeds.map(({ name, url, updated, withdrawn, query }) => {
    const when = updated === 0 ? "incomplete" : day(updated);
    const gone = withdrawn.length === 0 ? "" : `  ${withdrawn.length} withdrawn`;
    return ours`${name.padEnd(20)} ${when}  ${url}${query === null ? "" : ` ${query}`}${gone}`;
  });
}
