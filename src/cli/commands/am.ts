/** `patchsig am`: verify, then apply exactly what was verified. */

import type { Argv, CommandModule } from "yargs";
import type { ThreadMail } from "../../series/item.ts";
import { PatchsigError, EXIT } from "../../errors.ts";
import { fetchCommand, isOnRef } from "../../git/base-facts.ts";
import {
  differencesOf,
  type Expected,
  headCommit,
  hooksBehind,
  undoAm,
} from "../../git/committed.ts";
import {
  amProgress,
  createBranchAt,
  gitAm,
  hasCommit,
  hasStagedChanges,
  openRepository,
  type Repository,
} from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import { renderSeries } from "../../report/text.ts";
import { type Composed, mailFor } from "../../verify/commit.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { Checked, NoteResult } from "../../verify/result.ts";
import {
  type Collected,
  createSeriesCollector,
  type Member,
  type Series,
} from "../../verify/series.ts";
import { numberList } from "../../verify/numbers.ts";
import { patchSummary, seriesBaseOf } from "../../app/base/series-base.ts";
import { faultAt } from "../../app/fault.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { devKeyringsOf } from "../../app/settings.ts";
import { endOnSignal } from "../signals.ts";
import { clearProgress, out, outputStyle, say, sayError } from "../terminal.ts";
import { readKeyrings } from "../../app/trust/keyrings.ts";
import type { Unread } from "../../source/piece.ts";
import { openSources } from "../../app/sources/sources.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { newTally, noPatch, verifyMails } from "../../app/verify/verification.ts";
import { mailProgress } from "../mail-progress.ts";
import { now } from "../../app/now.ts";

interface Arguments {
  source: string[];
  require?: string;
  devKeyring?: string[];
  signedOnly: boolean;
  partial: boolean;
  onBase: boolean;
  guessBase: boolean;
  branch?: string;
  "3way": boolean;
  signoff: boolean;
}

export const amCommand: CommandModule<object, Arguments> = {
  command: "am [source..]",
  describe: "verify, then apply exactly what was verified",
  builder: (yargs): Argv<Arguments> =>
    yargs
      .positional("source", {
        describe: "the mails of one series, as for verify; - for stdin",
        type: "string",
        array: true,
        default: ["-"],
      })
      .option("on-base", {
        type: "boolean",
        default: false,
        describe: "apply on the recorded base, on a new branch",
      })
      .option("guess-base", {
        type: "boolean",
        default: false,
        describe: "with --on-base: if none is signed, on the most likely one",
      })
      .option("branch", {
        type: "string",
        requiresArg: true,
        describe: "the name of that branch",
      })
      .option("signed-only", {
        type: "boolean",
        default: false,
        describe: "apply what was signed, without trailers added since",
      })
      .option("partial", {
        type: "boolean",
        default: false,
        describe: "apply what is good though others failed or are missing",
      })
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
      .option("keep-cr", {
        type: "boolean",
        default: true,
        describe: "as in git am; CRs that were signed are always kept",
      })
      .option("3way", { alias: "3", type: "boolean", default: false, describe: "as in git am" })
      .option("signoff", {
        alias: "s",
        type: "boolean",
        default: false,
        describe: "as in git am",
      }) as unknown as Argv<Arguments>,
  handler: am,
};

