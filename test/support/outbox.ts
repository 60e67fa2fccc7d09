/** An outbox in a database of its own. */

import { OUTBOX_SQL, type NewLetter, type OutboxOptions } from "../../src/store/outbox.ts";
import type { Schema } from "../../src/store/schema.ts";

export const OUTBOX_SCHEMA: Schema = {
  what: "outbox",
  applicationId: 0x70736966,
  migrations: [OUTBOX_SQL],
};

/** As the bot's. */
export const LOOSE: OutboxOptions = { ordered: false, explained: (work) => work() };

export function newLetter(messageId: string, more: Partial<NewLetter> = {}): NewLetter {
  return {
    messageId,
    kind: "hint",
    about: "alice@example.org",
    sender: "bot@example.org",
    recipients: ["alice@example.org"],
    bytes: Buffer.from(`Message-ID: <${messageId}>\nSubject: hint\n\nhello\n`),
    ...more,
  };
}
