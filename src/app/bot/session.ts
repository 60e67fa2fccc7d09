/**
 * The bot's work on mails, whoever reads them: take them in, put them together to series, decide
 * about those that are whole. `bot run` does it on a database, `bot preview` in memory.
 */

import { authorDigest, isLetterId, mailDigest } from "../../bot/identity.ts";
import { decide, type Decision, type Situation } from "../../bot/decide.ts";
import { factsOf, type MailFacts, type SeriesFacts, seriesFacts } from "../../bot/facts.ts";
import { fieldsOf } from "../../bot/header.ts";
import { messageIds } from "../../mail/message-id.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { PatchsigError } from "../../errors.ts";
import { dropCr } from "../../mail/line-ends.ts";
import type { Cursor, SourceMail } from "../../source/piece.ts";
import type { BotStore, HeldMail } from "../../store/bot-store.ts";
import { workDigest } from "../../trust/replay.ts";
import { evidenceOf } from "../../verify/evidence.ts";
import { judge } from "../../verify/judge.ts";
import { DEFAULT_POLICY } from "../../verify/policy.ts";
import { type Collected, createSeriesCollector, type Member } from "../../verify/series.ts";
import {
  type PatchSummary,
  patchSummary,
  type SeriesBase,
  seriesBaseOf,
} from "../base/series-base.ts";
import type { Guessed } from "../base/guesser.ts";
import { createCheck } from "../verify/checking.ts";

/** A mail of a series that is open. */
interface Part {
  readonly facts: MailFacts;
  readonly kept: PatchSummary;
  /** Its row among the held mails. */
  readonly held: number;
  readonly at: number;
  /** Bytes of it that are held. */
  readonly size: number;
}

type Text = Pick<HeldMail, "source" | "bytes" | "size" | "whole">;

interface Joins {
  /** Puts it to the others of its series. */
  readonly join: (part: Part) => void;
  /** Has it say which others belong together. */
  readonly link: () => void;
}

/** What was decided about a series, with all that a letter needs. */
export interface Outcome {
  readonly series: SeriesFacts;
  readonly version: number;
  readonly total: number;
  readonly cover: boolean;
  readonly subject: SeriesBase;
  readonly decision: Exclude<Decision, { kind: "guess" }>;
  readonly situation: Situation;
  readonly guessed: Guessed | null;
}

/** Makes what follows from a decision, before it is made durable. */
type Writer = (outcome: Outcome) => Promise<Effect>;
/** Runs within the transaction of the decision. */
export type Effect = () => void;

/** Deals with a mail that is for the bot itself; null if it is none. */
export type Listener = (mail: Buffer, at: number) => Promise<Effect | null>;

export interface BotSession {
  /**
   * Takes mails in and moves the cursors past them, in one transaction.
   *
   * @param at seconds since the epoch
   */
  take(mails: readonly SourceMail[], at: number): Promise<void>;
  /** Decides about the series to which nothing has come for a while. */
  settle(now: number): Promise<Outcome[]>;
}

export interface SessionOptions {
  readonly store: BotStore;
  readonly settings: BotSettings;
  readonly guess: ((subject: SeriesBase) => Promise<Guessed | null>) | null;
  readonly write: Writer;
  readonly listen: Listener;
  /** Told of a mail that this program could not deal with. */
  readonly onFailed?: (source: string, error: unknown) => void;
}

/** A larger mail is not read: no person reviews it either. */
const MAX_MAIL = 4 << 20;
/** Mails of open series; more, and the oldest series are decided at once. */
const MAX_HELD = 64 << 20;

