/** The commits of a branch as those who look for patches in it see them: titles, authors, trees, and what they link to. */

import type { Repository } from "./repository.ts";
import { git } from "./run.ts";

export interface BranchCommit {
  /** Full names. */
  readonly commit: string;
  readonly tree: string;
  /** When it was committed, seconds since the epoch. */
  readonly time: number;
  /** The author's address, in lower case. */
  readonly author: string;
  readonly title: string;
  /** The Message-IDs in its trailers, with their brackets: of Link and Message-ID. */
  readonly linked: readonly string[];
}

const KEYS = ["Link", "Message-ID", "Patch-Link"];
const FIELDS = [
  "%H",
  "%T",
  "%ct",
  "%ae",
  "%s",
  `%(trailers:${KEYS.map((key) => `key=${key}`).join(",")},valueonly,unfold,separator=%x20)`,
];
const MAX_BYTES = 256 << 20;

/**
 * The newest commits that are no merges.
 *
 * @param tip a full name
 * @param since none that is older; seconds since the epoch
 */
export async function branchCommits(
  { cwd }: Repository,
  tip: string,
  since: number,
  most: number,
): Promise<BranchCommit[]> {
  const which = ["--no-merges", `--max-count=${most}`, `--since=@${since}`];
  const args = ["log", "-z", `--format=${FIELDS.join("%x00")}`, ...which, tip, "--"];
  const texts = (await git(args, { cwd, maxBytes: MAX_BYTES })).toString("utf8").split("\0");
  const commits: BranchCommit[] = [];
  for (let at = 0; at + FIELDS.length <= texts.length; at += FIELDS.length) {
    const [commit, tree, time, author, title, trailers] = texts.slice(at) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const linked = messageIdsIn(trailers);
    commits.push({ commit, tree, time: Number(time), author: author.toLowerCase(), title, linked });
  }
  return commits;
}

const NAME = /[^\s<>/]{1,200}@[^\s<>/]{1,200}/g;
const MAX_TRAILERS = 16 << 10;

/** Bare, in brackets, or at the end of an archive's address. */
function messageIdsIn(text: string): string[] {
  return (text.slice(0, MAX_TRAILERS).match(NAME) ?? []).map((name) => {
    try {
      return `<${decodeURIComponent(name)}>`;
    } catch {
      return `<${name}>`;
    }
  });
}
