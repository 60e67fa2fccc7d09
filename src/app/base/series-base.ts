/** What a series says about its base: the claim, the diffs, the dependencies. */

import { PatchsigError } from "../../errors.ts";
import type { Finding } from "../../findings.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { isReadFailure, type SourceMail, type ReadFailure } from "../../source/item.ts";
import { type BaseClaim, claimOf } from "../../base/check.ts";
import { evidenceOf } from "../../verify/evidence.ts";
import type { SeriesIdentity } from "../../base/needs.ts";
import { createSeriesCollector } from "../../series/collector.ts";
import type { AssembledSeries } from "../../series/item.ts";
import { type OutlineEntry, itemOf, outlined, patchOutline } from "../../verify/outline.ts";
import { type SeriesOutline, verdictOf, worstOf } from "../../verify/result.ts";
import { type VersionMail, versionMail } from "../../verify/versions.ts";
import type { HandLink } from "../../series/works.ts";
import { chooseSeries, type SeriesChoice } from "../series/choose.ts";
import { type ReadSeries, versionsOf } from "../series/versions.ts";
import { createCheck } from "../verify/checking.ts";
import { faultAt } from "../fault.ts";
import { openSource } from "../sources/sources.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { noPatchFound } from "../verify/verification.ts";
import { type PatchSummary, patchSummary } from "./summary.ts";

export interface SeriesBase extends SeriesIdentity {
  readonly outline: SeriesOutline;
  readonly claim: BaseClaim;
  readonly patches: readonly PatchSummary[];
  readonly messageId: string;
  /** Date headers of its mails. */
  readonly dates: readonly string[];
}

export function seriesBaseOf(outline: SeriesOutline, mails: readonly PatchSummary[]): SeriesBase {
  const claim = claimOf(outline.base, mails);
  const bare = (id: string): string => id.replace(/^<|>$/g, "");
  return {
    outline,
    claim,
    patches: mails.filter(({ kind }) => kind === "patch"),
    messageId: mails[0]?.messageId ?? "",
    messageIds: mails.map(({ messageId }) => bare(messageId)).filter((id) => id !== ""),
    changeId: claim.lines.changeId,
    version: outline.version,
    dependencies: claim.lines.dependencies,
    dates: mails.map(({ date }) => date),
  };
}

/** Findings about the bases of the series and its mails, each once. */
export function allBaseFindings({ outline, patches }: SeriesBase): Finding[] {
  const all = [...patches.flatMap(({ findings }) => findings), ...outline.findings];
  const about = all.filter(({ code }) => /^(?:base|prerequisite)/.test(code));
  return about.filter(
    (one, i) => about.findIndex((f) => f.code === one.code && f.message === one.message) === i,
  );
}

/** The diffs of a series are kept until its base is checked. */
const MAX_BYTES = 512 << 20;

/** A mail whose series is not closed yet. */
interface SummarisedMail extends OutlineEntry {
  readonly summary: PatchSummary;
  readonly facts: VersionMail;
}

/** Which series are wanted. */
export interface SeriesWish {
  /** Null for all. */
  readonly choice: SeriesChoice | null;
  /** What the user said of series. */
  readonly links: readonly HandLink[];
}

interface SeriesBases {
  readonly allSeries: readonly SeriesBase[];
  /** Those that are wanted. */
  readonly wanted: readonly SeriesBase[];
  /** Mails at which the program failed; they were reported. */
  readonly faults: number;
}

/**
 * All series of the sources. Trust does not matter: a base is useful whoever named it.
 *
 * @throws PatchsigError "no-patch", "too-large"; "refused" if it cannot be told which one is wanted; as the
 *   sources cannot be read
 */
export async function readSeriesBases(
  sources: readonly string[],
  { progress, say, sayError }: Reporter,
  { choice, links }: SeriesWish = { choice: null, links: [] },
): Promise<SeriesBases> {
  const faults: PatchsigError[] = [];
  const onUnread = ({ error }: ReadFailure): void => {
    faults.push(error);
    sayError(error);
  };
  const intake = createIntake(onUnread);
  let mails = 0;
  const onRead = mailProgress(progress, sources.length, () => mails);
  for (const source of sources) {
    for await (const items of openSource(source, { say }, onRead)) {
      for (const item of items) {
        if (isReadFailure(item)) {
          // a part of an archive is missing, or all of it
          if (item.source === source) throw item.error;
          onUnread(item);
          continue;
        }
        mails++;
        intake.take(item);
      }
    }
  }
  const read = intake.end();
  if (read.length === 0) throw faults[0] ?? noPatchFound(sources, mails);
  const allSeries = read.map(({ series }) => series);
  if (choice === null) return { allSeries, wanted: allSeries, faults: faults.length };
  const { version, said } = chooseSeries(versionsOf(read), choice, links);
  said.forEach(say);
  return { allSeries, wanted: [version.series], faults: faults.length };
}

interface Intake {
  take(mail: SourceMail): void;
  end(): readonly ReadSeries<SeriesBase>[];
}

/** Mails on their way to be series. What the program fails at goes to `onUnread`. */
function createIntake(onUnread: (unread: ReadFailure) => void): Intake {
  const check = createCheck({ devKeyrings: [], signedOnly: false, plainAm: null, dkim: null });
  const collector = createSeriesCollector<SummarisedMail>();
  const allSeries: ReadSeries<SeriesBase>[] = [];
  let held = 0;

  function collect({ source, bytes, size }: SourceMail): AssembledSeries<SummarisedMail>[] {
    const checked = check(bytes, size);
    const { messageId, references } = checked;
    if (checked.kind === "other") return collector.link({ messageId, references });
    held += checked.diff?.canonical.length ?? 0;
    if (held > MAX_BYTES)
      throw new PatchsigError("too-large", "too many diffs to keep in memory", {
        hint: "give fewer mails",
      });
    const evidence = evidenceOf(checked);
    const verdict = verdictOf(evidence.findings);
    const summary = patchSummary(checked);
    const facts = versionMail(checked);
    const entry = { source, evidence: patchOutline(evidence), verdict, summary, facts };
    return collector.add(itemOf(evidence), entry);
  }

  function close(series: AssembledSeries<SummarisedMail>): void {
    try {
      for (const { outline, members, received } of outlined(series))
        allSeries.push({
          series: seriesBaseOf(
            outline,
            members.map(({ summary }) => summary),
          ),
          outline,
          verdict: worstOf([verdictOf(outline.findings), ...members.map((m) => m.verdict)]),
          mails: received.map(({ facts }) => facts),
          proofs: members
            .filter(({ evidence }) => evidence.kind === "patch")
            .map(({ evidence }) => (evidence.signature === "good" ? "signed" : "none")),
          trusts: new Set(),
        });
    } catch (error) {
      for (const { item, value } of series.members)
        onUnread(faultAt({ source: value.source, messageId: item.messageId }, error));
    }
  }

  return {
    take(mail) {
      try {
        collect(mail).forEach(close);
      } catch (error) {
        const messageId = glimpse(mail.bytes ?? Buffer.alloc(0), "message-id");
        onUnread(faultAt({ source: mail.source, messageId }, error));
      }
    },
    end() {
      collector.end().forEach(close);
      return allSeries;
    },
  };
}