export function createBotSession(options: SessionOptions): BotSession {
  const { store, settings, guess, write, listen } = options;
  const check = createCheck({ devKeyrings: [], signedOnly: false, plainAm: null });
  const collector = createSeriesCollector<Part>(giveUp);
  const closed: Collected<Part>[] = [];
  let held = 0;

  function read({ bytes, size, source, whole }: Text): Omit<Part, "held" | "at"> & Joins {
    const checked = check(whole ? bytes : null, size);
    const evidence = evidenceOf(checked);
    const result = judge(evidence, source, { kind: "none" }, DEFAULT_POLICY, false);
    const { messageId, references } = checked;
    return {
      facts: factsOf(bytes, checked),
      kept: patchSummary(checked),
      size: bytes.length,
      link: () => close(collector.link({ messageId, references })),
      join(part) {
        held += part.size;
        close(collector.add({ result, evidence, payload: part }));
        while (held > MAX_HELD) {
          let first = true;
          close(collector.close(() => first && !(first = false)));
        }
      },
    };
  }

  function close(series: readonly Collected<Part>[]): void {
    closed.push(...series);
    for (const { received } of series) held -= sizeOf(received);
  }

  /** A fault of this program at a mail; the next one is another. */
  function failed(source: string, error: unknown): void {
    if (error instanceof PatchsigError) throw error;
    store.count("failed");
    options.onFailed?.(source, error);
  }

  /** Lets go of the mails of a series at which it failed. */
  function giveUp(members: readonly Member<Part>[], error: unknown): void {
    failed(members[0]!.result.source, error);
    held -= sizeOf(members);
    store.release(members.map(({ payload }) => payload.held));
  }

  function joinIn(source: string, join: () => void): void {
    try {
      join();
    } catch (error) {
      failed(source, error);
    }
  }

  // what came in before the last end, and was not decided
  for (const mail of store.held()) {
    try {
      const { join, facts, kept, size } = read(mail);
      join({ facts, kept, size, held: mail.id, at: mail.at });
    } catch (error) {
      failed(mail.source, error);
      store.release([mail.id]);
    }
  }

  async function take(mails: readonly SourceMail[], at: number): Promise<void> {
    const steps: { mail: SourceMail; digest: Buffer; effect: Effect | null }[] = [];
    for (const mail of mails) {
      const bytes = dropCr(mail.bytes ?? Buffer.alloc(0));
      const [messageId = ""] = messageIds(...fieldsOf(bytes)("message-id"));
      const effect = await effectOf(mail, messageId, at).catch((error: unknown) => {
        failed(mail.source, error);
        return null;
      });
      steps.push({ mail, digest: mailDigest(messageId, bytes), effect });
    }
    const added: { source: string; join: () => void }[] = [];
    store.transaction(() => {
      for (const { mail, digest, effect } of steps) {
        move(mail.cursor);
        if (!store.see(digest)) continue;
        store.count("mails");
        effect?.();
        added.push(...takePatch(mail, at));
      }
    });
    // in memory only once it is on the disk
    for (const { source, join } of added) joinIn(source, join);
  }

  /** What a mail that is no series leads to: a letter of ours that came back, or an answer to one. */
  async function effectOf(mail: SourceMail, messageId: string, at: number): Promise<Effect | null> {
    if (isLetterId(messageId)) return () => store.addEcho(messageId);
    return mail.bytes === null ? null : await listen(dropCr(mail.bytes), at);
  }

  function takePatch(mail: SourceMail, at: number): { source: string; join: () => void }[] {
    const text = textOf(mail);
    let found: ReturnType<typeof read>;
    try {
      found = read(text);
    } catch (error) {
      failed(mail.source, error);
      return [];
    }
    const { facts, kept, size, join, link } = found;
    if (kept.kind === "other") return [{ source: mail.source, join: link }];
    const id = store.hold({ ...text, at });
    return [{ source: mail.source, join: () => join({ facts, kept, size, held: id, at }) }];
  }

  function move(cursor: Cursor | undefined): void {
    if (cursor !== undefined) store.moveCursor(cursor.name, cursor.value);
  }

  async function settle(now: number): Promise<Outcome[]> {
    close(collector.close((parts) => parts.every(({ at }) => now - at >= settings.settle)));
    const outcomes: Outcome[] = [];
    for (const series of closed.splice(0)) {
      try {
        outcomes.push(await conclude(series, now));
      } catch (error) {
        failed(series.received[0]!.result.source, error);
        store.release(series.received.map(({ payload }) => payload.held));
      }
    }
    return outcomes;
  }

  async function conclude(series: Collected<Part>, now: number): Promise<Outcome> {
    const parts = series.members.map(({ payload }) => payload);
    const facts = seriesFacts(
      parts.map((part) => part.facts),
      now,
    );
    const subject = seriesBaseOf(
      series.result,
      parts.map((part) => part.kept),
    );
    const identity = facts.first?.sender?.identity ?? "";
    const author = identity === "" ? Buffer.alloc(0) : authorDigest(identity);
    const title = facts.first?.title ?? "";
    const work = workDigest(identity, title);
    const row = { author, identity, subject: facts.first?.subject ?? "", work };
    const { sentAt, signed, patchsig, based } = facts;
    const messageId = facts.first?.messageId ?? "";
    const known = store.authorFacts(author);
    // who has named the base of this work is not asked for it again
    const named = store.namedBase(author, work) !== null;
    const situation: Situation = {
      now,
      series: named ? { ...facts, based: true } : facts,
      author: {
        ...known,
        works: known.works + (store.hasWork(author, work) ? 0 : 1),
        since: Math.min(known.since ?? sentAt, sentAt),
      },
      list: { signers: store.signers(author, now), letters: store.recentLetters(now) },
      guess: guess === null ? "uncertain" : "unasked",
    };
    const decided = await decideWith(situation, subject);
    const { version, index, total } = facts.first?.number ?? { version: 1, index: 1, total: 1 };
    const outcome: Outcome = {
      ...decided,
      series: facts,
      version,
      total,
      cover: index === 0,
      subject,
    };
    const effect = outcome.decision.kind === "suggest" ? await write(outcome) : null;
    store.transaction(() => {
      const { decision } = outcome;
      const topics = decision.kind === "suggest" ? decision.topics : [];
      const why = decision.kind === "suggest" ? "suggest" : decision.reason;
      store.addSeries({
        ...row,
        messageId,
        sentAt,
        decidedAt: now,
        signed,
        patchsig,
        based,
        outcome: why,
        topics,
      });
      store.release(series.received.map(({ payload }) => payload.held));
      effect?.();
    });
    return outcome;
  }

  async function decideWith(
    situation: Situation,
    subject: SeriesBase,
  ): Promise<Pick<Outcome, "decision" | "situation" | "guessed">> {
    const decision = decide(situation, settings.rules);
    if (decision.kind !== "guess") return { decision, situation, guessed: null };
    const guessed = await guess!(subject);
    const isCertain = guessed?.confidence === "high" && guessed.guess.unique;
    const asked: Situation = { ...situation, guess: isCertain ? "certain" : "uncertain" };
    const second = decide(asked, settings.rules);
    if (second.kind === "guess") throw new Error("a guess is asked for twice");
    return { decision: second, situation: asked, guessed };
  }

  return { take, settle };
}

function sizeOf(members: readonly Member<Part>[]): number {
  return members.reduce((sum, { payload }) => sum + payload.size, 0);
}

/** A mail that is too large to be read is held by its header. */
function textOf({ source, bytes, size }: SourceMail): Text {
  const whole = bytes !== null && bytes.length <= MAX_MAIL;
  if (whole) return { source, bytes, size, whole };
  const top = dropCr(bytes?.subarray(0, 65_536) ?? Buffer.alloc(0));
  const end = top.indexOf("\n\n");
  const header = end < 0 ? Buffer.alloc(0) : top.subarray(0, end + 2);
  return { source, bytes: header, size, whole };
}
