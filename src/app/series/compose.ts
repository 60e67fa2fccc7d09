/** Composes a series and the patches of it that were sent again: `v1 + v2 2/5`. Pure. */

import { finding } from "../../findings.ts";
import { numberList, rangesOf } from "../../verify/numbers.ts";
import { verdictOf, worstOf } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import type { Version } from "./versions.ts";

/** By the number of each patch that was sent again, the last part that has it. */
function newestParts<S>(
  base: Version<S>,
  parts: readonly Version<S>[],
): ReadonlyMap<number, Version<S>> {
  const { total } = base.outline;
  const numbered = parts.flatMap((part) =>
    part.outline.members.map(({ index }) => [index, part] as const),
  );
  return new Map(numbered.filter(([index]) => index >= 1 && index <= total));
}

/** Names a composed series: `v1 + v2 2/5`. Parts whose patches were all sent again later are left out. */
export function partsName<S>(base: Version<S>, parts: readonly Version<S>[]): string {
  const newest = newestParts(base, parts);
  const named = parts.flatMap((part) => {
    const numbers = [...newest].flatMap(([index, one]) => (one === part ? [index] : []));
    if (numbers.length === 0) return [];
    const list = numberList(rangesOf(numbers.sort((a, b) => a - b)));
    return [`${part.name} ${list}/${base.outline.total}`];
  });
  return [base.name, ...named].join(" + ");
}

/**
 * A version in which patches that were sent again replace the first ones. It never counts as signed as a whole.
 *
 * @param parts the oldest first; of patches with the same number, the last counts
 */
export function composed<P>(
  base: Version<Collected<P>>,
  parts: readonly Version<Collected<P>>[],
): Collected<P> {
  const newest = newestParts(base, parts);
  const kept = base.series.members.filter(({ evidence }) => !newest.has(evidence.number.index));
  const sentAgain = parts.flatMap((part) =>
    part.series.members.filter(({ evidence }) => newest.get(evidence.number.index) === part),
  );
  const members = [...kept, ...sentAgain].sort(
    (a, b) => a.evidence.number.index - b.evidence.number.index,
  );
  const { result } = base.series;
  const findings = [
    ...result.findings,
    finding("series-composed", `composed: ${partsName(base, parts)}`),
  ];
  return {
    members,
    received: members,
    lettersApart: base.series.lettersApart,
    portions: [...new Set([base, ...parts].flatMap(({ series }) => series.portions))],
    result: {
      ...result,
      id: null,
      sealed: false,
      members: [...result.members, ...parts.flatMap(({ series }) => series.result.members)],
      findings,
      verdict: worstOf([verdictOf(findings), ...members.map(({ verdict }) => verdict)]),
    },
  };
}
