/** Reads all series of some sources, and judges them. */

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
  /** As of CheckOptions; not given: null. */
  readonly plainAm?: CheckOptions["plainAm"];
  /** Only mails since then, in git's words. */
  readonly since?: string | undefined;
}

export interface SeriesRead<P> {
  /** In the order in which the collector closed them, which depends on the mails alone. */
  readonly all: readonly Collected<P>[];
  readonly notes: readonly StatementMail[];
  /** How many mails were read. */
  readonly messages: number;
  /** The first error at a mail or a part of a source; null for none. If there are series, it has been said. */
  readonly fault: PatchsigError | null;
  /** The Message-IDs that those of `mails` without a patch refer to, the nearest first. */
  readonly referred: readonly string[];
}

/** Bytes that are kept until a series is chosen. */
const MAX_BYTES = 512 << 20;
/** About how many bytes are kept of a mail besides its diff. */
const FACTS_BYTES = 2048;

interface Keeping<P> {
  /** What to keep of each mail. */
  readonly keep: (checked: Checked) => P;
  /** True if that includes the diffs. */
  readonly diffs: boolean;
  /** Message-IDs to look for among the mails without a patch. */
  readonly mails?: readonly string[];
  /** True to throw an error for a mail or source that cannot be read; not for a bug that one mail triggers. */
  readonly strict: boolean;
}

/** @throws PatchsigError "too-large" if too much has to be kept; with `strict`, others if a source cannot be read */
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
      // a bug at one mail must not keep the others out; if the mail belongs to the series, that is incomplete
      if (strict && error.code !== "fault") throw error;
      failures.push(error);
    } else {
      const { payload } = seen.mail;
      if (payload !== null) all.push(...collector.add({ ...seen.mail, payload }));
    }
  }
  all.push(...collector.end());
  // without any series, the caller throws the first error itself
  for (const error of all.length === 0 ? failures.slice(1) : failures) sayError(error);
  return { all, notes, messages: tally.messages, fault: failures[0] ?? null, referred };
}
