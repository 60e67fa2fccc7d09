/**
 * The bot's work on mails, whoever reads them: take them in, put them together to series, decide
 * about those that are whole. `bot run` does it on a database, `bot preview` in memory.
 */

import { isLetterId, mailDigest } from "../../bot/identity.ts";
import type { LetterDecision } from "../../bot/decide.ts";
import { headerFieldsOf } from "../../bot/header.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { dropCr } from "../../mail/line-ends.ts";
import { messageIds } from "../../mail/message-id.ts";
import type { SourceMail } from "../../source/item.ts";
import type { HeldMail } from "../../store/bot-intake.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { outlined, type OutlinedSeries } from "../../verify/outline.ts";
import { apply, type BotAction } from "./action.ts";
import { type DecidedSeries, decideSeries, type GuessBase, seriesRowOf } from "./deciding.ts";
import { type OpenMail, OpenSeries, type ReadMail } from "./open-series.ts";

export type Suggest = Extract<LetterDecision, { kind: "suggest" }>;

export interface SessionOptions {
  readonly store: BotStore;
  readonly settings: BotSettings;
  readonly guess: GuessBase | null;
  /** The letter that a decision leads to, or its rehearsal. */
  readonly write: (decided: DecidedSeries, suggest: Suggest) => Promise<BotAction>;
  /** What a mail leads to that is for the bot itself; null if it is none. `at`: seconds. */
  readonly listen: (mail: Buffer, at: number) => Promise<BotAction | null>;
  /** Told of a mail that this program could not deal with. */
  readonly onFailed?: (source: string, error: unknown) => void;
}

/** A mail with what it leads to, before it is taken in. */
interface Incoming {
  readonly mail: SourceMail;
  readonly digest: Buffer;
  readonly action: BotAction | null;
}

/** A larger mail is not read: no person reviews it either. */
const MAX_MAIL = 4 << 20;

export class BotSession {
  readonly #options: SessionOptions;
  readonly #store: BotStore;
  readonly #open = new OpenSeries();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#resume();
  }

  /**
   * Takes mails in and moves the cursors past them, in one transaction.
   *
   * @param at seconds since the epoch
   */
  async take(mails: readonly SourceMail[], at: number): Promise<void> {
    const incoming: Incoming[] = [];
    for (const mail of mails) incoming.push(await this.#look(mail, at));
    const store = this.#store;
    const read: (ReadMail | OpenMail)[] = [];
    store.transaction(() => {
      for (const { mail, digest, action } of incoming) {
        if (mail.cursor !== undefined) store.moveCursor(mail.cursor.name, mail.cursor.value);
        if (!store.see(digest)) continue;
        store.count("mails");
        if (action !== null) apply(store, action, at);
        read.push(...this.#hold(mail, at));
      }
    });
    // in memory only once it is on the disk
    for (const mail of read) this.#join(mail);
  }

  /** Decides about the series to which nothing has come for a while. */
  async settle(now: number): Promise<DecidedSeries[]> {
    const { settle } = this.#options.settings;
    const closed = this.#open.takeOut((mails) => mails.every(({ at }) => now - at >= settle));
    const decided: DecidedSeries[] = [];
    for (const assembled of closed) {
      try {
        for (const series of outlined(assembled)) decided.push(await this.#conclude(series, now));
      } catch (error) {
        const mails = assembled.members.map(({ value }) => value);
        this.#failed(mails[0]!.source, error);
        this.#release(mails);
      }
    }
    return decided;
  }

  /** What came in before the last end, and was not decided. */
  #resume(): void {
    const broken: { readonly held: HeldMail; readonly error: unknown }[] = [];
    for (const held of this.#store.held()) {
      try {
        this.#open.add({ ...this.#open.read(held), held: held.id, at: held.at });
      } catch (error) {
        broken.push({ held, error });
      }
    }
    // nothing can be written while rows are read
    for (const { held, error } of broken) {
      this.#failed(held.source, error);
      this.#store.release([held.id]);
    }
  }

  async #look(mail: SourceMail, at: number): Promise<Incoming> {
    const bytes = dropCr(mail.bytes ?? Buffer.alloc(0));
    const [messageId = ""] = messageIds(...headerFieldsOf(bytes)("message-id"));
    const action = await this.#actionOf(mail, messageId, at).catch((error: unknown) => {
      this.#failed(mail.source, error);
      return null;
    });
    return { mail, digest: mailDigest(messageId, bytes), action };
  }

  /** What a mail that is no series leads to: a letter of ours that came back, or an answer to one. */
  async #actionOf(mail: SourceMail, messageId: string, at: number): Promise<BotAction | null> {
    if (isLetterId(messageId)) return { kind: "echo", messageId };
    return mail.bytes === null ? null : await this.#options.listen(dropCr(mail.bytes), at);
  }

  /** Reads a mail, and writes down the one that is to be held; none if it fails. */
  #hold(mail: SourceMail, at: number): (ReadMail | OpenMail)[] {
    const text = textOf(mail);
    let read: ReadMail;
    try {
      read = this.#open.read(text);
    } catch (error) {
      this.#failed(mail.source, error);
      return [];
    }
    if (read.evidence.kind === "other") return [read];
    return [{ ...read, held: this.#store.hold({ ...text, at }), at }];
  }

  #join(mail: ReadMail | OpenMail): void {
    try {
      if ("held" in mail) this.#open.add(mail);
      else this.#open.link(mail);
    } catch (error) {
      this.#failed(mail.source, error);
    }
  }

  async #conclude(series: OutlinedSeries<OpenMail>, now: number): Promise<DecidedSeries> {
    const { write } = this.#options;
    const store = this.#store;
    const decided = await decideSeries(series, now, this.#options);
    const { decision } = decided;
    const letter = decision.kind === "suggest" ? await write(decided, decision) : null;
    store.transaction(() => {
      store.addSeries(seriesRowOf(decided));
      this.#release(series.received);
      if (letter !== null) apply(store, letter, now);
    });
    return decided;
  }

  #release(mails: readonly OpenMail[]): void {
    this.#store.release(mails.map(({ held }) => held));
  }

  /** A fault of this program at a mail; the next one is another. */
  #failed(source: string, error: unknown): void {
    if (error instanceof PatchsigError) throw error;
    this.#store.count("failed");
    this.#options.onFailed?.(source, error);
  }
}

/** A mail that is too large to be read is held by its header. */
function textOf({
  source,
  bytes,
  size,
}: SourceMail): Pick<HeldMail, "source" | "bytes" | "size" | "whole"> {
  const whole = bytes !== null && bytes.length <= MAX_MAIL;
  if (whole) return { source, bytes, size, whole };
  const top = dropCr(bytes?.subarray(0, 65_536) ?? Buffer.alloc(0));
  const end = top.indexOf("\n\n");
  const header = end < 0 ? Buffer.alloc(0) : top.subarray(0, end + 2);
  return { source, bytes: header, size, whole };
}
