/** All series of some sources, judged, for whoever chooses among them. */

import { PatchsigError } from "../../errors.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { Pins } from "../../trust/pins.ts";
import type { Policies } from "../../verify/policy.ts";
import type { Checked, StatementMail } from "../../verify/result.ts";
import { type Collected, createJudgedSeriesCollector } from "../../verify/series.ts";
import { faultAt } from "../fault.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { openSources } from "../sources/sources.ts";
import type { CheckOptions } from "../verify/checking.ts";
import type { DkimRun } from "../verify/dkim.ts";
import { newTally, verifyMails } from "../verify/verification.ts";

export interface ReadOptions extends Pick<CheckOptions, "trailers"> {
  readonly sources: readonly string[];
  readonly policies: Policies;
  readonly pins: Pins;
  readonly devKeyrings: readonly string[];
  readonly signedOnly: boolean;
  readonly dkim: DkimRun | null;
  readonly dryRun: boolean;
  /** As of CheckOptions; by default it is not asked. */
  readonly plainAm?: CheckOptions["plainAm"];
  /** From this time on, in git's words. */
  readonly since?: string | undefined;
}

export interface SeriesRead<P> {
  /** In the order in which they were closed, which depends on the mails alone. */
  readonly all: readonly Collected<P>[];
  readonly notes: readonly StatementMail[];
  readonly messages: number;
  /** The first failure at a mail or a part of a source; it was said if there are series. */
  readonly fault: PatchsigError | null;
  /** What the mails without a patch among `mails` refer to, the nearest first. */
  readonly referred: readonly string[];
}

/** What is kept until a series is chosen. */
const MAX_BYTES = 512 << 20;
/** About what is kept of a mail besides its diff. */
const FACTS_BYTES = 2048;

interface Keeping<P> {
  readonly keep: (checked: Checked) => P;
  /** True if the diffs are kept, too. */
  readonly diffs: boolean;
  /** Message-IDs to look for among the mails without a patch. */
  readonly mails?: readonly string[];
  /** True if nothing may be missing: what cannot be read is thrown. The program's own failures never are. */
  readonly strict: boolean;
}

/** @throws PatchsigError "too-large"; if that is strict, as the sources cannot be read */
export async function readAllSeries<P>(
  options: ReadOptions,
  { keep, diffs, mails = [], strict }: Keeping<P>,
  memory: TrustMemory,
  { say, sayError, progress }: Reporter,
): Promise<SeriesRead<P>> {
  const failures: PatchsigError[] = [];
  let held = 0;
  const tally = newTally();
  const all: Collected<P>[] = [];
  const notes: StatementMail[] = [];
  const referred: string[] = [];
  const collector = createJudgedSeriesCollector<P>((members, error) => {
    for (const { result } of members) throw faultAt(result, error).error;
  });
  const counted = (checked: Checked): P => {
    held += FACTS_BYTES + (diffs ? (checked.diff?.canonical.length ?? 0) : 0);
    return keep(checked);
  };
  const plainAm = options.plainAm ?? null;
  const terms = { ...options, plainAm, jobs: 1, keep: counted };
  const onRead = mailProgress(progress, options.sources.length, () => tally.messages);
  const items = openSources(options.sources, { say, since: options.since }, onRead);
  for await (const seen of verifyMails(items, terms, memory, tally)) {
    if (held > MAX_BYTES)
      throw new PatchsigError("too-large", "too many patches to keep in memory", {
        hint: "give fewer mails",
      });
    if (seen.kind === "link") {
      if (mails.includes(seen.mail.messageId)) referred.push(...seen.mail.references.toReversed());
      all.push(...collector.link(seen.mail));
    } else if (seen.kind === "note") notes.push(seen.note);
    else if (seen.kind === "unread") {
      const { error } = seen.unread;
      // a failure at one mail does not refuse the others; if that mail belongs to the series, it is incomplete
      if (strict && error.code !== "fault") throw error;
      failures.push(error);
    } else {
      const { payload } = seen.mail;
      if (payload !== null) all.push(...collector.add({ ...seen.mail, payload }));
    }
  }
  all.push(...collector.end());
  // where there is nothing else, the first one is why: whoever asked throws it
  for (const error of all.length === 0 ? failures.slice(1) : failures) sayError(error);
  return { all, notes, messages: tally.messages, fault: failures[0] ?? null, referred };
}
