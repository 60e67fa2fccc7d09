/** The order in which series at hand have to be applied, from what each says it needs. */

import type { Dependency } from "./lines.ts";

export interface Named {
  /** Message-IDs of its mails, without angle brackets. */
  readonly messageIds: readonly string[];
  readonly changeId: string | null;
  readonly version: number;
  readonly dependencies: readonly Dependency[];
}

/** The series at hand that this dependency means; of several versions the one named, else the newest. */
export function seriesFor<S extends Named>(
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

/** All series at hand that must come before this one, each after what it needs itself. */
export function neededBefore<S extends Named>(series: S, all: readonly S[]): S[] {
  const order: S[] = [];
  const seen = new Set<S>([series]);
  // two mails can name each other, and a chain can be as long as the mails at hand are many
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
