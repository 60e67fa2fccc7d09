/** `patchsig verify`: one line a patch, one a series, an exit status for scripts. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { SeriesTests } from "../../app/result/series-tests.ts";
import type { Bases } from "../../app/base/verify-bases.ts";
import { gitConfig } from "../../app/settings.ts";
import { trailerSettings } from "../../app/trailers/settings.ts";
import { asUser } from "../../app/verify/as-user.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { describePolicies } from "../../app/verify/policy.ts";
import { verifyRun } from "../../app/verify/run.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { indexFile } from "../../places.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { amSettings } from "../../git/am-settings.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { out, reporter, say, sayWaiting } from "../../terminal/terminal.ts";
import { filterMail } from "../verify/filter.ts";
import { printerFor } from "../verify/printer.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { SERIES_OPTIONS, seriesChoice } from "../series-options.ts";
import { flag, number, several, value } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

const WORDS = {
  source: several("mbox, mail, directory, maildir, public-inbox, IMAP URL, Message-ID, or -", "-"),
} as const;

const OPTIONS = {
  json: JSON_OPTION,
  ...POLICY_OPTIONS,
  ...SERIES_OPTIONS,
  repo: value("look at the base in this repository, and try the series on it"),
  since: value("only mails after this time, of a public-inbox or IMAP: 2026-10-01, 2.weeks"),
  new: flag("what came since the last --new: of an mbox, maildir, public-inbox or IMAP"),
  jobs: number("threads that check mails (default: as many as there are processors)", "j"),
  summary: flag("print the totals, and only those series that stand out"),
  quiet: flag("print only errors; the exit status tells the rest", "q"),
  header: flag("a mail filter: the mail on stdin goes to stdout with the verdict in its header"),
  policy: flag("print the policy in force, and where each line comes from"),
  "dry-run": flag("remember nothing"),
} as const;

type Arguments = ValuesOf<typeof WORDS> & ValuesOf<typeof OPTIONS>;

export const verifyCommand = command({
  usage: "verify [source..]",
  paged: true,
  describe: "show who signed each patch, and what changed since",
  words: WORDS,
  options: OPTIONS,
  run: verify,
});

/** More would only wait: what is printed is judged by one. */
const MAX_JOBS = 64;

async function verify(args: Arguments): Promise<CommandStatus> {
  if (args.policy) return out(describePolicies(args.require));
  if (args.header) return filterMail(args);
  const jobs = args.jobs ?? availableParallelism();
  if (!Number.isSafeInteger(jobs) || jobs < 1)
    throw new PatchsigError("usage", "--jobs wants a number");
  const printer = printerFor(args);
  const run = await asUser(args, args.dryRun, async (store, terms) => {
    const bases = args.repo === undefined ? null : await basesIn(args.repo);
    const tests = await testsIn(args.repo ?? ".", store);
    try {
      const options = {
        ...terms,
        sources: args.source,
        since: args.since,
        onlyNew: args.new,
        plainAm: amSettings(gitConfig()),
        trailers: trailerSettings(),
        dryRun: args.dryRun,
        jobs: Math.min(jobs, MAX_JOBS),
        bases,
        tests,
      };
      sayWaiting(args.source);
      const isChosen = args.series !== undefined || args.version !== undefined;
      const pass = isChosen ? await chosenRun(args) : verifyRun;
      return await pass(options, store, printer.show, reporter());
    } finally {
      bases?.close();
      tests?.close();
    }
  });
  printer.end(run);
  if (run.nothing !== null) throw run.nothing;
  if (!run.met) return EXIT.unmet;
  return run.unread > 0 ? EXIT.failed : EXIT.ok;
}

/** Of one series. Loaded where it is asked for, as the bases: a plain verify has to start quickly. */
async function chosenRun(args: Arguments): Promise<typeof verifyRun> {
  if (args.new) throw new PatchsigError("usage", "--new does not go with --series or --version");
  const { verifyChosen } = await import("../../app/verify/chosen.ts");
  const choice = seriesChoice(args, messageIdsAmong(args.source));
  return (options, ...rest) => verifyChosen(options, choice, ...rest);
}

/** Loaded where there is an index of mails: most have none. */
async function testsIn(directory: string, store: TrustStore): Promise<SeriesTests | null> {
  if (!existsSync(indexFile(process.env))) return null;
  const { openSeriesTests } = await import("../../app/result/series-tests.ts");
  return openSeriesTests(directory, store, say);
}

async function basesIn(directory: string): Promise<Bases> {
  endOnSignal();
  const { openBases } = await import("../../app/base/verify-bases.ts");
  return openBases(directory, reporter().progress);
}
