/** The series of some sources as versions of works: what `series list` prints, and choosing chooses from. */

import {
  compareVersions,
  type HandLink,
  type VersionFacts,
  type Work,
  worksOf,
} from "../../series/works.ts";
import { above, type ThreadMail } from "../../series/item.ts";
import type { Verdict } from "../../types.ts";
import type { KeyTrust, SeriesOutline } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import { type VersionMail, versionFacts } from "../../verify/versions.ts";

/** How well it is proved who sent it. */
export const PROOFS = ["none", "vouched", "signed"] as const;
type Proof = (typeof PROOFS)[number];

/** A series as it was read, and what is known of it. */
export interface ReadSeries<S> {
  readonly series: S;
  readonly outline: SeriesOutline;
  readonly verdict: Verdict;
  readonly mails: readonly VersionMail[];
  /** Of its patches. */
  readonly proofs: readonly Proof[];
  /** What is known of the keys that signed; nothing if nobody asked. */
  readonly trusts: ReadonlySet<KeyTrust | null>;
}

/** The same with what choosing asks of it. `S` is the caller's own. */
export interface Version<S> extends Omit<ReadSeries<S>, "mails" | "proofs"> {
  /** In `series list`, from 1. */
  readonly number: number;
  /** `v2` · `v5.1` */
  readonly name: string;
  readonly facts: VersionFacts;
  /** It has patches to apply, and not only in refused mails; a reply with a diff is none. */
  readonly isCandidate: boolean;
  /** Equal if git would make the same commits of both. */
  readonly content: string;
  /** The weakest of its patches counts. */
  readonly proof: Proof;
}

export function versionsOf<S>(all: readonly ReadSeries<S>[]): Version<S>[] {
  // of refused mails only, somebody wants to see why
  const isAnyRead = all.some(({ mails }) => hasPatches(mails) && mails.some(({ read }) => read));
  return all.map(({ mails, proofs, ...read }, i) => {
    const facts = versionFacts(read.outline.version, mails);
    const contents = mails.flatMap(({ content }) => content ?? []);
    return {
      ...read,
      number: i + 1,
      name: nameOf(facts),
      facts,
      isCandidate: hasPatches(mails) && (!isAnyRead || mails.some(({ read }) => read)),
      content: [...new Set(contents)].sort().join(" "),
      proof: PROOFS[Math.min(...proofs.map((proof) => PROOFS.indexOf(proof)), 2)]!,
    };
  });
}

/**
 * Judged series as versions.
 *
 * @param factsOf of what is kept of a mail
 */
export function judgedVersions<P>(
  all: readonly Collected<P>[],
  factsOf: (payload: P) => VersionMail,
): Version<Collected<P>>[] {
  const repliesIn = new Map<unknown, ReadonlyMap<string, ThreadMail>>();
  for (const portion of new Set(all.flatMap(({ portions }) => portions)))
    repliesIn.set(portion, new Map(portion.links.map((link) => [link.messageId, link])));
  return versionsOf(
    all.map((series) => {
      const replies = repliesIn.get(series.portions[0]) ?? new Map();
      const patches = series.members.filter(({ evidence }) => evidence.kind === "patch");
      return {
        series,
        outline: series.result,
        verdict: series.result.verdict,
        mails: series.received.map(({ payload }) => {
          const facts = factsOf(payload);
          // v3 in reply to what was said of v2
          return { ...facts, references: [...above(facts, replies)] };
        }),
        proofs: patches.map(({ result: { signature, verdict, vouched } }) => {
          if (signature === "good" && verdict !== "fail") return "signed";
          return vouched === null ? "none" : "vouched";
        }),
        trusts: new Set(series.members.map(({ result }) => result.trust)),
      };
    }),
  );
}

function hasPatches(mails: readonly VersionMail[]): boolean {
  return mails.some(({ kind, isAnswer }) => kind === "patch" && !isAnswer);
}

function nameOf({ version, minor }: VersionFacts): string {
  return minor === "" ? `v${version}` : `v${version}.${minor}`;
}

/** What they are versions of, each with its versions in order. */
export function worksIn<S>(
  versions: readonly Version<S>[],
  hand: readonly HandLink[],
): { readonly versions: readonly Version<S>[]; readonly links: Work["links"] }[] {
  return worksOf(
    versions.map(({ facts }) => facts),
    hand,
  ).map(({ members, links }) => ({ versions: members.map((at) => versions[at]!), links }));
}

export function isNewer(a: Version<unknown>, b: Version<unknown>): boolean {
  return compareVersions(a.facts, b.facts) > 0;
}
