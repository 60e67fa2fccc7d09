/** The order in which to apply the given series, from their dependencies. */

import type { Dependency } from "./lines.ts";

export interface SeriesIdentity {
  /** Message-IDs of its mails, without angle brackets. */
  readonly messageIds: readonly string[];
  readonly changeId: string | null;
  readonly version: number;
  readonly dependencies: readonly Dependency[];
}

/** The given series that this dependency means; of several versions the one named, else the newest. */
export function seriesFor<S extends SeriesIdentity>(
  dependency: Dependency,
  all: readonly S[],
): S | undefined {
  switch (dependency.kind) {
    case "message":
      return all.find(({ messageIds }) => messageIds.includes(dependency.id));
    case "change":
      return all
        .filter(({ changeId, version }) => {
          const wanted = dependency.version ?? version;
          return changeId === dependency.id && version === wanted;
        })
        .sort((a, b) => b.version - a.version)[0];
    case "other":
      return undefined;
  }
}

/** All given series that must come before this one, each after its own dependencies. */
export function neededBefore<S extends SeriesIdentity>(series: S, all: readonly S[]): S[] {
  const order: S[] = [];
  const seen = new Set<S>([series]);
  // mails can name each other, and a chain can be as long as there are mails
  const stack: { of: S; next: number }[] = [{ of: series, next: 0 }];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const dependency = top.of.dependencies[top.next++];
    if (dependency === undefined) {
      stack.pop();
      if (top.of !== series) order.push(top.of);
      continue;
    }
    const needed = seriesFor(dependency, all);
    if (needed === undefined || seen.has(needed)) continue;
    seen.add(needed);
    stack.push({ of: needed, next: 0 });
  }
  return order;
}
