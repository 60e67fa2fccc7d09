/**
 * Mails of series that are not decided yet: read, put together, and held within bounds. Nobody's
 * trust is asked for that (docs/series.md).
 */

import { factsOf, type MailFacts } from "../../bot/facts.ts";
import { createSeriesCollector } from "../../series/collector.ts";
import type { AssembledSeries, SeriesItem } from "../../series/item.ts";
import type { HeldMail } from "../../store/bot-intake.ts";
import { evidenceOf } from "../../verify/evidence.ts";
import { type OutlineEntry, itemOf, patchOutline } from "../../verify/outline.ts";
import { verdictOf } from "../../verify/result.ts";
import { type PatchSummary, patchSummary } from "../base/summary.ts";
import { createCheck } from "../verify/checking.ts";

/** What a mail is to the bot. */
export interface ReadMail extends OutlineEntry {
  readonly item: SeriesItem;
  readonly facts: MailFacts;
  readonly summary: PatchSummary;
  /** Bytes of it that are held. */
  readonly size: number;
}

/** A mail of a series that is open. */
export interface OpenMail extends ReadMail {
  /** Its row among the held mails. */
  readonly held: number;
  /** When it came in, seconds since the epoch. */
  readonly at: number;
}

/** Bytes of mails of open series; more, and the oldest series are decided at once. */
const MAX_HELD = 64 << 20;

export class OpenSeries {
  readonly #check = createCheck({ devKeyrings: [], signedOnly: false, plainAm: null, dkim: null });
  readonly #collector = createSeriesCollector<OpenMail>();
  readonly #closed: AssembledSeries<OpenMail>[] = [];
  #held = 0;

  read(mail: Pick<HeldMail, "source" | "bytes" | "size" | "whole">): ReadMail {
    const { source, bytes, size, whole } = mail;
    const checked = this.#check(whole ? bytes : null, size);
    const evidence = evidenceOf(checked);
    return {
      source,
      item: itemOf(evidence),
      evidence: patchOutline(evidence),
      verdict: verdictOf(evidence.findings),
      facts: factsOf(bytes, checked),
      summary: patchSummary(checked),
      size: bytes.length,
    };
  }

  /** Puts a mail to the others of its series. */
  add(mail: OpenMail): void {
    this.#held += mail.size;
    this.#close(this.#collector.add(mail.item, mail));
    while (this.#held > MAX_HELD) {
      let isFirst = true;
      this.#close(this.#collector.close(() => isFirst && !(isFirst = false)));
    }
  }

  /** Has a mail without a patch say which others belong together. */
  link({ item: { messageId, references } }: ReadMail): void {
    this.#close(this.#collector.link({ messageId, references }));
  }

  /** Takes out the series of which this is true, and those that had to be closed before. */
  takeOut(when: (mails: readonly OpenMail[]) => boolean): AssembledSeries<OpenMail>[] {
    this.#close(this.#collector.close(when));
    return this.#closed.splice(0);
  }

  #close(series: readonly AssembledSeries<OpenMail>[]): void {
    this.#closed.push(...series);
    for (const { members } of series) for (const { value } of members) this.#held -= value.size;
  }
}
