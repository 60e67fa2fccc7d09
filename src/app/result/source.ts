/** Finds which patches are in a tested tree, and on which base: by these, the result is found again later. */

import { PatchsigError } from "../../errors.ts";
import { eachBlob } from "../../git/blobs.ts";
import { readNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { firstParents, type TestedTree } from "../../git/tested.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { sha256 } from "../../patch/attestation.ts";
import { proveNote } from "../../record/evidence.ts";
import { parseRecords } from "../../record/parse.ts";
import { patchesDigest } from "../../result/patches.ts";
import type { TestResult } from "../../result/text.ts";
import { isReadFailure } from "../../source/item.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";
import { openSource } from "../sources/sources.ts";

export type TestedPatches = Pick<TestResult, "base" | "patches" | "series" | "message">;

const NOTHING: TestedPatches = { base: null, patches: null, series: null, message: null };
/** Most commits to look at, and most bytes of a note. */
const MAX_COMMITS = 1000;
const MAX_NOTE = 32 << 20;

/** A patch that `am` has applied, as the note on its commit says. */
interface AppliedPatch {
  /** SHA-256 of the canonical diff, hex. */
  readonly diff: string;
  readonly series: string | null;
  readonly index: number;
  readonly total: number;
  readonly messageId: string;
}

/**
 * The signed series at the tip of the tested history, as proven by the notes of `am` (docs/record.md); nulls if
 * there is none.
 */
export async function appliedPatches(
  repository: Repository,
  { commit }: TestedTree,
): Promise<TestedPatches> {
  const notes = await readNotes(repository);
  if (!notes.has(commit)) return NOTHING;
  const chain = await firstParents(repository, commit, MAX_COMMITS);
  const end = chain.findIndex(([name]) => !notes.has(name));
  const noted = end < 0 ? chain : chain.slice(0, end);
  const names = noted.map(([name]) => notes.get(name)!);
  const found: AppliedPatch[] = [];
  for await (const [blob, text] of eachBlob(names, { cwd: repository.cwd }, MAX_NOTE)) {
    const [name] = noted[found.length]!;
    const patch = names[found.length] === blob ? appliedBy(text, name) : null;
    const [last] = found;
    if (patch === null || (last !== undefined && !isSameSeries(last, patch))) break;
    found.push(patch);
    if (patch.series === null) break;
  }
  const [first] = found.toReversed();
  if (first === undefined) return NOTHING;
  const isWhole = first.total === found.length;
  return {
    base: noted[found.length - 1]![1],
    patches: patchesDigest(found.toReversed().map(({ diff }) => diff)),
    series: isWhole ? first.series : null,
    message: plainId(first.messageId),
  };
}

/** Whether `patch` belongs to the series of `last`. */
function isSameSeries(last: AppliedPatch, patch: AppliedPatch): boolean {
  return patch.series !== null && patch.series === last.series && patch.total === last.total;
}

/** The record of exactly this commit in a note; null if there is none with a good signature. */
function appliedBy(note: Buffer, commit: string): AppliedPatch | null {
  const proven = proveNote(parseRecords(note), createVerifier());
  const one = proven?.records.find(({ record }) => record.commit === commit);
  if (one === undefined || one.patch === null || one.patch === false) return null;
  const { series, index, total } = one.patch.comment;
  const diff = /^diff: ([0-9a-f]{64})$/m.exec(one.record.signed!.text.toString("latin1"))![1]!;
  return { diff, series, index, total, messageId: one.record.messageId };
}

/**
 * Names the patches in mails, whoever sent or signed them.
 *
 * @param source as for `verify`: an mbox, a folder, a Message-ID
 * @throws PatchsigError "usage" if they are not the patches of one whole series; "refused" if a patch cannot be read
 */
export async function patchesOfMails(source: string): Promise<Omit<TestedPatches, "base">> {
  const verifier = createVerifier();
  const mails: Checked[] = [];
  for await (const items of openSource(source, {}))
    for (const item of items) {
      if (isReadFailure(item)) throw item.error;
      if (item.bytes === null)
        throw new PatchsigError("too-large", `${source}: a mail is too large`);
      mails.push(checkMail(item.bytes, verifier));
    }
  const patches = mails
    .filter(({ kind, isAnswer }) => kind === "patch" && !isAnswer)
    .toSorted((a, b) => a.number.index - b.number.index);
  const total = patches[0]?.number.total ?? 0;
  const isSeries = patches.every(
    ({ number }, i) => number.index === i + 1 && number.total === total,
  );
  if (total === 0 || !isSeries || patches.length !== total)
    throw new PatchsigError("usage", `${source} does not hold the patches of one whole series`);
  const diffs = patches.map(({ diff }) => {
    if (diff === null)
      throw new PatchsigError("refused", `${source}: a patch in it is refused`, {
        hint: "git patchsig verify says why",
      });
    return sha256(diff.canonical);
  });
  const ids = new Set(
    patches.map(({ signature, signed }) => (signature === "good" ? signed?.comment.series : null)),
  );
  const cover = mails.find(({ kind }) => kind === "cover");
  return {
    patches: patchesDigest(diffs),
    series: ids.size === 1 ? ([...ids][0] ?? null) : null,
    message: plainId((cover ?? patches[0]!).messageId),
  };
}

/** A Message-ID without angle brackets; null for one that cannot stand in a result. */
function plainId(messageId: string): string | null {
  return /^<([!-;=?-~]{2,250})>$/.exec(messageId)?.[1] ?? null;
}
