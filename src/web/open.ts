/** Opens what the user's own pages are made from: the user's index and keys, a repository, and settings. */

import { checkQueries, DeskFactReader } from "../app/desk/facts.ts";
import { feedStates } from "../app/desk/feeds.ts";
import { lettersEffect } from "../app/desk/letters.ts";
import { now } from "../app/now.ts";
import type { Reporter } from "../app/reporter.ts";
import {
  indexedSources,
  indexOptions,
  openUserIndex,
  updateUserIndex,
} from "../app/search/user-index.ts";
import { gitConfig, repositoryOrNone } from "../app/settings.ts";
import { openUserTrust } from "../app/trust/user-trust.ts";
import type { DeskSource } from "./run.ts";

/**
 * @param named public-inboxes, maildirs and mboxes; if there are none, those of `patchsig.source` and the followed feeds
 * @param directory a folder in the repository; there may be none
 * @throws PatchsigError "usage" for a source that cannot be indexed, or a `patchsig.mine` that is not a query; others if
 *   the index or the keys cannot be opened
 */
export async function openUserDesk(
  named: readonly string[],
  directory: string,
  reporter: Reporter,
): Promise<DeskSource> {
  const sources = indexedSources(named);
  const index = openUserIndex();
  const trust = await openUserTrust(false);
  const queries = gitConfig().all("patchsig.mine");
  const repository = await repositoryOrNone(directory);
  await checkQueries(queries, repository?.cwd);
  const facts = new DeskFactReader(index, repository, queries);
  const { dkim, ...terms } = await indexOptions(sources, trust, reporter);
  return {
    index,
    trust,
    repository,
    // looking at a page sends no DNS query
    terms: { ...terms, dkim: dkim === null ? null : { ...dkim, fetchKeys: async () => {} } },
    facts: (works) => facts.read(works),
    feeds: () => feedStates(now()),
    letters: lettersEffect,
    update: async (onPortion) => {
      const counts = await updateUserIndex(index, sources, trust, reporter, ({ mails }) => {
        facts.forget();
        onPortion(mails);
      });
      await facts.refresh();
      return counts;
    },
  };
}
