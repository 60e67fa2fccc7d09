/** `patchsig verify`: one line a patch, one a series, an exit status for scripts. */

import { availableParallelism } from "node:os";
import type { Argv, CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { amSettings } from "../../git/am-settings.ts";
import type { Unread } from "../../source/piece.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { formatRecord } from "../../report/json.ts";
import { renderPassedOver, renderSigners, renderTotals } from "../../report/totals.ts";
import { renderNote, renderSeries } from "../../report/text.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { Checked, NoteResult, PatchResult, UnreadResult } from "../../verify/result.ts";
import type { ThreadMail } from "../../series/item.ts";
import { createTotals, summaryOf } from "../../verify/totals.ts";
import { createSeriesCollector, type JudgedMail, type Series } from "../../verify/series.ts";
import type { PatchSummary } from "../../app/base/series-base.ts";
import { goneCursors } from "../../app/sources/cursors.ts";
import { faultAt } from "../../app/fault.ts";
import { describePolicies, readPolicies } from "../../app/verify/policy.ts";
import { devKeyringsOf, gitConfig } from "../../app/settings.ts";
import { clearProgress, out, outputStyle, sayError } from "../terminal.ts";
import { readKeyrings } from "../../app/trust/keyrings.ts";
import { openSources } from "../../app/sources/sources.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { newTally, noPatch, verifyMails } from "../../app/verify/verification.ts";
import { mailProgress } from "../mail-progress.ts";

interface Arguments {
  source: string[];
  json: boolean;
  require?: string;
  devKeyring?: string[];
  dryRun: boolean;
  policy: boolean;
  jobs?: number;
  since?: string;
  new: boolean;
  repo?: string;
}

export const verifyCommand: CommandModule<object, Arguments> = {
  command: "verify [source..]",
  describe: "say of each patch who signed it and what changed since",
  builder: (yargs): Argv<Arguments> =>
    yargs
      .positional("source", {
        describe: "mbox, mail, patch file, directory, maildir, public-inbox, IMAP URL, or -",
        type: "string",
        array: true,
        default: ["-"],
      })
      .option("json", { type: "boolean", default: false, describe: "one record a line" })
      .option("require", {
        type: "string",
        requiresArg: true,
        describe: "nothing, signature (default), known or pinned",
      })
      .option("dev-keyring", {
        type: "string",
        array: true,
        // one at a time: yargs' arrays would take the sources too
        nargs: 1,
        describe: "folder with keys for X-Developer-Signature",
      })
      .option("repo", {
        type: "string",
        requiresArg: true,
        describe: "look at the base in this repository, and try the series on it",
      })
      .option("since", {
        type: "string",
        requiresArg: true,
        describe: "of a public-inbox or IMAP, what came after: 2026-10-01, 2.weeks",
      })
      .option("new", {
        type: "boolean",
        default: false,
        describe: "what came since the last --new: of an mbox, maildir, public-inbox or IMAP",
      })
      .option("jobs", {
        alias: "j",
        type: "number",
        requiresArg: true,
        describe: "threads that check mails (default: as many as there are processors)",
      })
      .option("policy", {
        type: "boolean",
        default: false,
        describe: "print the policy in force, and where each line comes from",
      })
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "remember nothing",
      }) as unknown as Argv<Arguments>,
  handler: verify,
};

/** More would only wait: what is printed is judged by one. */
const MAX_JOBS = 64;
/** Series after which nobody remembers how it began: the end says who signed. */
const LONG_RUN = 20;

