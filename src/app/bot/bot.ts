/** A round of the bot: read what has come, decide about what is whole, send what is due. */

import { authorDigest } from "../../bot/identity.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { Objects } from "../../git/objects.ts";
import { openRepository } from "../../git/repository.ts";
import { renderMetrics } from "../../report/bot.ts";
import { isMaildir } from "../../source/maildir.ts";
import { isUnread, type SourceMail } from "../../source/piece.ts";
import { shownUrl } from "../../source/url.ts";
import { BotStore } from "../../store/bot-store.ts";
import { replaceFile } from "../../store/replace-file.ts";
import type { Reporter } from "../reporter.ts";
import { checkMailServer } from "../send/mail-transport.ts";
import { goneCursors } from "../sources/cursors.ts";
import { openSource } from "../sources/sources.ts";
import { guesserOf, statusOf } from "./common.ts";
import { writeDigest } from "./digest.ts";
import { fetchInboxes } from "./fetch.ts";
import { suggestion } from "./letters.ts";
import { createListener } from "./listener.ts";
import { queue } from "./queue.ts";
import { sendDue, type SendOptions } from "./sending.ts";
import { createBotSession, type Effect, type Outcome } from "./session.ts";
import { openTemplates } from "./templates.ts";

interface Round {
  /** When there is something to do at the latest, seconds since the epoch. */
  readonly next: number;
  /** Something could not be read, or sent. */
  readonly failed: boolean;
}

interface Read {
  /** Everything could be read. */
  readonly whole: boolean;
  /** Every source could, perhaps but for single mails of it. */
  readonly reached: boolean;
}

/** Mails that are taken in together, and their bytes. */
const BATCH_MAILS = 64;
const BATCH_BYTES = 4 << 20;

export interface Bot {
  round(): Promise<Round>;
  close(): void;
}

export interface BotOptions extends SendOptions {
  /** A file; nobody else may work on it. */
  readonly database: string;
  /** Gets what was decided, letter by letter, before any leaves. */
  readonly onLetter: (letter: PlannedLetter) => void;
}

/** A letter that will be written; or, in a rehearsal, would be. */
export interface PlannedLetter {
  readonly rehearsal: boolean;
  readonly identity: string;
  readonly topics: readonly string[];
  readonly subject: string;
}

