/** Series as versions of works, as `series list` prints them, and as `chooseSeries` chooses among them. */

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

/** What proves who sent a patch, the weakest first. */
export const PROOFS = ["none", "vouched", "signed"] as const;
type Proof = (typeof PROOFS)[number];

/** A series that was read. `S` is the caller's own data. */
export interface ReadSeries<S> {
  readonly series: S;
  readonly outline: SeriesOutline;
  readonly verdict: Verdict;
  readonly mails: readonly VersionMail[];
  /** One for each of its patches. */
  readonly proofs: readonly Proof[];
  /** The states of the keys that signed its mails; empty if trust was not looked at. */
  readonly trusts: ReadonlySet<KeyTrust | null>;
}

/** A series with what choosing needs. */
export interface Version<S> extends Omit<ReadSeries<S>, "mails" | "proofs"> {
  /** Its number in `series list`, from 1. */
  readonly number: number;
  /** `v2` or `v5.1`. */
  readonly name: string;
  readonly facts: VersionFacts;
  /** It has patches to apply, and not all of them were refused. A reply with a diff does not count as a patch. */
  readonly isCandidate: boolean;
  /** A digest of its patches: equal for two series of which git would make the same commits. */
  readonly content: string;
  /** The weakest proof among its patches. */
  readonly proof: Proof;
}

/** Numbers series, and finds what choosing needs. */
export function versionsOf<S>(all: readonly ReadSeries<S>[]): Version<S>[] {
  // if all mails were refused, they are candidates too, so that the user sees why
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
 * Makes versions of judged series.
 *
 * @param factsOf gets the facts from what was kept of a mail
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
          // also through replies: a v3 may answer a reviewer's reply to v2
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

/** The works that these are versions of, each with its versions in order. */
export function worksIn<S>(
  versions: readonly Version<S>[],
  hand: readonly HandLink[],
): { readonly versions: readonly Version<S>[]; readonly links: Work["links"] }[] {
  return worksOf(
    versions.map(({ facts }) => facts),
    hand,
  ).map(({ members, links }) => ({ versions: members.map((at) => versions[at]!), links }));
}

/** True if `a` has a higher version than `b`. */
export function isNewer(a: Version<unknown>, b: Version<unknown>): boolean {
  return compareVersions(a.facts, b.facts) > 0;
}
