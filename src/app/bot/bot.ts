/** A round of the bot: read new mails, decide on complete series, send what is due. */

import { type BotSettings, writesLetters } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { Objects } from "../../git/objects.ts";
import { openRepository } from "../../git/repository.ts";
import { renderMetrics } from "../../report/bot.ts";
import { shownUrl } from "../../source/url.ts";
import { BotStore } from "../../store/bot-store.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { checkMailServer } from "../send/mail-transport.ts";
import { goneCursors } from "../sources/cursors.ts";
import type { Reporter } from "../reporter.ts";
import { apply, type BotAction } from "./action.ts";
import { guesserOf, type LazyGuesser, statusOf } from "./common.ts";
import type { DecidedSeries } from "./deciding.ts";
import { digest } from "./digest.ts";
import { fetchInboxes } from "./fetch.ts";
import { rehearsal, suggestion } from "./letters.ts";
import { listen } from "./listener.ts";
import { batches, mayHideAnAnswer } from "./reading.ts";
import { sendDue, type SendOptions, UNSENT } from "./sending.ts";
import { BotSession, type Suggest } from "./session.ts";
import { openTemplates, type Render } from "./templates.ts";

export interface Round {
  /** When the next round is due at the latest, seconds since the epoch. */
  readonly next: number;
  /** Something could not be read, or sent. */
  readonly failed: boolean;
  readonly done: RoundWork;
}

/** What a round did. */
export interface RoundWork {
  /** New mails. */
  readonly mails: number;
  /** Series that were decided on. */
  readonly series: number;
  /** Letters that were written, or in a rehearsal would be. */
  readonly letters: number;
  readonly sent: number;
  /** Letters that may not leave yet. */
  readonly waiting: number;
}

interface Read {
  /** Everything could be read. */
  readonly whole: boolean;
  /** Every source could be read, except perhaps single mails. */
  readonly reached: boolean;
  readonly done: Omit<RoundWork, "sent" | "waiting">;
}

export interface BotOptions extends SendOptions {
  /** A file that no other bot may use. */
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

export class Bot {
  readonly #settings: BotSettings;
  readonly #options: BotOptions;
  readonly #reporter: Reporter;
  readonly #render: Render;
  readonly #store: BotStore;
  readonly #guesser: LazyGuesser;
  readonly #session: BotSession;
  /** The start of the last round in which all sources could be read. */
  #readAt: number | null = null;

  /** @throws PatchsigError "usage" for settings of `sendemail.*` that are wrong */
  constructor(settings: BotSettings, options: BotOptions) {
    const { mode, templates } = settings;
    const { words, database, reporter } = options;
    if (writesLetters(mode) || mode === "digest") checkMailServer(words);
    this.#settings = settings;
    this.#options = options;
    this.#reporter = reporter;
    this.#render = openTemplates(templates);
    this.#store = openStore(database, settings, !writesLetters(mode));
    this.#guesser = guesserOf(settings, reporter.sayError);
    this.#session = this.#openSession();
  }

  #openSession(): BotSession {
    const [store, settings, render] = [this.#store, this.#settings, this.#render];
    const hasCommit = (commit: string): Promise<boolean | null> =>
      this.#hasCommit(settings.repository, commit);
    return new BotSession({
      store,
      settings,
      guess: this.#guesser.guess,
      write: (decided, suggest) => this.#write(decided, suggest),
      listen: (mail, at) => listen({ store, settings, render, hasCommit }, mail, at),
      onFailed: (source, error) => this.#reporter.say(`${source}: ${(error as Error).message}`),
    });
  }