/** @throws PatchsigError "usage" for settings of `sendemail.*` that are wrong */
export function createBot(settings: BotSettings, options: BotOptions): Bot {
  const { mode, address } = settings;
  const { say, sayError } = options.reporter;
  const writes = mode === "private" || mode === "list";
  if (writes || mode === "digest") checkMailServer(options.words);
  const render = openTemplates(settings.templates);
  const store = openStore(options.database, settings, !writes);
  const guesser = guesserOf(settings, sayError);

  async function write(outcome: Outcome): Promise<Effect> {
    const { decision, series } = outcome;
    if (decision.kind !== "suggest") throw new Error("nothing is suggested");
    const { sender, messageId: answers } = series.first!;
    if (!writes || address === null)
      return () => store.rehearse(sender!.identity, answers, decision.topics, decision.at);
    const letter = await suggestion(outcome, settings, address, render);
    const author = authorDigest(sender!.identity);
    const topics = decision.topics.join(" ");
    return () => {
      const { at } = decision;
      // a series that was sent twice over has its letter already
      if (store.addLetter({ messageId: letter.messageId, author, answers, topics, at }))
        queue(store, "suggest", author, letter, outcome.situation.now, at);
    };
  }

  const session = createBotSession({
    store,
    settings,
    guess: guesser.guess,
    write,
    listen: createListener({
      store,
      settings,
      render,
      hasCommit: (c) => hasCommit(settings, c, sayError),
    }),
    onFailed: (source, error) => say(`${source}: ${(error as Error).message}`),
  });

  /** When all sources were last begun to be read that then could be. */
  let readAt: number | null = null;

  /** Takes in what has come, and decides what is whole. */
  async function poll(now: number): Promise<Read> {
    const read = { whole: true, reached: true };
    const cursorOf = (name: string): string | null => store.cursor(name);
    async function takeIn(mails: readonly SourceMail[]): Promise<void> {
      await session.take(mails, now);
      // of an archive, series by series: they are not all held until its end
      (await session.settle(now)).forEach(tell);
    }
    for (const source of settings.sources) {
      let batch: SourceMail[] = [];
      let size = 0;
      for await (const pieces of openSource(source, { cursorOf })) {
        for (const piece of pieces) {
          if (isUnread(piece)) {
            read.whole = false;
            // a file of a maildir that is no mail is nobody's "stop"
            if (piece.error.code !== "not-a-mail" || !isMaildir(source)) read.reached = false;
            store.count("unread");
            sayError(piece.error);
            continue;
          }
          batch.push(piece);
          size += piece.bytes?.length ?? 0;
          if (batch.length < BATCH_MAILS && size < BATCH_BYTES) continue;
          await takeIn(batch);
          if (options.stop.aborted) return { ...read, reached: false };
          [batch, size] = [[], 0];
        }
      }
      await takeIn(batch);
    }
    store.dropCursors(goneCursors(settings.sources, (prefix) => store.cursorsBelow(prefix)));
    if (read.reached) readAt = now;
    return read;
  }

  function tell({ decision, series }: Outcome): void {
    if (decision.kind !== "suggest") return;
    const { subject, sender } = series.first!;
    const { topics } = decision;
    options.onLetter({ rehearsal: !writes, identity: sender!.identity, topics, subject });
  }

  return {
    async round() {
      const now = options.now();
      const unfetched = settings.fetch ? await fetchInboxes(settings.sources) : [];
      unfetched.forEach(sayError);
      let read: Read;
      try {
        read = await poll(now);
      } finally {
        guesser.close();
      }
      if (mode === "digest" && address !== null)
        await writeDigest(store, settings, address, render, now);
      const reading = { at: readAt, whole: read.reached };
      const sends = mode !== "preview" && address !== null;
      const sent = sends ? await sendDue(store, settings, options, reading) : null;
      if (settings.metrics !== null)
        replaceFile(settings.metrics, Buffer.from(renderMetrics(statusOf(store, mode))));
      return {
        next: Math.min(now + settings.interval, sent?.next ?? Infinity),
        failed: !read.whole || unfetched.length > 0 || sent?.failed === true,
      };
    },
    close() {
      guesser.close();
      store.close();
    },
  };
}

const LISTS = "lists";

/** @throws PatchsigError "usage" for a database with what is known of another list's people */
function openStore(file: string, settings: BotSettings, rehearsal: boolean): BotStore {
  const { list, rules, sources } = settings;
  const names = [list, ...rules.lists].filter((name) => name !== "").map((name) => `list ${name}`);
  // a password that somebody put into a URL is not kept
  const own = names.length > 0 ? names : sources.map((source) => `source ${shownUrl(source)}`);
  const store = new BotStore(file, rehearsal);
  const kept = store.cursor(LISTS)?.split("\n") ?? own;
  // who names a list later has had no name to compare before
  const comparable = kept[0]?.split(" ")[0] === own[0]?.split(" ")[0];
  if (comparable && !kept.some((name) => own.includes(name))) {
    store.close();
    throw new PatchsigError("usage", `${file} is of another list: ${kept.join(", ")}`, {
      hint: "each list has a database of its own: set bot.database",
    });
  }
  store.transaction(() => store.moveCursor(LISTS, own.join("\n")));
  return store;
}

async function hasCommit(
  { repository }: BotSettings,
  commit: string,
  sayError: Reporter["sayError"],
): Promise<boolean | null> {
  if (repository === null) return null;
  try {
    const objects = new Objects(await openRepository(repository));
    try {
      const [found] = await objects.look([`${commit}^{commit}`]);
      return found !== null && found !== undefined;
    } finally {
      objects.close();
    }
  } catch (error) {
    // a word of thanks is not worth an end
    if (!(error instanceof PatchsigError)) throw error;
    sayError(error);
    return null;
  }
}
