/** What `send` has sent goes into the user's own feed, if `patchsig.sendFeed` names one. */

import { resolve } from "node:path";
import { requireInbox } from "../../git/feed-write.ts";
import { count } from "../../primitives/words.ts";
import type { OpenBatch, SendStore } from "../../store/send-store.ts";
import { addToFeed, publicLists } from "../feed/add.ts";
import { gitConfig } from "../settings.ts";

/** The recipients that the server was told. */
interface Addressed {
  readonly recipients: readonly string[];
}

/** The setting; null if it is not set. @throws PatchsigError "not-found" if no feed is there */
function feedOfSent(): string | null {
  const folder = gitConfig().path("patchsig.sendFeed");
  if (folder === null) return null;
  requireInbox(resolve(folder));
  return folder;
}

/** Do they go to everybody? */
function publicOnes<Mail extends Addressed>(mails: readonly Mail[]): Mail[] {
  const lists = new Set(publicLists().map((list) => list.toLowerCase()));
  return mails.filter(({ recipients }) => recipients.some((one) => lists.has(one.toLowerCase())));
}

/** Lines for the user, before the question: what will be public for good. @throws PatchsigError "not-found" */
export function feedNotes(mails: readonly Addressed[]): string[] {
  const folder = feedOfSent();
  if (folder === null) return [];
  const some = publicOnes(mails).length;
  if (some === mails.length) return [`what is sent goes into the feed ${folder}, too`];
  const rest = "the others go to none of patchsig.publicLists";
  return [`${some} of ${count(mails.length, "mail")} will be in the feed ${folder}: ${rest}`];
}

/**
 * Adds the mails of a batch that have left, as they left; doing it again does no harm. A mail that went to no
 * public list stays out, whatever its header says: the envelope decides. Previews stay out, too.
 *
 * @throws PatchsigError as `addToFeed`
 */
export async function addSentToFeed(
  store: SendStore,
  { id, memo }: Pick<OpenBatch, "id" | "memo">,
  say: (line: string) => void,
): Promise<void> {
  const folder = memo === "" ? null : feedOfSent();
  if (folder === null) return;
  const mails = publicOnes(store.sent(id));
  const wanted = mails.map(({ bytes, messageId }) => ({ bytes, source: messageId, record: true }));
  const { added } = await addToFeed(folder, wanted, say);
  if (added.length > 0) say(`added ${count(added.length, "mail")} to the feed ${folder}`);
}