  async round(): Promise<Round> {
    const { mode, address, sources, interval, metrics, fetch } = this.#settings;
    const store = this.#store;
    const now = this.#options.now();
    const unfetched = fetch ? await fetchInboxes(sources) : [];
    for (const error of unfetched) this.#reporter.sayError(error);
    const read = await this.#poll(now).finally(() => this.#guesser.close());
    if (mode === "digest" && address !== null) await this.#digest(address, now);
    const reading = { at: this.#readAt, whole: read.reached };
    const sends = mode !== "preview" && address !== null;
    const sent = sends ? await sendDue(store, this.#settings, this.#options, reading) : UNSENT;
    if (metrics !== null) replaceFile(metrics, Buffer.from(renderMetrics(statusOf(store, mode))));
    return {
      next: Math.min(now + interval, sent.next ?? Infinity),
      failed: !read.whole || unfetched.length > 0 || sent.failed,
      done: { ...read.done, sent: sent.sent, waiting: sent.waiting },
    };
  }

  close(): void {
    this.#guesser.close();
    this.#store.close();
  }

  /** Reads new mails, and decides on complete series. */
  async #poll(now: number): Promise<Read> {
    const { sources } = this.#settings;
    const store = this.#store;
    let [whole, reached] = [true, true];
    const done = { mails: 0, series: 0, letters: 0 };
    const incoming = batches(
      sources,
      { cursorOf: (name) => store.cursor(name) },
      (unread, from) => {
        whole = false;
        if (mayHideAnAnswer(unread, from)) reached = false;
        store.count("unread");
        this.#reporter.sayError(unread.error);
      },
    );
    for await (const batch of incoming) {
      await this.#session.take(batch, now);
      done.mails += batch.length;
      // series by series, so that an archive is not kept in memory
      for (const decided of await this.#session.settle(now)) {
        done.series++;
        if (this.#tell(decided)) done.letters++;
      }
      if (this.#options.stop.aborted) return { whole, reached: false, done };
    }
    store.dropCursors(goneCursors(sources, (prefix) => store.cursorsBelow(prefix)));
    if (reached) this.#readAt = now;
    return { whole, reached, done };
  }

  /** Does it lead to a letter? */
  #tell({ decision, series }: DecidedSeries): boolean {
    if (decision.kind !== "suggest") return false;
    const { subject, sender } = series.first!;
    const rehearsal = !writesLetters(this.#settings.mode);
    const { topics } = decision;
    this.#options.onLetter({ rehearsal, identity: sender!.identity, topics, subject });
    return true;
  }

  async #write(decided: DecidedSeries, suggest: Suggest): Promise<BotAction> {
    const { mode, address } = this.#settings;
    return writesLetters(mode) && address !== null
      ? await suggestion(decided, suggest, this.#settings, address, this.#render)
      : rehearsal(decided, suggest);
  }

  async #digest(address: string, now: number): Promise<void> {
    const store = this.#store;
    const action = await digest(store, this.#settings, address, this.#render, now);
    if (action !== null) store.transaction(() => apply(store, action, now));
  }

  /** Whether a repository has that commit; null if there is none to ask. */
  async #hasCommit(repository: string | null, commit: string): Promise<boolean | null> {
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
      // a confirmation is not worth stopping for
      if (!(error instanceof PatchsigError)) throw error;
      this.#reporter.sayError(error);
      return null;
    }
  }
}

const LISTS = "lists";

/** @throws PatchsigError "usage" for a database with what is known of another list's people */
function openStore(file: string, settings: BotSettings, rehearses: boolean): BotStore {
  const { list, rules, sources } = settings;
  const names = [list, ...rules.lists].filter((name) => name !== "").map((name) => `list ${name}`);
  // a password that somebody put into a URL is not kept
  const own = names.length > 0 ? names : sources.map((source) => `source ${shownUrl(source)}`);
  const store = new BotStore(file, rehearses);
  const kept = store.cursor(LISTS)?.split("\n") ?? own;
  // who names a list later has had no name to compare before
  const comparable = kept[0]?.split(" ")[0] === own[0]?.split(" ")[0];
  if (comparable && !kept.some((name) => own.includes(name))) {
    store.close();
    throw new PatchsigError("usage", `${file} belongs to another list: ${kept.join(", ")}`, {
      hint: "each list needs its own database: set bot.database",
    });
  }
  store.transaction(() => store.moveCursor(LISTS, own.join("\n")));
  return store;
}
