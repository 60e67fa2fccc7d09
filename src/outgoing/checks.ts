/** Finds objections to sending a series as it is. Pure. */

import { count } from "../primitives/words.ts";
import type { SentVersion } from "./state.ts";

/** What is known before anything is sent. */
export interface SendFacts {
  /** Titles of the commits, oldest first. */
  readonly titles: readonly string[];
  readonly merges: number;
  /** Why others lack the base; null if they have it. */
  readonly basePrivate: string | null;
  /** It should have a cover letter, but nobody has written one. */
  readonly coverMissing: boolean;
  /** The newest version that was sent; null if none was. */
  readonly previous: SentVersion | null;
  /** All commits were sent in that version already. */
  readonly unchanged: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The user's limits (docs/sending.md, "Settings"). */
export interface SendLimits {
  readonly maxPatches: number;
  /** Seconds between two versions; 0: none. */
  readonly minInterval: number;
}

/** Names of the checks, as `--allow NAME` takes them. */
export const CHECKS = [
  "private-base",
  "merges",
  "unfinished",
  "many",
  "recent",
  "no-cover",
  "unchanged",
] as const;
export type CheckName = (typeof CHECKS)[number];

export interface Objection {
  readonly check: CheckName;
  /** One line. */
  readonly why: string;
  /** What to do instead of `--allow`; "" if there is nothing. */
  readonly hint: string;
}

/** Titles that git's tools and people give to unfinished commits. */
const UNFINISHED =
  /^(?:(?:fixup|squash|amend)!|\[?(?:WIP|wip|TODO|DROP|DONOTMERGE|DO NOT MERGE)\b)/;

/** All objections, the most serious first. */
export function objections(facts: SendFacts, limits: SendLimits): Objection[] {
  const { titles, merges, basePrivate, previous, now } = facts;
  const unfinished = titles.find((title) => UNFINISHED.test(title));
  const since = previous === null ? Infinity : now - previous.time;
  const all: readonly (Objection | false)[] = [
    basePrivate !== null && {
      check: "private-base",
      why: `nobody else has the base commit: ${basePrivate}`,
      hint: "push it, or rebase onto what others have",
    },
    merges > 0 && {
      check: "merges",
      why: `${count(merges, "merge")} in the range: git writes no patch for a merge`,
      hint: "git rebase makes a line of commits of it",
    },
    unfinished !== undefined && {
      check: "unfinished",
      why: `a commit is not finished: ${unfinished}`,
      hint: "git rebase -i --autosquash",
    },
    titles.length > limits.maxPatches && {
      check: "many",
      why: `${titles.length} patches, more than ${limits.maxPatches}: few people review so many`,
      hint: "send it in parts; patchsig.sendMaxPatches is the limit",
    },
    facts.coverMissing && {
      check: "no-cover",
      why: `${count(titles.length, "patch")}, and no cover letter`,
      hint: "git patchsig series cover --edit writes it; --no-cover sends none",
    },
    since < limits.minInterval && {
      check: "recent",
      why: `v${previous!.version} was sent ${hours(since)} ago`,
      hint: "people need time to review; patchsig.sendMinInterval is the limit",
    },
    facts.unchanged && {
      check: "unchanged",
      why: `these are the commits that were sent as v${previous!.version}`,
      hint: `--resend v${previous!.version} sends the same version again`,
    },
  ];
  return all.filter((one): one is Objection => one !== false);
}

function hours(seconds: number): string {
  return seconds < 7200
    ? count(Math.floor(seconds / 60), "minute")
    : `${Math.floor(seconds / 3600)} hours`;
}
