/** `patchsig verify`: one line a patch, one a series, an exit status for scripts. */

import { availableParallelism } from "node:os";
import type { Bases } from "../../app/base/verify-bases.ts";
import { devKeyringsOf, gitConfig } from "../../app/settings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { describePolicies, readPolicies } from "../../app/verify/policy.ts";
import { type RunResult, type VerifyEvent, verifyRun } from "../../app/verify/run.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { amSettings } from "../../git/am-settings.ts";
import { formatRecord } from "../../report/json.ts";
import { isUnsignedSeries, namesNoBase, renderNote, renderSeries } from "../../report/text.ts";
import {
  renderBaseless,
  renderPassedOver,
  renderRequired,
  renderSigners,
  renderTotals,
} from "../../report/totals.ts";
import type { ReadFailure } from "../../source/item.ts";
import type { UnreadResult } from "../../verify/result.ts";
import { summaryOf } from "../../verify/totals.ts";
import { command, type CommandStatus } from "../command.ts";
import { endOnSignal } from "../signals.ts";
import { blockPrinter, clearProgress, out, outputStyle, reporter, sayError } from "../terminal.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";

interface Arguments {
  source: string[];
  json: boolean;
  require?: string | undefined;
  devKeyring?: string[] | undefined;
  dryRun: boolean;
  policy: boolean;
  jobs?: number | undefined;
  since?: string | undefined;
  new: boolean;
  repo?: string | undefined;
}

export const verifyCommand = command({
  usage: "verify [source..]",
  describe: "show who signed each patch, and what changed since",
  words: {
    source: {
      describe: "mbox, mail, patch file, directory, maildir, public-inbox, IMAP URL, or -",
      type: "string",
      array: true,
      default: ["-"],
    },
  },
  options: {
    json: { type: "boolean", default: false, describe: "one record a line" },
    ...POLICY_OPTIONS,
    repo: {
      type: "string",
      requiresArg: true,
      describe: "look at the base in this repository, and try the series on it",
    },
    since: {
      type: "string",
      requiresArg: true,
      describe: "only mails after this time, of a public-inbox or IMAP: 2026-10-01, 2.weeks",
    },
    new: {
      type: "boolean",
      default: false,
      describe: "what came since the last --new: of an mbox, maildir, public-inbox or IMAP",
    },
    jobs: {
      alias: "j",
      type: "number",
      requiresArg: true,
      describe: "threads that check mails (default: as many as there are processors)",
    },
    policy: {
      type: "boolean",
      default: false,
      describe: "print the policy in force, and where each line comes from",
    },
    "dry-run": {
      type: "boolean",
      default: false,
      describe: "remember nothing",
    },
  },
  run: verify,
});

/** More would only wait: what is printed is judged by one. */
const MAX_JOBS = 64;
/** Series after which nobody remembers how it began: the end says who signed. */
const LONG_RUN = 20;

async function verify(args: Arguments): Promise<CommandStatus> {
  if (args.policy) return out(describePolicies(args.require));
  const jobs = args.jobs ?? availableParallelism();
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new PatchsigError("usage", "--jobs wants a number");
  const policies = readPolicies(args.require);
  const store = openUserTrust(args.dryRun);
  const printer = args.json ? printJson() : printText();
  let bases: Bases | null = null;
  let run: RunResult;
  try {
    bases = args.repo === undefined ? null : await basesIn(args.repo);
    const options = {
      sources: args.source,
      since: args.since,
      onlyNew: args.new,
      policies,
      devKeyrings: devKeyringsOf(args.devKeyring),
      plainAm: amSettings(gitConfig()),
      dryRun: args.dryRun,
      jobs: Math.min(jobs, MAX_JOBS),
      bases,
    };
    run = await verifyRun(options, store, printer.show, reporter());
  } finally {
    bases?.close();
    clearProgress();
    store.close();
  }
  printer.end(run);
  if (run.nothing !== null) throw run.nothing;
  if (!run.met) return EXIT.unmet;
  return run.unread > 0 ? EXIT.failed : EXIT.ok;
}

interface Printer {
  readonly show: (record: VerifyEvent) => void;
  readonly end: (run: RunResult) => void;
}

function printJson(): Printer {
  return {
    show(record) {
      out(formatRecord(record.kind === "unread" ? recordOf(record.unread) : record.result));
      if (record.kind === "unread") sayError(record.unread.error);
    },
    end: (run) => out(formatRecord(summaryOf(run.totals, run))),
  };
}

function recordOf({ source, error: { code, message, hint = "" } }: ReadFailure): UnreadResult {
  return { type: "unread", source, code, message, hint };
}

function printText(): Printer {
  const style = outputStyle();
  const print = blockPrinter();
  let baseless = 0;
  return {
    show(record) {
      if (record.kind === "unread") sayError(record.unread.error);
      else if (record.kind === "note" && record.result.read)
        print(renderNote(record.result, style));
      else if (record.kind === "series") {
        if (isUnsignedSeries(record.patches) && namesNoBase(record.result)) baseless++;
        print(renderSeries(record.result, record.patches, style));
      }
    },
    end(run) {
      const totals = run.series > 1 ? renderTotals(run.totals, run, style) : [];
      const required = renderRequired(run.totals, style);
      print([...totals, ...required, ...renderBaseless(baseless, run.series, style)], "block");
      if (run.passedOver > 0) print(renderPassedOver(run.passedOver, style), "block");
      if (run.series > LONG_RUN && run.totals.signed > 0) print(renderSigners(run.totals, style));
    },
  };
}

/** Loaded where it is asked for: a plain verify has to start quickly. */
async function basesIn(directory: string): Promise<Bases> {
  endOnSignal();
  const { openBases } = await import("../../app/base/verify-bases.ts");
  return openBases(directory, reporter().progress);
}