async function am(args: Arguments): Promise<void> {
  if (args.branch !== undefined && !args.onBase)
    throw new PatchsigError("usage", "--branch goes with --on-base");
  if (args.guessBase && !args.onBase)
    throw new PatchsigError("usage", "--guess-base goes with --on-base");
  const repository = await openRepository(process.cwd());
  await checkIdle(repository);
  const store = openUserTrust(false);
  try {
    const series = await theSeries(args, store);
    const style = outputStyle();
    const results = series.members.map((member) => member.result);
    out(renderSeries(series.result, results, style));
    const chosen = choose(series, args);
    if (chosen === null) {
      process.exitCode = EXIT.unmet;
      return;
    }
    const withMessageId = repository.config.bool("am.messageid") === true;
    const mails = chosen.map(({ payload, result }) =>
      compose(payload, result.subject, withMessageId),
    );
    if (args.onBase) await goToBase(repository, series, args);
    const applied = await apply(repository, mails, args);
    for (const { payload } of chosen.slice(0, applied)) {
      const { signed } = payload;
      if (signed !== null) store.countApplied(signed.comment.by, signed.publicKey, 1);
    }
    const count = `${applied} of ${chosen.length}`;
    if (applied < chosen.length)
      throw new PatchsigError("git-failed", `git am stopped: ${count} applied`);
    say(`applied ${chosen.length === 1 ? "1 patch" : `${chosen.length} patches`}`);
  } finally {
    clearProgress();
    store.close();
  }
}

/** Nothing is verified that git would then refuse to apply. */
async function checkIdle(repository: Repository): Promise<void> {
  if (repository.toplevel === null)
    throw new PatchsigError("no-repository", "there is no working tree here to apply to");
  if ((await amProgress(repository)) !== null)
    throw new PatchsigError("refused", "another am or rebase is under way here", {
      hint: "finish it with git am --continue, or give it up with git am --abort",
    });
  if (await hasStagedChanges(repository))
    throw new PatchsigError("refused", "there are staged changes here", {
      hint: "git commit them, or git stash",
    });
}

/**
 * Hands the mails to git; gives back how many it applied. What git says is shown if it stops.
 *
 * @throws PatchsigError "refused" if what git committed is not what was verified: that is undone
 */
async function apply(
  repository: Repository,
  mails: readonly Composed[],
  args: Arguments,
): Promise<number> {
  const threeWay = args["3way"] || repository.config.bool("am.threeway") === true;
  const before = await headCommit(repository);
  const diffs = mails.map(({ commit }) => commit.diff);
  const trees = await treesOf(repository, before, diffs);
  const said: string[] = [];
  const status = await gitAm(repository, Buffer.concat(mails.map(({ mail }) => mail)), {
    threeWay,
    signoff: args.signoff,
    onLine: (line) => said.push(line),
  });
  const stopped = status === 0 ? null : await amProgress(repository);
  const applied = status === 0 ? mails.length : stopped === null ? 0 : stopped.at - 1;
  const expected = mails.slice(0, applied).map(({ commit }, i) => ({
    author: commit.author,
    email: commit.email,
    message: Buffer.concat([Buffer.from(`${commit.subject}\n\n`), commit.message]),
    // where a patch does not apply and git merged it, nobody has said what comes out
    tree: trees[i] ?? (threeWay ? null : ""),
  }));
  await checkCommitted(repository, before, expected, args.signoff);
  if (status !== 0) for (const line of said) say(line.replaceAll("\t", " "));
  return applied;
}

async function checkCommitted(
  repository: Repository,
  before: string | null,
  expected: readonly Expected[],
  signoff: boolean,
): Promise<void> {
  const differences = await differencesOf(repository, before, expected, signoff);
  if (differences.length === 0) return;
  const what = differences.join(", ");
  const hooks = await hooksBehind(repository, differences);
  if (hooks.length > 0) return say(`note: changed by your hook ${hooks.join(", ")}: ${what}`);
  await undoAm(repository, before);
  throw new PatchsigError(
    "refused",
    `git committed something else than was verified (${what}): undone`,
    {
      hint: "an attribute, filter or setting here changes what is applied: git config --list",
    },
  );
}

