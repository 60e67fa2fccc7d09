/** Makes the pages from the index, the keys and the marks, as they are now. */

import type { DetailReader } from "../app/desk/details.ts";
import { noteMark, SNOOZE, workWith } from "../app/desk/mark.ts";
import { deskResults } from "../app/desk/results.ts";
import type { DeskFacts } from "../app/desk/sections.ts";
import { listMonths } from "../app/desk/statistics.ts";
import type { DeskStores } from "../app/desk/stores.ts";
import { testsOfWorks } from "../app/desk/tests.ts";
import { type DeskWork, latestWorks, type VersionedWork } from "../app/desk/works.ts";
import { now } from "../app/now.ts";
import { findMails } from "../app/search/find.ts";
import { PatchsigError } from "../errors.ts";
import { asMbox } from "../mail/mbox-write.ts";
import { escapeText, type SafeText } from "../report/escape.ts";
import type { MailRow } from "../store/index-sql.ts";
import type { IndexStore } from "../store/index-store.ts";
import type { MarkState } from "../store/series-marks.ts";
import { atomFeed } from "./atom.ts";
import type { Html } from "./html.ts";
import type { LettersEffect } from "../bot/effect.ts";
import type { FeedState } from "../app/desk/feeds.ts";
import { diffPage } from "./pages/diff.ts";
import { feedsPage } from "./pages/feeds.ts";
import { listPage } from "./pages/list.ts";
import { PAGE_MAILS, PAGE_WORKS, searchPage, seriesListPage } from "./pages/lists.ts";
import { mailPage } from "./pages/mail.ts";
import { markForm } from "./pages/mark.ts";
import { morningPage, type MorningState } from "./pages/morning.ts";
import { peoplePage, personPage } from "./pages/people.ts";
import { seriesPage } from "./pages/series.ts";
import { testsPage } from "./pages/tests.ts";

/** The morning page has the latest works, so many. */
const MORNING_WORKS = 500;
const MAX_KEYS = 500;
const MAX_RESULTS = 200;
const MAX_MONTHS = 36;
/** Bytes of a thread as mbox. */
const MAX_MBOX = 64 << 20;

export interface DeskOptions extends Omit<DeskStores, "terms"> {
  readonly details: DetailReader;
  /** What else is known of works: which are in the branch, and which the user cares about. */
  readonly facts: (
    works: readonly DeskWork[],
  ) => Promise<Pick<DeskFacts, "applied" | "inBranch" | "mine">>;
  /** The followed feeds. */
  readonly feeds: () => readonly FeedState[];
  /** What the letters of a bot on this machine led to; null if there is no bot. */
  readonly letters: () => LettersEffect | null;
  /** True for pages that are written to files: they show dates instead of ages, and no forms. */
  readonly still: boolean;
  /** How far the index has been updated. */
  readonly state: () => Pick<MorningState, "reading" | "unread">;
}

/** A method for each page; null means that there is no such page. */
export class Desk {
  readonly index: IndexStore;
  readonly options: DeskOptions;

  constructor(options: DeskOptions) {
    this.index = options.index;
    this.options = options;
  }

  async morning(): Promise<Html> {
    const { index, trust, facts, feeds, still, state } = this.options;
    const works = latestWorks(index, trust.seriesMarks(), MORNING_WORKS);
    const tests = testsOfWorks(index, trust, works);
    const deskFacts = { ...(await facts(works)), tests, now: now(), still };
    const counts = index.counts();
    return morningPage({ works, facts: deskFacts, feeds: feeds(), counts, ...state() });
  }

  async seriesList(after: readonly [number, number] | null): Promise<Html> {
    const { index, trust, facts, still } = this.options;
    const works = latestWorks(index, trust.seriesMarks(), PAGE_WORKS, after);
    const { inBranch } = await facts(works);
    return seriesListPage(works, {
      inBranch,
      tests: testsOfWorks(index, trust, works),
      now: now(),
      still,
    });
  }

  /** A series, by any of its mails; null if there is none. @param token of the form to mark it; null for no form */
  async series(messageId: string, token: string | null): Promise<Html | null> {
    const detail = await this.options.details.work(messageId);
    if (detail === null) return null;
    const { work } = detail;
    const { inBranch } = await this.options.facts([work]);
    const marking = token === null ? null : markForm(work, token);
    return seriesPage(detail, inBranch.get(work.work) ?? null, marking);
  }

  /** What changed between two versions, each given by one of its mails; null if one of them is not here. */
  async diff(messageId: string, olderId: string): Promise<Html | null> {
    const diff = await this.options.details.diff(messageId, olderId);
    return diff === null ? null : diffPage(diff, messageId);
  }

  async mail(messageId: string, copy: number | null): Promise<Html | null> {
    const shown = await this.options.details.mail(messageId, copy);
    return shown === null ? null : mailPage(shown);
  }

  async search(query: string | null, after: readonly [number, number] | null): Promise<Html> {
    if (query === null) return searchPage("", null, null);
    const { index, repository } = this.options;
    const from = after === null ? null : { date: after[0], id: after[1] };
    try {
      const directory = repository?.cwd;
      const found = await findMails(index, query, { most: PAGE_MAILS, after: from, directory });
      return searchPage(query, found, null);
    } catch (error) {
      if (!(error instanceof PatchsigError)) throw error;
      return searchPage(query, null, escapeText(error.message));
    }
  }

  people(): Html {
    const keys = [];
    for (const key of this.options.trust.list()) {
      if (keys.length === MAX_KEYS) return peoplePage(keys, true);
      keys.push(key);
    }
    return peoplePage(keys, false);
  }

  person(identity: string): Html {
    return personPage(identity, this.options.trust.show(identity));
  }

  tests(): Html {
    const { index, trust } = this.options;
    return testsPage(deskResults(index.latestResults(MAX_RESULTS), trust));
  }

  feeds(): Html {
    return feedsPage(this.options.feeds());
  }

  list(): Html {
    return listPage(listMonths(this.options.index, MAX_MONTHS), this.options.letters());
  }

  atom(root: SafeText): Html {
    const { index, trust } = this.options;
    return atomFeed(root, latestWorks(index, trust.seriesMarks(), PAGE_WORKS));
  }

  /** All mails of a mail's thread, as far as they fit, each as a part of an mbox; null if there is no such mail. */
  threadMbox(messageId: string): AsyncGenerator<Buffer> | null {
    const [mail] = this.index.mailsCalled(messageId);
    if (mail === undefined) return null;
    const rows = this.index.thread(mail.thread);
    return this.#mboxOf(rows.filter(({ source }) => source === mail.source));
  }

  async *#mboxOf(rows: readonly MailRow[]): AsyncGenerator<Buffer> {
    let left = MAX_MBOX;
    for await (const some of this.options.portionsAt(rows))
      for (const { bytes, size } of some) {
        if (bytes === null || size > left) continue;
        left -= size;
        yield asMbox([bytes]);
      }
  }

  /**
   * Marks the work that a mail belongs to.
   *
   * @param seen the date of the latest mail on the page with the form: later mails were not seen
   * @returns false if there is no such work
   */
  mark(messageId: string, state: MarkState, note: string, seen: number): boolean {
    const work = this.#workWith(messageId);
    if (work === null) return false;
    const at = Math.min(seen, now());
    noteMark(this.options.trust, messageId, work, { state, note, at, until: now() + SNOOZE });
    return true;
  }

  #workWith(messageId: string): VersionedWork | null {
    return workWith(this.options.index, this.options.trust.seriesMarks(), messageId);
  }
}
