/** A whole run of `verify`: sources in, records out, series by series; and what came of all of them. */

import type { Bases } from "../base/verify-bases.ts";
import type { PatchSummary } from "../base/series-base.ts";
import { faultAt } from "../fault.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { goneCursors } from "../sources/cursors.ts";
import { openSources } from "../sources/sources.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import type { PatchsigError } from "../../errors.ts";
import type { ThreadMail } from "../../series/item.ts";
import type { ReadFailure } from "../../source/item.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { Policies } from "../../verify/policy.ts";
import type { Checked, StatementMail, PatchResult, SeriesResult } from "../../verify/result.ts";
import { createJudgedSeriesCollector, type JudgedMail, type Series } from "../../verify/series.ts";
import { createTotals, type Totals } from "../../verify/totals.ts";
import type { CheckOptions } from "./checking.ts";
import { newTally, noPatchFound, verifyMails } from "./verification.ts";

/** In the order in which they are known: a patch before its series. */
export type VerifyEvent =
  | { readonly kind: "patch"; readonly result: PatchResult }
  | { readonly kind: "note"; readonly result: StatementMail }
  | {
      readonly kind: "series";
      readonly result: SeriesResult;
      readonly patches: readonly PatchResult[];
    }
  | { readonly kind: "unread"; readonly unread: ReadFailure };

export interface RunOptions extends Pick<CheckOptions, "devKeyrings" | "plainAm"> {
  readonly sources: readonly string[];
  /** From this time on, in git's words. */
  readonly since?: string | undefined;
  /** Only what came since the last run that asked so. */
  readonly onlyNew: boolean;
  readonly policies: Policies;
  readonly dryRun: boolean;
  readonly jobs: number;
  /** Looks at the bases of series; closed by who opened it. */
  readonly bases: Bases | null;
}

export interface RunResult {
  readonly totals: Totals;
  readonly series: number;
  readonly messages: number;
  /** What could not be read. */
  readonly unread: number;
  /** Refused, but without a patch. */
  readonly passedOver: number;
  /** No series fails. */
  readonly met: boolean;
  /** Why nothing was said at all, where something should have been. */
  readonly nothing: PatchsigError | null;
}

/**
 * @param show gets each record; an error that it throws is said of that mail, and the run goes on
 * @throws PatchsigError "usage" for options that do not go with a source
 */
export async function verifyRun(
  options: RunOptions,
  store: TrustStore,
  show: (record: VerifyEvent) => void,
  reporter: Reporter,
): Promise<RunResult> {
  const { sources, since, onlyNew, policies, devKeyrings, plainAm, dryRun, jobs, bases } = options;
  const tally = newTally();
  const told = createTeller(show, bases);
  const cursorOf = onlyNew ? (name: string) => store.cursor(name) : undefined;
  try {
    const passOptions = {
      policies,
      pins: await readKeyrings(store, reporter.say),
      devKeyrings,
      dryRun,
      signedOnly: false,
      plainAm,
      jobs,
      keep: bases === null ? null : (checked: Checked) => bases.keep(checked),
      onLink: told.onLink,
      onNote: told.onNote,
      onUnread: told.onUnread,
    };
    const onRead = mailProgress(reporter.progress, sources.length, () => tally.messages);
    const mails = openSources(sources, { since, cursorOf }, onRead);
    for await (const mail of verifyMails(mails, passOptions, store, tally)) await told.take(mail);
  } finally {
    // what was judged before an error is said before it
    await told.end();
    if (onlyNew) {
      store.moveCursors(tally.cursors);
      store.dropCursors(goneCursors(sources, (prefix) => store.cursorsBelow(prefix)));
    }
  }
  const { messages } = tally;
  const { counts, totals } = told;
  // nothing new is no failure: a bot or a timer asks again and again
  const quiet = onlyNew && messages === 0;
  const said = totals.all.patches + counts.notes + counts.unread;
  const nothing = said > 0 || quiet ? null : noPatchFound(sources, messages);
  return { ...counts, totals, messages, nothing };
}

interface Teller {
  readonly totals: Totals;
  readonly counts: Readonly<Record<"series" | "notes" | "unread" | "passedOver", number>> & {
    readonly met: boolean;
  };
  readonly onLink: (mail: ThreadMail) => void;
  readonly onNote: (note: StatementMail) => void;
  readonly onUnread: (unread: ReadFailure) => void;
  take(mail: JudgedMail<PatchSummary | null>): Promise<void>;
  end(): Promise<void>;
}

/** Hands out records, and counts them. */
function createTeller(show: (record: VerifyEvent) => void, bases: Bases | null): Teller {
  const totals = createTotals();
  const counts = { series: 0, notes: 0, unread: 0, passedOver: 0, met: true };
  const collector = createJudgedSeriesCollector<PatchSummary | null>(onFault);
  const closed: Series<PatchSummary | null>[] = [];

  function onUnread(unread: ReadFailure): void {
    counts.unread++;
    show({ kind: "unread", unread });
  }

  function onFault(members: readonly { readonly result: PatchResult }[], error: unknown): void {
    for (const { result } of members) onUnread(faultAt(result, error));
  }

  async function tell(series: Series<PatchSummary | null>): Promise<void> {
    counts.series++;
    try {
      const result = bases === null ? series.result : await bases.judge(series);
      if (result.verdict === "fail") counts.met = false;
      show({ kind: "series", result, patches: series.members.map((member) => member.result) });
    } catch (error) {
      counts.met &&= series.result.verdict !== "fail";
      onFault(series.members, error);
    }
  }

  async function tellClosed(): Promise<void> {
    for (const series of closed.splice(0)) await tell(series);
  }

  return {
    totals,
    counts,
    onUnread,
    onLink: (mail) => void closed.push(...collector.link(mail)),
    onNote(note) {
      if (!note.read) counts.passedOver++;
      // the patch in an attached mail was not judged
      else if (!note.findings.every(isWrapped)) counts.notes++;
      show({ kind: "note", result: note });
    },
    async take(mail) {
      try {
        totals.add(mail.result);
        show({ kind: "patch", result: mail.result });
        closed.push(...collector.add(mail));
      } catch (error) {
        onFault([mail], error);
      }
      await tellClosed();
    },
    async end() {
      closed.push(...collector.end());
      await tellClosed();
    },
  };
}