/** The one series of the sources. */
async function theSeries(
  args: Arguments,
  store: ReturnType<typeof openUserTrust>,
): Promise<Series<Checked>> {
  let fault: PatchsigError | null = null;
  // an error at one mail is no reason to refuse others; if it is one of the series, that is incomplete
  const onUnread = ({ error }: Unread): void => {
    if (error.code !== "fault") throw error;
    fault ??= error;
    sayError(error);
  };
  const tally = newTally();
  const closed: Collected<Checked>[] = [];
  const collector = createSeriesCollector<Checked>((members, error) => {
    for (const { result } of members) throw faultAt(result, error).error;
  });
  const options = {
    policies: readPolicies(args.require),
    pins: await readKeyrings(store),
    devKeyrings: devKeyringsOf(args.devKeyring),
    dryRun: false,
    signedOnly: args.signedOnly,
    plainAm: null,
    jobs: 1,
    keep: (checked: Checked) => checked,
    onLink: (mail: ThreadMail) => closed.push(...collector.link(mail)),
    onNote: ({ read, source, findings }: NoteResult): void => {
      if (!read) say(`${source}: a mail without a patch, not read`);
      for (const { message, hint } of findings.filter(isWrapped))
        say(`${source}: ${message}; ${hint}`);
    },
    onUnread,
  };
  const mails = openSources(args.source, {}, mailProgress(args.source.length, tally));
  for await (const mail of verifyMails(mails, options, store, tally)) {
    const { payload } = mail;
    if (payload !== null) closed.push(...collector.add({ ...mail, payload }));
  }
  closed.push(...collector.end());
  const withPatches = seriesToApply(withoutStrays(closed));
  const [series, ...others] = withPatches;
  if (series === undefined) throw fault ?? noPatch(args.source, tally.messages);
  if (others.length > 0) {
    const named = withPatches
      .slice(0, MAX_NAMED)
      .map((s) => `v${s.result.version} ${s.result.subject}`)
      .join("; ");
    throw new PatchsigError("refused", `${withPatches.length} series in there: ${named}`, {
      hint: "give the mails of one series",
    });
  }
  return series;
}

/** A mail that cannot be read has no number: its series is one of its own. */
function isRead(series: Series<Checked>): boolean {
  return series.members.some((m) => m.payload.view !== null);
}

/**
 * One that was signed as a whole is the series; what only bears its version and its numbers is none
 * of it, and does not stop it.
 */
function withoutStrays(all: readonly Collected<Checked>[]): readonly Collected<Checked>[] {
  const [sealed, ...more] = all.filter(({ result }) => result.sealed);
  if (sealed === undefined || more.length > 0) return all;
  const { version, total } = sealed.result;
  const others = all.filter((one) => one !== sealed && isRead(one));
  if (others.some(({ result }) => result.version !== version || result.total !== total)) return all;
  for (const { received } of others)
    for (const { result } of received.slice(0, MAX_NAMED))
      say(`note: not of this series: ${result.source}: ${result.subject}`);
  return all.filter((one) => !others.includes(one));
}

/**
 * Series with patches. A mail that cannot be read and whose number is not seen either is one of its
 * own: it is said, and no series if there is another one, in which it is missing if it belongs there.
 * Answers are said, too.
 */
function seriesToApply(closed: readonly Series<Checked>[]): Series<Checked>[] {
  const isAnswer = (s: Series<Checked>): boolean => s.members.some((m) => m.evidence.isAnswer);
  for (const { result } of closed.filter(isAnswer).slice(0, MAX_NAMED))
    say(`left out, an answer with a diff: ${result.subject}`);
  const withPatches = closed.filter(
    (s) => !isAnswer(s) && s.members.some((m) => m.evidence.kind === "patch"),
  );
  const read = withPatches.filter(isRead);
  if (read.length === 0) return withPatches;
  const unread = closed.filter((s) => !isRead(s)).flatMap((s) => s.members);
  for (const { result } of unread.slice(0, MAX_NAMED)) {
    const [why] = result.findings;
    say(`${result.source}: ${why?.message ?? "not read"}`);
  }
  return read;
}

const MAX_NAMED = 5;

