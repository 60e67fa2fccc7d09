/**
 * Adds the trailers that were given in replies to the commits of a branch: finds which commit each sent patch has
 * become.
 */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { runFormatPatch } from "../../git/repository.ts";
import {
  checkNothingUnderWay,
  type RawCommit,
  readChain,
  rewriteMessages,
} from "../../git/rewrite.ts";
import { gitLines } from "../../git/run.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { messages } from "../../mail/mbox.ts";
import { readDiff } from "../../diff/diff.ts";
import { attestMail } from "../../patch/attestation.ts";
import { canonicalSubject } from "../../patch/message.ts";
import { gitPatchId } from "../../patch/patch-id.ts";
import { reviewDigests } from "../../review/text.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { trailersOf, withTrailers } from "../../trailers/append.ts";
import { assignTrailers, type SeriesTrailers } from "../../trailers/assign.ts";
import { type ThreadPatch } from "../../trailers/thread-patch.ts";
import { isReply } from "../../trailers/reply.ts";
import { trailerKey, trailerLine, trailerNames } from "../../trailers/trailer.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { Checked } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import type { Reporter } from "../reporter.ts";
import { branchToSend } from "../send/branch.ts";
import { readAllSeries, type ReadOptions } from "../series/read.ts";

export interface UpdateOptions extends Omit<ReadOptions, "dryRun"> {
  /** The commit above which the branch's own commits begin; undefined to find it as `send` does. */
  readonly base: string | undefined;
  /** Also take trailers of people who did not send the reply. */
  readonly sloppy: boolean;
  /** Also match commits whose diff has changed since they were sent: by their titles. */
  readonly changed: boolean;
}

/** The trailers to add to a branch. */
export interface TrailerUpdate {
  /** The branch's own commits, the oldest first. */
  readonly chain: readonly RawCommit[];
  readonly found: SeriesTrailers;
  /** The newest version that was sent; 0 if none is known. */
  readonly version: number;
  /** Titles of commits that were sent with another diff. */
  readonly changed: readonly string[];
}

/**
 * Finds the trailers to add, and changes nothing.
 *
 * @param options without sources, the threads are read that `send` has sent from this branch
 * @throws PatchsigError "refused" during a rebase or the like, and if the branch has a merge; "usage" if nothing is
 *   known to have been sent; others if a source cannot be read
 */
export async function findUpdate(
  repository: Repository,
  options: UpdateOptions,
  store: TrustStore,
  reporter: Reporter,
): Promise<TrailerUpdate> {
  await checkNothingUnderWay(repository);
  const { base } = options;
  const { stored, range } = await branchToSend(
    repository,
    base === undefined ? [] : [`${base}..HEAD`],
  );
  const sent = stored?.state.sent ?? [];
  const sources =
    options.sources.length > 0
      ? options.sources
      : sent.flatMap(({ mails }) => mails.slice(0, 1).map(({ messageId }) => messageId));
  if (sources.length === 0)
    throw new PatchsigError("usage", "nothing is known to have been sent from this branch", {
      hint: "name a mailbox, or the thread: git patchsig trailers id@example.org",
    });
  const { cwd } = repository;
  const names = await gitLines(["rev-list", "--reverse", "--topo-order", ...range, "--"], { cwd });
  if (names.length === 0) throw new PatchsigError("usage", "there are no commits above the base");
  const chain = await readChain(repository, names);
  const commits = await readOwn(repository, chain, options.trailers ?? []);
  const bySent = new Map<string, string>();
  for (const { messageId, patch } of sent.flatMap(({ mails }) => mails))
    if (patch !== null) bySent.set(messageId, patch.commit);
  const kept = { keep: sentFacts, diffs: false, strict: true };
  const read = await readAllSeries({ ...options, sources, dryRun: true }, kept, store, reporter);
  return { chain, ...assigned(commits, read.all, bySent, options) };
}

/** A commit as replies see it. */
interface OwnCommit {
  readonly name: string;
  readonly title: string;
  readonly patchId: string | null;
  readonly inThread: ThreadPatch;
}

