/** Opens what the user's own pages are made from: the user's index and keys, a repository, and settings. */

import { checkQueries, DeskFactReader } from "../app/desk/facts.ts";
import { feedStates } from "../app/desk/feeds.ts";
import { lettersEffect } from "../app/desk/letters.ts";
import { now } from "../app/now.ts";
import type { Reporter } from "../app/reporter.ts";
import { updateElsewhere } from "../app/search/update-elsewhere.ts";
import { openDeskStores } from "../app/desk/stores.ts";
import { indexedSources } from "../app/search/user-index.ts";
import { gitConfig } from "../app/settings.ts";
import { mailPortionsAt as portionsAt, mailsAt } from "../app/sources/at-places.ts";
import { openSource } from "../app/sources/sources.ts";
import type { PatchsigError } from "../errors.ts";
import { isReadFailure } from "../source/item.ts";
import type { DeskSource } from "./run.ts";

/**
 * @param named public-inboxes, maildirs and mboxes; if there are none, those of `patchsig.source` and the followed feeds
 * @param where directory: a folder in the repository; there may be none. isPublic: others will read the pages, so they
 *   are made of an index of these sources alone: the usual one may have mails that the user once looked for elsewhere
 * @throws PatchsigError "usage" for a source that cannot be indexed, or a `patchsig.mine` that is not a query; others if
 *   the index or the keys cannot be opened
 */
export async function openUserDesk(
  named: readonly string[],
  { directory, isPublic }: { readonly directory: string; readonly isPublic: boolean },
  reporter: Reporter,
): Promise<DeskSource> {
  const sources = indexedSources(named);
  if (named.length > 0) for (const source of sources) await checkSource(source);
  const only = isPublic ? sources : null;
  const place = { only, sources, directory };
  const stores = await openDeskStores(place, reporter);
  const { index, repository } = stores;
  const queries = gitConfig().all("patchsig.mine");
  await checkQueries(queries, repository?.cwd, reporter);
  const facts = new DeskFactReader(index, repository, queries);
  return {
    ...stores,
    place,
    mailsAt,
    portionsAt,
    facts: (works) => facts.read(works),
    feeds: () => feedStates(now()),
    letters: lettersEffect,
    update: async (onPortion) => {
      const job = { only, sources, isWatched: reporter.progress !== null };
      const counts = await updateElsewhere(job, reporter, ({ mails }) => {
        facts.forget();
        onPortion(mails);
      });
      await facts.refresh();
      return counts;
    },
  };
}

/** A source that was named, and of which nothing but an error comes, is a mistake. */
async function checkSource(source: string): Promise<void> {
  let only: PatchsigError | null = null;
  for await (const items of openSource(source, { cursorOf: () => null })) {
    const [first] = items;
    if (first === undefined) continue;
    if (only !== null || !isReadFailure(first)) return;
    only = first.error;
  }
  if (only !== null) throw only;
}

/** What an update could not do, the next one cannot do either a minute later: that is said once. */
export function sayingOnce(reporter: Reporter): Reporter {
  const said = new Set<string>();
  return {
    ...reporter,
    sayError: (error) => {
      if (said.has(error.message)) return;
      if (said.size < MAX_SAID) said.add(error.message);
      reporter.sayError(error);
    },
  };
}

const MAX_SAID = 10_000;