async function verify(args: Arguments): Promise<void> {
  if (args.policy) return out(describePolicies(args.require));
  const jobs = args.jobs ?? availableParallelism();
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new PatchsigError("usage", "--jobs wants a number");
  const policies = readPolicies(args.require);
  const store = openUserTrust(args.dryRun);
  const tally = newTally();
  const totals = createTotals();
  const style = outputStyle();
  const collector = createSeriesCollector<PatchSummary | null>(onFault);
  const closed: Series<PatchSummary | null>[] = [];
  // loaded where it is asked for: a plain verify has to start quickly
  const bases =
    args.repo === undefined
      ? null
      : await (await import("../../app/base/verify-bases.ts")).openBases(args.repo);
  let seriesCount = 0;
  let notes = 0;
  let passedOver = 0;
  let unread = 0;
  let blocks = 0;
  let met = true;

  /** A block of lines, an empty one between two. */
  function print(lines: readonly SafeText[]): void {
    clearProgress();
    if (blocks++ > 0) out(ours``);
    out(lines);
  }

  function onNote(note: NoteResult): void {
    if (!note.read) passedOver++;
    // the patch in an attached mail was not judged
    else if (!note.findings.every(isWrapped)) notes++;
    if (args.json) out(formatRecord(note));
    else if (note.read) print(renderNote(note, style));
  }

  function onUnread({ source, error }: Unread): void {
    unread++;
    const { code, message, hint } = error;
    const record: UnreadResult = { type: "unread", source, code, message, hint: hint ?? "" };
    if (args.json) out(formatRecord(record));
    sayError(error);
  }

  function onFault(members: readonly { readonly result: PatchResult }[], error: unknown): void {
    for (const { result } of members) onUnread(faultAt(result, error));
  }

  async function show(series: Series<PatchSummary | null>): Promise<void> {
    seriesCount++;
    try {
      const result = bases === null ? series.result : await bases.judge(series);
      if (result.verdict === "fail") met = false;
      if (args.json) return out(formatRecord(result));
      const patches = series.members.map((member) => member.result);
      print(renderSeries(result, patches, style));
    } catch (error) {
      met &&= series.result.verdict !== "fail";
      onFault(series.members, error);
    }
  }

  function take(mail: JudgedMail<PatchSummary | null>): Series<PatchSummary | null>[] {
    try {
      totals.add(mail.result);
      if (args.json) out(formatRecord(mail.result));
      return collector.add(mail);
    } catch (error) {
      onFault([mail], error);
      return [];
    }
  }

  try {
    const pins = await readKeyrings(store);
    const sourceOptions = {
      since: args.since,
      cursorOf: args.new ? (name: string) => store.cursor(name) : undefined,
    };
    const options = {
      policies,
      pins,
      devKeyrings: devKeyringsOf(args.devKeyring),
      dryRun: args.dryRun,
      signedOnly: false,
      plainAm: amSettings(gitConfig()),
      jobs: Math.min(jobs, MAX_JOBS),
      keep: bases === null ? null : (checked: Checked) => bases.keep(checked),
      onLink: (mail: ThreadMail) => closed.push(...collector.link(mail)),
      onNote,
      onUnread,
    };
    const onRead = mailProgress(args.source.length, tally);
    const mails = openSources(args.source, sourceOptions, onRead);
    for await (const mail of verifyMails(mails, options, store, tally)) {
      closed.push(...take(mail));
      for (const series of closed.splice(0)) await show(series);
    }
  } finally {
    // what was judged before an error is said before it
    for (const series of [...closed, ...collector.end()]) await show(series);
    if (args.new) {
      store.moveCursors(tally.cursors);
      store.dropCursors(goneCursors(args.source, (prefix) => store.cursorsBelow(prefix)));
    }
    bases?.close();
    clearProgress();
    store.close();
  }
  const { messages } = tally;
  if (args.json) out(formatRecord(summaryOf(totals, { messages, unread, passedOver })));
  else if (seriesCount > 1) print(renderTotals(totals, { messages, unread }, style));
  if (!args.json && passedOver > 0) print(renderPassedOver(passedOver, style));
  if (!args.json && seriesCount > LONG_RUN) print(renderSigners(totals, style));
  // nothing new is no failure: a bot or a timer asks again and again
  const quiet = args.new && messages === 0;
  if (totals.all.patches + notes + unread === 0 && !quiet) throw noPatch(args.source, messages);
  process.exitCode = met ? (unread > 0 ? EXIT.failed : EXIT.ok) : EXIT.unmet;
}
