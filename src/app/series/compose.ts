/** `v1 + v2 2/5`: a series of which parts were sent again. Pure. */

import { numberList, rangesOf } from "../../verify/numbers.ts";
import { finding } from "../../findings.ts";
import { verdictOf, worstOf } from "../../verify/result.ts";
import type { Collected, JudgedMember } from "../../verify/series.ts";
import { type Version, versionName } from "./versions.ts";

export interface Composition<P> {
  readonly series: Collected<P>;
  readonly name: string;
}

/**
 * The members of a version, those that were sent again in the place of the first ones. It was never signed
 * as a whole.
 *
 * @param parts oldest first: the last one counts
 */
export function compose<P>(base: Version<P>, parts: readonly Version<P>[]): Composition<P> {
  const { result } = base.series;
  const from = new Map<number, { version: Version<P>; member: JudgedMember<P> }>();
  for (const version of parts)
    for (const member of version.series.members) {
      const { index } = member.evidence.number;
      if (index >= 1 && index <= result.total) from.set(index, { version, member });
    }
  const kept = base.series.members.filter(({ evidence }) => !from.has(evidence.number.index));
  const members = [...kept, ...[...from.values()].map(({ member }) => member)].sort(
    (a, b) => a.evidence.number.index - b.evidence.number.index,
  );
  const name = [versionName(base.facts), ...parts.flatMap((one) => partName(one, from))].join(
    " + ",
  );
  const findings = [...result.findings, finding("series-composed", `composed: ${name}`)];
  return {
    name,
    series: {
      members,
      received: members,
      replies: [...new Set([base, ...parts].flatMap(({ series }) => series.replies))],
      result: {
        ...result,
        id: null,
        sealed: false,
        members: [...result.members, ...parts.flatMap(({ series }) => series.result.members)],
        findings,
        verdict: worstOf([verdictOf(findings), ...members.map(({ verdict }) => verdict)]),
      },
    },
  };
}

/** `v2 2/5`, of the numbers that count; none if all of them were sent again later. */
function partName<P>(
  part: Version<P>,
  from: ReadonlyMap<number, { readonly version: Version<P> }>,
): string[] {
  const numbers = [...from].flatMap(([index, { version }]) => (version === part ? [index] : []));
  if (numbers.length === 0) return [];
  const list = numberList(rangesOf(numbers.sort((a, b) => a - b)));
  return [`${versionName(part.facts)} ${list}/${part.series.result.total}`];
}
