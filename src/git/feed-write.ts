/**
 * Writes a public-inbox (public-inbox-v2-format(5)): bare repositories DIR/git/N.git, the epochs, with a commit for each
 * mail. The caller holds DIR/inbox.lock, as public-inbox does.
 */

import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { type FeedMail, gitDate } from "../feed/commit.ts";
import { type Epoch, epochsOf, placeOf } from "./epochs.ts";
import { git, gitLines } from "./run.ts";
import { makeFolders } from "../places.ts";

/**
 * Bytes after which an epoch gets no more mails. public-inbox's own limit is 1 GB; but from a static web server, nobody
 * can fetch less than an epoch.
 */
const EPOCH_BYTES = 64 << 20;

const BRANCH = "refs/heads/master";

/** The number of an epoch. */
export function epochNumber({ repository }: Epoch): number {
  return Number.parseInt(basename(repository), 10);
}

/** The full name of the newest commit; null if there is none. */
export async function headOf(epoch: Epoch): Promise<string | null> {
  const args = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
  return (await gitLines(args, placeOf(epoch)))[0] ?? null;
}

/**
 * The full name of the branch with an epoch's mails, which readers find by HEAD: public-inbox names it by
 * `init.defaultBranch`.
 *
 * @throws PatchsigError "refused" if HEAD names no branch
 */
export async function branchOf(epoch: Epoch): Promise<string> {
  const [branch] = await gitLines(["symbolic-ref", "--quiet", "HEAD"], placeOf(epoch));
  if (branch !== undefined) return branch;
  throw new PatchsigError("refused", `${epoch.repository}: its HEAD names no branch`, {
    hint: "git symbolic-ref HEAD refs/heads/master",
  });
}

/** The epoch for new mails: the newest, or a new one if that is full. @param limit bytes */
export async function writableEpoch(folder: string, limit = EPOCH_BYTES): Promise<Epoch> {
  const newest = existsSync(join(folder, "git")) ? epochsOf(folder)?.at(-1) : undefined;
  if (newest === undefined) return makeEpoch(folder, 0);
  return folderSize(join(newest.repository, "objects")) < limit
    ? newest
    : makeEpoch(folder, epochNumber(newest) + 1);
}

/**
 * Makes an empty epoch, under its name only when it is complete. Its refs are files, whatever git's default is: plain
 * web servers and public-inbox cannot read reftables.
 *
 * @param sha256 true for object names of SHA-256. Whatever git's default is, feeds have SHA-1: public-inbox reads no other
 */
export async function makeEpoch(folder: string, number: number, sha256 = false): Promise<Epoch> {
  const below = join(folder, "git");
  makeFolders(below);
  // what a killed run left
  for (const name of readdirSync(below))
    if (name.startsWith(".new-")) rmSync(join(below, name), { recursive: true, force: true });
  const draft = join(below, `.new-${number}.git`);
  const env = { GIT_DEFAULT_HASH: sha256 ? "sha256" : "sha1", GIT_DEFAULT_REF_FORMAT: "files" };
  const init = ["init", "--quiet", "--bare", "--template=", draft];
  await git(init, { cwd: below, elsewhere: true, env });
  const place = { cwd: draft, elsewhere: true };
  await git(["symbolic-ref", "HEAD", BRANCH], place);
  // as public-inbox does: settings in all.git, such as core.sharedRepository, are for all epochs
  if (existsSync(join(folder, "all.git", "config")))
    await git(["config", "include.path", "../../all.git/config"], {
      ...place,
      purpose: "settings",
    });
  const repository = join(below, `${number}.git`);
  renameSync(draft, repository);
  return { repository, name: repository };
}

/** Bytes in the files of a folder, and in those below it. */
export function folderSize(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += folderSize(path);
    else sum += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}

/** The committer of a feed's commits. */
export interface Committer {
  readonly name: string;
  readonly email: string;
}

/**
 * Adds mails in this order: all of them, or none if this throws or is killed.
 *
 * @param lock descriptor of the lock file: git holds the lock as long as it runs, even if we are killed
 * @throws PatchsigError "git-failed"
 */
export async function addCommits(
  epoch: Epoch,
  mails: readonly FeedMail[],
  committer: Committer,
  lock: number,
): Promise<void> {
  const [branch, head] = [await branchOf(epoch), await headOf(epoch)];
  const args = ["fast-import", "--quiet", "--done", "--date-format=raw"];
  const input = Buffer.concat([...streamOf(mails, committer, branch, head), Buffer.from("done\n")]);
  try {
    await git(args, { ...placeOf(epoch), purpose: "write", fds: [lock], input });
  } catch (error) {
    removeDrafts(epoch);
    throw error;
  }
}

/**
 * Removes what a git that failed has left in an epoch: half a pack, which may fill the disk, and fast-import's report on
 * mails. The caller's lock keeps other writers out.
 */
export function removeDrafts({ repository }: Epoch): void {
  const packs = join(repository, "objects", "pack");
  for (const [folder, begin] of [
    [packs, "tmp_"],
    [repository, "fast_import_crash_"],
  ] as const)
    if (existsSync(folder))
      for (const name of readdirSync(folder))
        if (name.startsWith(begin)) rmSync(join(folder, name), { force: true });
}

function* streamOf(
  mails: readonly FeedMail[],
  committer: Committer,
  branch: string,
  head: string | null,
): Generator<Buffer> {
  for (const [i, { bytes, author, written, received, subject }] of mails.entries()) {
    const message = Buffer.from(`${subject}\n`);
    const from = i === 0 && head !== null ? `from ${head}\n` : "";
    yield Buffer.from(`blob\nmark :${i + 1}\ndata ${bytes.length}\n`);
    yield bytes;
    yield Buffer.from(
      `\ncommit ${branch}\n` +
        `author ${person(author)} ${gitDate(written)}\n` +
        `committer ${person(committer)} ${gitDate(received)}\n` +
        `data ${message.length}\n`,
    );
    yield message;
    yield Buffer.from(`\n${from}deleteall\nM 100644 :${i + 1} m\n\n`);
  }
}

function person({ name, email }: Committer): string {
  // git fsck wants the blank, even if there is no name
  return `${name} <${email}>`;
}

/** The name that git gives a blob. @param sha256 true for a repository whose object format is SHA-256 */
export function blobName(bytes: Buffer, sha256: boolean): string {
  const hash = createHash(sha256 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/**
 * The epochs of the feed in a folder.
 *
 * @throws PatchsigError "not-found" if there is none
 */
export function requireInbox(folder: string): Epoch[] {
  const epochs = existsSync(join(folder, "inbox.lock")) ? epochsOf(folder) : null;
  if (epochs !== null && dirname(epochs[0]!.repository) === join(folder, "git")) return epochs;
  throw new PatchsigError("not-found", `${folder} is not a feed`, {
    hint: "patchsig feed init makes one; a public-inbox (v2) is one, too",
  });
}
