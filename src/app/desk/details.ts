/**
 * What pages of one series or one mail show. Its mails are read and judged when somebody looks: that takes as long as
 * whoever wrote them wants, within the limits of a page, so the server has it done elsewhere (details-elsewhere.ts).
 */

import { mailsOfWork, workDetail, type WorkDetail, type WorkMails } from "./detail.ts";
import { versionsIn, workDiff, type WorkDiff } from "./diff.ts";
import { type WholeMail, wholeMail, mailDetail, type MailDetail } from "./mail.ts";
import { workWith } from "./mark.ts";
import type { DeskStores } from "./stores.ts";
import type { DeskSeries, VersionedWork } from "./works.ts";

/** Null means that there is no such series or mail, or that it is not in its source any more. */
export interface DetailReader {
  /** The work that a mail belongs to. */
  work(messageId: string): Promise<WorkDetail | null>;
  /** What changed between two versions of a work, each given by one of its mails. */
  diff(newer: string, older: string): Promise<WorkDiff | null>;
  /** @param copy as of `mailDetail` */
  mail(messageId: string, copy: number | null): Promise<MailDetail | null>;
  /** @param id of a mail in the index */
  whole(id: number): Promise<WholeMail | null>;
}

interface KeptWork {
  readonly key: string;
  readonly mails: WorkMails;
  /** Null until somebody asks: each of its versions leads to the page of the work. */
  detail: Promise<WorkDetail> | null;
  /** Null until two of them are compared. */
  versions: ReturnType<typeof versionsIn> | null;
}

/** Reads and judges mails in this thread. */
export class Details implements DetailReader {
  readonly #stores: DeskStores;
  readonly #keepsLast: boolean;
  #last: KeptWork | null = null;

  /**
   * @param keepsLast keep the mails of the last work, of at most 64 MiB, for its other pages: for pages that show one
   *   moment. Mails and keys may change between two clicks
   */
  constructor(stores: DeskStores, keepsLast: boolean) {
    this.#stores = stores;
    this.#keepsLast = keepsLast;
  }

  async work(messageId: string): Promise<WorkDetail | null> {
    const work = this.#workWith(messageId);
    if (work === null) return null;
    const its = await this.#mailsOf(work);
    its.detail ??= workDetail(this.#stores, work, its.mails);
    return its.detail;
  }

  async diff(newer: string, older: string): Promise<WorkDiff | null> {
    const work = this.#workWith(newer);
    const versionWith = (id: string): DeskSeries | undefined =>
      work?.versions.find(({ messageIds }) => messageIds.includes(id));
    const [before, after] = [versionWith(older), versionWith(newer)];
    if (work === null || before === undefined || after === undefined) return null;
    const its = await this.#mailsOf(work);
    its.versions ??= versionsIn(its.mails);
    return workDiff(its.versions, its.mails, [before, after], this.#stores.repository);
  }

  mail(messageId: string, copy: number | null): Promise<MailDetail | null> {
    return mailDetail(this.#stores, messageId, copy);
  }

  whole(id: number): Promise<WholeMail | null> {
    return wholeMail(this.#stores, id);
  }

  async #mailsOf(work: VersionedWork): Promise<KeptWork> {
    const key = JSON.stringify([work.work, work.latest, work.versions.map(({ id }) => id)]);
    if (this.#last?.key === key) return this.#last;
    // before the next one is read: of two, there might not be room in memory
    this.#last = null;
    const mails = await mailsOfWork(this.#stores, work);
    const its: KeptWork = { key, mails, detail: null, versions: null };
    if (this.#keepsLast) this.#last = its;
    return its;
  }

  #workWith(messageId: string): VersionedWork | null {
    return workWith(this.#stores.index, this.#stores.trust.seriesMarks(), messageId);
  }
}
