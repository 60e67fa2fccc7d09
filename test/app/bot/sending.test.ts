/** A letter that was decided on is looked at once more, just before it leaves. */

import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apply } from "../../../src/app/bot/action.ts";
import { sendDue } from "../../../src/app/bot/sending.ts";
import { authorDigest } from "../../../src/bot/identity.ts";
import { type BotSettings, DEFAULT_RULES, parseSettings } from "../../../src/bot/settings.ts";
import { parseConfig } from "../../../src/git/config.ts";
import { DAY } from "../../../src/primitives/time.ts";
import { BotStore } from "../../../src/store/bot-store.ts";
import { newFolder } from "../../support/folders.ts";

const NOW = 1_794_000_000;
const ALICE = "alice@example.org";
const AUTHOR = authorDigest(ALICE);

const config = (settings: Record<string, string>): ReturnType<typeof parseConfig> =>
  parseConfig(
    Object.entries(settings)
      .map(([key, value]) => `file:config\0${key}\n${value}\0`)
      .join(""),
  );

interface Meanwhile {
  readonly store?: (store: BotStore) => void;
  readonly settings?: Partial<BotSettings>;
  /** Not all sources could be read. */
  readonly partly?: boolean;
}

/** Queues a letter to Alice and lets it leave; says whether it did, and how many still wait. */
async function sent({ store: change, settings, partly = false }: Meanwhile) {
  const folder = newFolder();
  const log = join(folder, "log");
  const program = join(folder, "sendmail");
  writeFileSync(program, `#!/bin/sh\ncat >> "${log}"\n`);
  chmodSync(program, 0o755);
  const store = new BotStore(join(folder, "bot.db"), false);
  try {
    const bytes = Buffer.from("Subject: hello\n\nhello\n");
    const letter = { messageId: "<1@example.org>", sender: "bot@example.org", recipients: [ALICE] };
    const about = { author: AUTHOR, answers: "<0@example.org>", topics: ["sign"] } as const;
    const action = { kind: "letter", letter: { ...letter, bytes }, ...about } as const;
    apply(store, { ...action, notBefore: NOW - 60 }, NOW - 60);
    change?.(store);
    await sendDue(
      store,
      { ...parseSettings(config({})), mode: "private", ...settings },
      {
        words: config({ "sendemail.smtpserver": program }),
        now: () => NOW,
        stop: new AbortController().signal,
        reporter: { say: () => undefined, sayError: () => undefined, progress: null },
      },
      { at: NOW, whole: !partly },
    );
    return {
      left: existsSync(log) && readFileSync(log, "utf8").includes("hello"),
      waits: store.outbox.nextDue(NOW) !== null,
    };
  } finally {
    store.close();
  }
}

test("a letter leaves if nothing has changed meanwhile", async () => {
  expect(await sent({})).toEqual({ left: true, waits: false });
});

const wish =
  (kind: "stop" | "undeliverable" | "pause") =>
  (store: BotStore): void =>
    store.wish(AUTHOR, kind, NOW - 30, NOW + DAY);

test.each<[string, boolean, Meanwhile]>([
  ["they said stop", false, { store: wish("stop") }],
  ["mail to them bounced", false, { store: wish("undeliverable") }],
  ["they replied not now", false, { store: wish("pause") }],
  ["the owner excludes them", false, { settings: { rules: { ...DEFAULT_RULES, never: [ALICE] } } }],
  [
    "they have become maintainers of the list",
    false,
    { settings: { rules: { ...DEFAULT_RULES, excluded: new Set(["@example.org"]) } } },
  ],
  ["the mode has become preview", true, { settings: { mode: "preview" } }],
  ["their reply may be among unread mails", true, { partly: true }],
])("it does not if %s", async (_, waits, meanwhile) => {
  expect(await sent(meanwhile)).toEqual({ left: false, waits });
});