/** The branch's commits as they would be sent now; empty ones are left out. */
async function readOwn(
  repository: Repository,
  chain: readonly RawCommit[],
  added: readonly string[],
): Promise<OwnCommit[]> {
  const [parent] = chain[0]!.parents;
  const range = parent === undefined ? ["--root", "HEAD"] : [`${parent}..HEAD`];
  const options = ["--stdout", "--no-cover-letter", "--no-attach"];
  const mbox = await runFormatPatch(repository, [...options, ...range]);
  const names = trailerNames(added);
  return messages(mbox, { keepCr: true }).flatMap(({ bytes, offset }) => {
    const above = mbox.toString("latin1", Math.max(0, offset - 120), offset);
    const name = /From ([0-9a-f]{40,64}) [^\n]*\n$/.exec(above)?.[1];
    const index = chain.findIndex((commit) => commit.name === name) + 1;
    const view = bytes === null ? null : readRawMail(bytes);
    if (index === 0 || view === null || !view.ok) return [];
    const diff = readDiff(view.value.patch, view.value.crs);
    const attestation = diff.ok ? attestMail(view.value, diff.value) : null;
    if (!diff.ok || attestation === null || !attestation.ok) return [];
    const inThread: ThreadPatch = {
      messageId: "",
      references: [],
      index,
      author: normaliseIdentity(attestation.value.email) ?? "",
      digests: reviewDigests(attestation.value.text),
      trailers: trailersOf(chain[index - 1]!.message, names).map(trailerKey),
    };
    const title = view.value.info.subject.toString("utf8");
    return [{ name: name!, title, patchId: gitPatchId(diff.value, "sha1"), inThread }];
  });
}

/** What is kept of a patch's mail. */
interface SentFacts {
  readonly title: string;
  readonly patchId: string | null;
}

function sentFacts({ view, diff, kind }: Checked): SentFacts {
  const isPatch = kind === "patch" && diff !== null;
  return {
    title: titleOf(view?.info.subject ?? Buffer.alloc(0)),
    patchId: isPatch ? gitPatchId(diff, "sha1") : null,
  };
}

function titleOf(subject: Buffer): string {
  return canonicalSubject(subject).toString("utf8");
}

/** The commit that a sent patch has become: by what `send` noted, its diff or patch-id; else by its title. */
function commitOf(
  { inThread, payload }: Collected<SentFacts>["members"][number],
  commits: readonly OwnCommit[],
  bySent: ReadonlyMap<string, string>,
): { readonly commit: OwnCommit; readonly isChanged: boolean } | null {
  const sentAs = bySent.get(inThread.messageId);
  const own = commits.filter((one) => one.inThread.author === inThread.author);
  const same =
    own.find(({ name }) => name === sentAs) ??
    own.find((one) => one.inThread.digests?.diff === inThread.digests?.diff) ??
    own.find(({ patchId }) => patchId !== null && patchId === payload.patchId);
  if (same !== undefined) return { commit: same, isChanged: false };
  const titled = own.filter(({ title }) => titleOf(Buffer.from(title)) === payload.title);
  return titled.length === 1 ? { commit: titled[0]!, isChanged: true } : null;
}

function assigned(
  commits: readonly OwnCommit[],
  all: readonly Collected<SentFacts>[],
  bySent: ReadonlyMap<string, string>,
  { sloppy, changed: takesChanged }: UpdateOptions,
): Omit<TrailerUpdate, "chain"> {
  const changed = new Set<string>();
  const others = all.map(({ result, received, lettersApart }) => {
    let isOurs = false;
    const patches = [...received, ...lettersApart].map((member): ThreadPatch => {
      const { inThread, evidence } = member;
      const found = evidence.kind === "patch" ? commitOf(member, commits, bySent) : null;
      if (found === null) return inThread;
      isOurs = true;
      if (found.isChanged && !takesChanged) {
        changed.add(found.commit.title);
        return inThread;
      }
      // with the commit's digests, so that what was said of the patch counts for the commit
      const { digests } = found.commit.inThread;
      const message = inThread.digests?.message ?? "";
      return { ...inThread, digests: digests === null ? null : { ...digests, message } };
    });
    return { name: isOurs ? `v${result.version}` : null, patches };
  });
  const links = [...new Set(all.flatMap(({ portions }) => portions))].flatMap((one) => one.links);
  const thread = { replies: links.filter(isReply), links, others };
  const found = assignTrailers(
    commits.map(({ inThread }) => inThread),
    thread,
    sloppy,
  );
  const versions = all.filter((_, i) => others[i]!.name !== null);
  const version = Math.max(0, ...versions.map(({ result }) => result.version));
  return { found, version, changed: [...changed] };
}

/**
 * Adds the trailers: all of them, or none if it fails.
 *
 * @param address the user's own: the user's sign-off stays last
 * @returns how many commits got trailers
 * @throws PatchsigError "refused" if the branch moved meanwhile
 */
export async function applyUpdate(
  repository: Repository,
  { chain, found }: TrailerUpdate,
  address: string,
): Promise<number> {
  const own = normaliseIdentity(address);
  const isOwn = (other: string): boolean => own !== null && normaliseIdentity(other) === own;
  const changes = new Map<string, Buffer>();
  for (const { patch, given } of found.patches) {
    const { name, message } = chain[patch.index - 1]!;
    const lines = given.map(({ trailer }) => trailerLine(trailer));
    if (lines.length > 0) changes.set(name, withTrailers(message, lines, isOwn));
  }
  await rewriteMessages(repository, chain, changes);
  return changes.size;
}