/** The patches to apply, in order; null, after saying why, if not all are good. */
function choose(series: Series<Checked>, args: Arguments): Member<Checked>[] | null {
  const patches = series.members.filter((m) => m.evidence.kind === "patch");
  const good = patches.filter((m) => m.result.verdict !== "fail");
  const { missing, findings } = series.result;
  const conflict = findings.find((f) => f.severity === "fail");
  if (conflict !== undefined) {
    say("nothing applied");
    return null;
  }
  if (args.partial && good.length > 0) return good;
  if (good.length < patches.length) {
    say(`nothing applied: ${patches.length - good.length} of ${patches.length} failed`);
    if (good.length > 0) say("hint: --partial applies the others");
    return null;
  }
  // the cover letter is no patch, but what it says was read with them, if it could be read
  const letters = series.members.filter(
    (m) => m.evidence.kind === "cover" && m.payload.view !== null,
  );
  if (letters.some((m) => m.result.verdict === "fail")) {
    say("nothing applied: the cover letter failed");
    say("hint: --partial applies the patches");
    return null;
  }
  if (missing.length > 0) {
    say(`nothing applied: ${numberList(missing)} of ${series.result.total} not here`);
    say("hint: --partial applies those that are");
    return null;
  }
  return good;
}

function compose(checked: Checked, subject: string, withMessageId: boolean): Composed {
  const mail = mailFor(checked, now(), { withMessageId });
  if (!mail.ok)
    throw new PatchsigError("refused", `cannot hand "${subject}" to git: ${mail.refusal.detail}`);
  return mail.value;
}

/** A new branch at the base, checked out. */
async function goToBase(
  repository: Repository,
  series: Series<Checked>,
  { branch, guessBase }: Arguments,
): Promise<void> {
  const signed = series.members.find(
    (m) => m.evidence.signed !== null && m.result.verdict !== "fail",
  )?.payload.signed?.comment.base;
  if (typeof signed !== "string" && !guessBase) {
    throw new PatchsigError("refused", "no base commit was signed", {
      hint: "--guess-base takes the most likely one; without --on-base it is applied on HEAD",
    });
  }
  const base = signed ?? (await guessedBase(repository, series));
  if (!(await hasCommit(repository, base))) {
    const fetch = await fetchCommand(repository, series.result.base.tree);
    throw new PatchsigError("refused", `the base ${base} is not in this repository`, {
      hint: fetch === "" ? "fetch it first" : fetch,
    });
  }
  if (!(await isOnRef(repository, base)))
    throw new PatchsigError("refused", `the base ${base} is on no branch and no tag here`, {
      hint: `see what it is, git log ${base.slice(0, 12)}, and give it a branch if it is good`,
    });
  const name = branch ?? branchName(series.result.subject, series.result.version);
  await createBranchAt(repository, name, base);
  say(`on new branch ${name} at ${base.slice(0, 12)}`);
}

/** Only one of which there is nothing to doubt but that others are as good. */
async function guessedBase(repository: Repository, series: Series<Checked>): Promise<string> {
  endOnSignal();
  // most series name their base
  const { BaseGuesser } = await import("../../app/base/guesser.ts");
  const guesser = await BaseGuesser.open(repository, []);
  try {
    const [guessed] = await guesser.guess([
      seriesBaseOf(
        series.result,
        series.members.map((m) => patchSummary(m.payload)),
      ),
    ]);
    const best = guessed?.candidates[0];
    if (best === undefined || guessed?.confidence !== "high")
      throw new PatchsigError("refused", "no commit here is likely enough to be the base", {
        hint: "git patchsig base guess says why",
      });
    say(`base guessed: ${best.commit.slice(0, 12)} ${best.name}`);
    return best.commit;
  } finally {
    guesser.close();
  }
}

/** `patchsig/net-drop-the-stale-timer-v2` */
function branchName(subject: string, version: number): string {
  const slug = subject
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 50)
    .replace(/-$/, "");
  return `patchsig/${slug === "" ? "series" : slug}${version > 1 ? `-v${version}` : ""}`;
}
