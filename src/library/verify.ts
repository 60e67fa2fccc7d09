/**
 * Verification for programs: takes mails, yields the records of `patchsig verify --json`, series by
 * series.
 */

import { type JudgedEvent, newEventCounts, verifyEvents } from "../app/verify/events.ts";
import { PatchsigError } from "../errors.ts";
import {
  DEFAULT_POLICY,
  type Override,
  type Policies,
  type Policy,
  isWrongSetting,
} from "../verify/policy.ts";
import type {
  StatementMail,
  PatchResult,
  SeriesResult,
  SummaryResult,
  UnreadResult,
} from "../verify/result.ts";
import type { Collected } from "../verify/series.ts";
import { summaryOf } from "../verify/totals.ts";
import { type Mails, sourceItemsOf, unreadRecord } from "./mails.ts";
import { checkedSeconds } from "./seconds.ts";
import { type Trust, trustStoreOf } from "./trust.ts";

/** Options of `verifySeries`. */
export interface VerifyOptions {
  /** What is known about keys (`openTrust`). Learns from these mails. */
  readonly trust: Trust;
  /** What a mail has to meet. Default of each setting: `DEFAULT_POLICY`. */
  readonly policy?: Partial<Policy>;
  /** Stricter settings for the mails of a list, or for patches that touch a path. */
  readonly overrides?: readonly Override[];
  /** When the mails are seen: seconds since 1970. Default: the clock. */
  readonly now?: number;
  /** Folders with keys for X-Developer-Signature (docs/devsig.md). Default: none. */
  readonly developerKeyrings?: readonly string[];
}

/** A `series` record with the records of its mails. */
export interface SeriesRecord extends SeriesResult {
  /**
   * One record for each of its mails, including the cover letter and copies, by number, then in
   * order of arrival. Of several copies of one patch, the best counts for the series' verdict.
   */
  readonly patches: readonly PatchResult[];
}

/** What `verifySeries` yields; `type` tells them apart. */
export type VerifyRecord = SeriesRecord | StatementMail | UnreadResult | SummaryResult;

/**
 * Verifies mails and groups them into series, as `patchsig verify --json` does. The records are the
 * same (docs/schema/verify.md), except that each series contains its `patch` records. Reads no
 * configuration, neither git's nor any other.
 *
 *     series    once all its mails are there, or the mails end
 *     note      a mail without a patch that carries a statement about keys, or cannot be read
 *     unread    a part of the sources that could not be read; or a mail at which patchsig failed
 *     summary   the last record. Mails without any patch have not passed: look at `patches`
 *
 * What a verdict adds to `trust` is in it, and on disk, before the record is yielded. Text of mails
 * is in the records as it came: `escapeText` makes it safe for a terminal; HTML needs its own
 * escaping.
 *
 * @param mails of any number of series, oldest first; read lazily
 * @throws PatchsigError "usage" for an invalid policy (before anything is judged) or for something
 *   that is not a mail; "bad-database", "database-busy", "disk-full" and the like if the trust
 *   database fails
 */
export async function* verifySeries(
  mails: Mails,
  options: VerifyOptions,
): AsyncGenerator<VerifyRecord> {
  const { trust, developerKeyrings = [] } = options;
  const { store, dryRun } = trustStoreOf(trust);
  const counts = newEventCounts();
  const pass = {
    policies: policiesOf(options),
    dryRun,
    at: checkedSeconds(options.now),
    devKeyrings: developerKeyrings,
    signedOnly: false,
    plainAm: null,
    dkim: null,
    jobs: 1,
    keep: null,
  };
  for await (const record of verifyEvents(sourceItemsOf(mails), pass, store, recordOf, counts))
    if (record !== null) yield record;
  yield summaryOf(counts.totals, counts);
}

/** Null for a patch: its series contains it. */
function recordOf(event: JudgedEvent<null>): VerifyRecord | null {
  if (event.kind === "series") return seriesRecord(event.series);
  if (event.kind === "unread") return unreadRecord(event.unread);
  return event.kind === "note" ? event.result : null;
}

function seriesRecord({ result, received }: Collected<null>): SeriesRecord {
  const patches = received
    .map((member) => ({ index: member.evidence.number.index, record: member.result }))
    .sort((a, b) => a.index - b.index)
    .map(({ record }) => record);
  return { ...result, patches };
}

/** An unknown setting is an error: ignoring it would ask for less than the caller meant. */
function policiesOf({ policy = {}, overrides = [] }: VerifyOptions): Policies {
  return {
    general: { ...DEFAULT_POLICY, ...checked(policy) },
    overrides: overrides.map(({ kind, name, settings }) => {
      if ((kind !== "list" && kind !== "path") || typeof name !== "string" || name === "")
        throw new PatchsigError("usage", "an override concerns a list or a path, by its name");
      return {
        kind,
        name: kind === "list" ? name.toLowerCase() : name,
        settings: checked(settings),
      };
    }),
  };
}

function checked(settings: Partial<Policy>): Partial<Policy> {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  const wrong = set.find(([name, value]) => isWrongSetting(name, value));
  if (wrong !== undefined)
    throw new PatchsigError("usage", `the policy's ${wrong[0]} cannot be ${String(wrong[1])}`);
  return Object.fromEntries(set);
}
