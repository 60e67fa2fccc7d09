/**
 * A branch as a signed series: what git is asked for, what is added to its mails, and what comes of
 * it. How the mails reach us and where they go is in write-series.ts.
 */

import { type BaseChoice, chooseBase } from "../../git/base.ts";
import { addBaseTree, publicTree } from "../../git/base-tree.ts";
import { signerIdent } from "../../git/ident.ts";
import type { Repository } from "../../git/repository.ts";
import { type SeriesRange, seriesRange } from "../../git/series-range.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { settingsEnvironment } from "../settings.ts";
import type { OpenSigner } from "./signer.ts";
import { type CommitDifference, commitDifferences } from "./compare-commits.ts";
import { type MailToSign, type SignedMails, signEachSeries } from "./signing.ts";

export interface SeriesPlan {
  readonly range: SeriesRange;
  readonly base: BaseChoice;
}

/** What a range of commits is, and on which base. PatchsigError: as git refuses the words. */
export async function planSeries(
  repository: Repository,
  args: readonly string[],
): Promise<SeriesPlan> {
  const range = await seriesRange(repository, args);
  return { range, base: await chooseBase(repository, { explicit: range.base, range }) };
}

/** A patch as git wrote it, and the full name of its commit; null if git does not say it. */
export interface Written extends MailToSign {
  readonly commit: string | null;
}

export interface PreparedSeries {
  /** Mails signed; those with lines added that are not signed; null for what stays as it was. */
  readonly signed: SignedMails;
  /** Where git am would not make the commits that they were made from. */
  readonly differences: readonly CommitDifference[];
}

/** Signs the mails that git wrote, once what is ours has been added. */
export type PrepareSeries = (drafts: readonly Written[]) => Promise<PreparedSeries>;

export interface PrepareOptions {
  /** Opened once git has written the mails, since it may ask for a password; wiped when all is signed. */
  readonly signer: () => Promise<OpenSigner>;
  /** The address to sign for. */
  readonly by: string;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** What prepares this series. Asked before git writes its mails: what cannot be done is said then. */
export function seriesPreparer(
  repository: Repository,
  { base, range }: SeriesPlan,
  { signer: open, by, time }: PrepareOptions,
): PrepareSeries {
  const tree = publicTree(repository, base);
  const commit = base.kind === "none" ? null : base.commit;
  return async (drafts) => {
    const amended = withTree(drafts, base, tree);
    // git leaves out what has no changes: the mails are all that there is
    const signer = await open();
    const terms = { signer, by, time, base: commit, inOrder: true, empty: Infinity };
    const signed = await signEachSeries(amended, terms).finally(() => signer.wipe());
    const patches = drafts.flatMap(({ name, commit: madeFrom }, i) => {
      const mail = signed.mails[i] ?? null;
      return mail === null || madeFrom === null ? [] : [{ name, mail, commit: madeFrom }];
    });
    const differences = await commitDifferences(repository, patches, range.paths);
    // a cover letter that is still to be written is not signed, but has its lines
    const mails = amended.map(({ mail }, i) => (mail === drafts[i]!.mail ? null : mail));
    const all = signed.mails.map((mail, i) => mail ?? mails[i] ?? null);
    return { signed: { ...signed, mails: all }, differences };
  };
}

/**
 * The words for git format-patch.
 *
 * @param from the user said who the From header names
 */
export async function gitArguments(
  repository: Repository,
  { base, range }: SeriesPlan,
  { by, from }: { readonly by: string; readonly from: boolean },
): Promise<string[]> {
  const own = base.kind !== "none" ? [`--base=${base.commit}`] : [];
  const sender = from ? [] : await fromOption(repository, range, by);
  return [...own, ...sender, ...range.args];
}

/**
 * A patch by somebody else must name its sender, who is the signer: git then writes From for the
 * sender and puts the author on top of the body. Only where the user has not decided that.
 */
async function fromOption(
  repository: Repository,
  range: SeriesRange,
  by: string,
): Promise<string[]> {
  if (repository.config.string("format.from") !== null) return [];
  if ([...range.authors].every((author) => normaliseIdentity(author) === by)) return [];
  return [`--from=${await signerIdent(repository, by, settingsEnvironment())}`];
}

function withTree(
  drafts: readonly MailToSign[],
  base: BaseChoice,
  tree: string | null,
): readonly MailToSign[] {
  if (tree === null || base.kind === "none") return drafts;
  const { commit } = base;
  return drafts.map((draft) => ({ ...draft, mail: addBaseTree(draft.mail, commit, tree) }));
}
