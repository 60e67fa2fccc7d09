/** The series of some sources as versions of works: what `series list` prints, and choosing chooses from. */

import { compareVersions, type HandLink, type Work, worksOf } from "../../series/works.ts";
import type { VersionFacts } from "../../series/works.ts";
import type { Collected } from "../../verify/series.ts";
import { type MailFacts, versionFacts } from "../../verify/versions.ts";

/** A series, and what choosing asks of it. */
export interface Version<P> {
  /** In `series list`, from 1. */
  readonly number: number;
  readonly series: Collected<P>;
  readonly facts: VersionFacts;
  /** It has patches to apply, and not only in refused mails; a reply with a diff is none. */
  readonly isCandidate: boolean;
  /** Equal if git would make the same commits of both. */
  readonly content: string;
  readonly proof: Proof;
}

/** How well it is proved who sent it: the weakest of its patches counts. */
export const PROOFS = ["none", "vouched", "signed"] as const;
type Proof = (typeof PROOFS)[number];

/** @param factsOf of what is kept of a mail */
export function versionsOf<P>(
  all: readonly Collected<P>[],
  factsOf: (payload: P) => MailFacts,
): Version<P>[] {
  const facts = all.map(({ received }) => received.map(({ payload }) => factsOf(payload)));
  // of refused mails only, somebody wants to see why
  const isAnyRead = facts.some((mails) => hasPatches(mails) && mails.some(({ read }) => read));
  return all.map((series, i) => {
    const mails = facts[i]!;
    return {
      number: i + 1,
      series,
      facts: versionFacts(series.result.version, mails),
      isCandidate: hasPatches(mails) && (!isAnyRead || mails.some(({ read }) => read)),
      content: mails
        .map(({ content }) => content ?? "")
        .sort()
        .join(" "),
      proof: proofOf(series),
    };
  });
}

function hasPatches(mails: readonly MailFacts[]): boolean {
  return mails.some(({ kind, isAnswer }) => kind === "patch" && !isAnswer);
}

function proofOf({ members }: Collected<unknown>): Proof {
  const ranks = members.flatMap(({ evidence, result }) => {
    if (evidence.kind !== "patch") return [];
    const isSigned = result.signature === "good" && result.verdict !== "fail";
    return isSigned ? [2] : [result.vouched === null ? 0 : 1];
  });
  return PROOFS[Math.min(...ranks, 2)]!;
}

/** What they are versions of, each with its versions in order. */
export function worksIn<P>(
  versions: readonly Version<P>[],
  hand: readonly HandLink[],
): { readonly versions: readonly Version<P>[]; readonly links: Work["links"] }[] {
  return worksOf(
    versions.map(({ facts }) => facts),
    hand,
  ).map(({ members, links }) => ({ versions: members.map((at) => versions[at]!), links }));
}

/** `v2` · `v5.1` */
export function versionName({ version, minor }: Pick<VersionFacts, "version" | "minor">): string {
  return minor === "" ? `v${version}` : `v${version}.${minor}`;
}

export function isNewer(a: Version<unknown>, b: Version<unknown>): boolean {
  return compareVersions(a.facts, b.facts) > 0;
}
