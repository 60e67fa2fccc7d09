/** What the user said of series: that two are versions of one work, or that they are not. */

import { PatchsigError } from "../errors.ts";
import type { HandLink } from "../series/works.ts";
import { replacing, type Sql } from "./sql.ts";
import type { TrustUnit } from "./trust-unit.ts";

/** Written by hand, so nobody has many; all are read by whoever chooses. */
const MAX_LINKS = 10_000;

interface LinkRow {
  readonly a: string;
  readonly b: string;
  readonly together: 0 | 1;
}

export function seriesLinkStatements(db: Sql) {
  return {
    seriesLinks: db.prepare<[], LinkRow>("select a, b, together from series_links order by a, b"),
    countSeriesLinks: db.prepare<[], { n: number }>("select count(*) as n from series_links"),
    putSeriesLink: db.prepare<[LinkRow & { at: number }]>(
      `insert into series_links values (@a, @b, @together, @at)
       on conflict (a, b) do update set ${replacing(["together", "at"])}`,
    ),
    dropSeriesLink: db.prepare<[string, string]>("delete from series_links where a = ? and b = ?"),
  };
}

export function seriesLinks(unit: TrustUnit): HandLink[] {
  return unit.sql.seriesLinks
    .all()
    .map(({ a, b, together }) => ({ a, b, together: together === 1 }));
}

/**
 * Remembers it of two Message-IDs, in place of what was said of them before.
 *
 * @throws PatchsigError "too-large" if there are too many
 */
export function putSeriesLink(unit: TrustUnit, link: HandLink, at: number): void {
  if (unit.sql.countSeriesLinks.get()!.n >= MAX_LINKS)
    throw new PatchsigError("too-large", `${MAX_LINKS} links are remembered already`, {
      hint: "git patchsig series link lists them; --forget forgets one",
    });
  const [a, b] = inOrder(link);
  unit.sql.putSeriesLink.run({ a, b, together: link.together ? 1 : 0, at });
}

/** False if nothing was said of them. */
export function dropSeriesLink(unit: TrustUnit, link: Pick<HandLink, "a" | "b">): boolean {
  return unit.sql.dropSeriesLink.run(...inOrder(link)).changes > 0;
}

function inOrder({ a, b }: Pick<HandLink, "a" | "b">): [string, string] {
  return a < b ? [a, b] : [b, a];
}
