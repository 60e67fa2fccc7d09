/** Verification for programs: mails in, the records of `patchsig verify --json` out, by series. */

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

/** What `verifySeries` has to know. */
export interface VerifyOptions {
  /** What is known of keys, and learns from these mails (`openTrust`). */
  readonly trust: Trust;
  /** What a mail has to meet. What is not set here is as in `DEFAULT_POLICY`. */
  readonly policy?: Partial<Policy>;
  /** Settings that ask for more of the mails of a list, or of patches that touch a path. */
  readonly overrides?: readonly Override[];
  /** When the mails are met: seconds since 1970. The clock's time unless given. */
  readonly now?: number;
  /** Folders with keys for X-Developer-Signature (docs/devsig.md). None unless given. */
  readonly developerKeyrings?: readonly string[];
}

/** A `series` record with the records of its mails. */
export interface SeriesRecord extends SeriesResult {
  /**
   * A record for each mail of it that came, its cover letter among them, by number and then as they
   * came. Of copies of one patch the best counts for the series' verdict.
   */
  readonly patches: readonly PatchResult[];
}

/** What `verifySeries` gives; `type` tells them apart. */
export type VerifyRecord = SeriesRecord | StatementMail | UnreadResult | SummaryResult;

/**
 * Verifies mails and puts them together to series, as `patchsig verify --json` does: the records are
 * the same (docs/schema/verify.md), but that `patch` records stand in their series. Reads no
 * configuration, of git or otherwise.
 *
 *     series    once all its mails are there, or the mails end
 *     note      a mail without a patch that says something of keys, or cannot be read
 *     unread    a part of the sources that could not be read; or a mail at which patchsig failed
 *     summary   the last record. No patch among the mails is not a pass: look at `patches`
 *
 * What a verdict led to remembering is in `trust`, and on the disk, before its record is given. Text
 * of mails stands in the records as it came: `escapeText` makes it fit for a terminal, and a page
 * needs escapes of its own.
 *
 * @param mails of any number of series, the oldest first; they are read as they are needed
 * @throws PatchsigError "usage" for a policy or a mail that is none, before anything is judged or in
 *   its turn; "bad-database", "database-busy", "disk-full" and the like if the trust database fails
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
    jobs: 1,
    keep: null,
  };
  for await (const record of verifyEvents(sourceItemsOf(mails), pass, store, recordOf, counts))
    if (record !== null) yield record;
  yield summaryOf(counts.totals, counts);
}

/** Null for a patch: it stands in its series. */
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

/** A setting that means nothing must not be taken for one that asks for nothing. */
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
