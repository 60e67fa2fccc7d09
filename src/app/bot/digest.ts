/** Once a week, in mode digest: what the bot would have written, to the list's maintainers. */

import { REASONS, type Reason } from "../../bot/decide.ts";
import { letterId } from "../../bot/identity.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { compose } from "../../send/compose.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { DAY, day } from "../../primitives/time.ts";
import { automaticHeaders, commonView } from "./letters.ts";
import { queue } from "./queue.ts";
import type { Render } from "./templates.ts";

const WEEK = 7 * DAY;
/** The epoch was a Thursday: weeks begin on Mondays. */
const MONDAY = 4 * DAY;
const MAX_LISTED = 100;
const CURSOR = "digest";

/** Queues the digest of the week before, if that has not been done. */
export async function writeDigest(
  store: BotStore,
  settings: BotSettings,
  address: string,
  render: Render,
  now: number,
): Promise<void> {
  const week = Math.floor((now - MONDAY) / WEEK);
  const done = store.cursor(CURSOR);
  if (done !== null && Number(done) >= week) return;
  const to = week * WEEK + MONDAY;
  const from = to - WEEK;
  const letters = store.suggestions(from, to);
  // the first week begins when the bot does
  const due = done !== null && letters.length > 0;
  const reasons = [...store.outcomes(from, to)].filter(([name]) => Object.hasOwn(REASONS, name));
  const text = due
    ? render("digest", {
        ...commonView(settings),
        count: letters.length,
        from: day(from),
        to: day(to - 1),
        letters: letters.slice(0, MAX_LISTED).map((letter) => ({
          identity: letter.identity,
          topics: letter.topics.replace(" ", " and "),
          subject: letter.subject,
          messageId: letter.messageId,
        })),
        more: Math.max(0, letters.length - MAX_LISTED),
        reasons: reasons.map(([name, n]) => ({
          number: String(n).padStart(5),
          text: REASONS[name as Reason],
        })),
      })
    : null;
  const messageId = letterId("digest", String(week), address);
  const bytes =
    text === null
      ? null
      : await compose({
          from: { name: settings.name, address },
          to: settings.maintainers.map((maintainer) => ({ name: "", address: maintainer })),
          subject: text.subject,
          text: text.body,
          date: now,
          messageId,
          headers: automaticHeaders("generated", address),
        });
  store.transaction(() => {
    store.moveCursor(CURSOR, String(week));
    if (bytes === null) return;
    const recipients = settings.maintainers;
    queue(
      store,
      "digest",
      Buffer.alloc(0),
      { messageId, sender: address, recipients, bytes },
      now,
      now,
    );
  });
}
