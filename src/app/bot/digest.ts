/** Once a week, in mode digest: what the bot would have written, to the list's maintainers. */

import { REASONS, type LetterReason } from "../../bot/decide.ts";
import { DAY, day } from "../../primitives/time.ts";
import { letterId } from "../../bot/identity.ts";
import type { View } from "../../bot/letter.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { compose } from "../../send/compose.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { type BotAction, DIGEST_CURSOR } from "./action.ts";
import { automaticHeaders, commonView } from "./letters.ts";
import type { Render } from "./templates.ts";

const WEEK = 7 * DAY;
/** The epoch was a Thursday: weeks begin on Mondays. */
const MONDAY = 4 * DAY;
const MAX_LISTED = 100;

/**
 * The digest of the week before; null if that has been written.
 *
 * @param now seconds since the epoch
 */
export async function digest(
  store: BotStore,
  settings: BotSettings,
  address: string,
  render: Render,
  now: number,
): Promise<BotAction | null> {
  const week = Math.floor((now - MONDAY) / WEEK);
  const done = store.cursor(DIGEST_CURSOR);
  if (done !== null && Number(done) >= week) return null;
  const view = digestView(store, settings, week * WEEK + MONDAY);
  // the first week begins when the bot does
  if (done === null || view === null) return { kind: "digest", week, letter: null };
  const text = render("digest", view);
  const messageId = letterId("digest", String(week), address);
  const recipients = settings.maintainers;
  const bytes = await compose({
    from: { name: settings.name, address },
    to: recipients.map((maintainer) => ({ name: "", address: maintainer })),
    subject: text.subject,
    text: text.body,
    date: now,
    messageId,
    headers: automaticHeaders("generated", address),
  });
  return { kind: "digest", week, letter: { messageId, sender: address, recipients, bytes } };
}

/** What `digest.txt` is filled in with, of the week that ends at `to`; null if nothing was decided for. */
function digestView(store: BotStore, settings: BotSettings, to: number): View | null {
  const from = to - WEEK;
  const letters = store.suggestions(from, to);
  if (letters.length === 0) return null;
  const reasons = [...store.outcomes(from, to)].filter(([name]) => Object.hasOwn(REASONS, name));
  return {
    ...commonView(settings),
    count: letters.length,
    from: day(from),
    to: day(to - 1),
    letters: letters.slice(0, MAX_LISTED).map(({ identity, topics, subject, messageId }) => ({
      identity,
      topics: topics.replace(" ", " and "),
      subject,
      messageId,
    })),
    more: Math.max(0, letters.length - MAX_LISTED),
    reasons: reasons.map(([name, n]) => ({
      number: String(n).padStart(5),
      text: REASONS[name as LetterReason],
    })),
  };
}
