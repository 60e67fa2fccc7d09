/** Compares two versions of a work, for `patchsig diff`, without changing the repository. */

import { type ComparedPatch, rangeDiff, type RangeSide } from "../../git/range-diff.ts";
import { hasCommit, type Repository } from "../../git/repository.ts";
import { textDiff } from "../../git/text-diff.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { shownPatch } from "../../verify/patch-text.ts";
import type { Checked } from "../../verify/result.ts";
import type { Collected, JudgedMember } from "../../verify/series.ts";
import {
  type ComparedVersion,
  pairsOf,
  type PatchChange,
  readRangeDiff,
  type VersionDiff,
} from "../../verify/version-diff.ts";
import { versionMail } from "../../verify/versions.ts";
import type { Reporter } from "../reporter.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { noPatchFound } from "../verify/verification.ts";
import { chooseSeries, olderVersion, type SeriesChoice } from "./choose.ts";
import type { PatchChoice } from "./patches.ts";
import { readAllSeries, type ReadOptions } from "./read.ts";
import { judgedVersions, type Version } from "./versions.ts";
import { shortName } from "../../primitives/object-name.ts";

type JudgedVersion = Version<Collected<Checked>>;

export interface DiffOptions extends Omit<ReadOptions, "pins" | "dryRun"> {
  /** Chooses the newer version. */
  readonly choice: SeriesChoice;
  /** The older version, as `v1`; undefined for the newest good one before. */
  readonly older: string | undefined;
  /** The repository that has the bases; null if there is none. */
  readonly repository: Repository | null;
  /** The patches to compare; null for all. */
  readonly only: PatchChoice | null;
}

/**
 * Reads the sources, chooses two versions, and compares them.
 *
 * @throws PatchsigError "no-patch"; "refused" if it is not clear which versions to take; others if a source cannot be
 *   read
 */
export async function diffVersions(
  options: DiffOptions,
  store: TrustStore,
  reporter: Reporter,
): Promise<VersionDiff> {
  const terms = { ...options, pins: await readKeyrings(store, reporter.say), dryRun: true };
  const kept = {
    keep: (checked: Checked) => checked,
    diffs: true,
    mails: options.choice.mails,
    strict: true,
  };
  const read = await readAllSeries(terms, kept, store, reporter);
  const versions = judgedVersions(read.all, versionMail);
  if (!versions.some(({ isCandidate }) => isCandidate))
    throw read.fault ?? noPatchFound(options.sources, read.messages);
  const choice = { ...options.choice, mails: [...options.choice.mails, ...read.referred] };
  const { version, others } = chooseSeries(versions, choice, store.seriesLinks());
  const older = olderVersion(version, others, options.older);
  return comparedVersions([older, version], options.repository, options.only);
}

/**
 * Compares two versions: by git range-diff on their bases, or else as text.
 *
 * @param repository that has the bases; null if there is none
 * @param only the patches to compare; null for all
 */
export async function comparedVersions(
  sides: Sides,
  repository: Repository | null,
  only: PatchChoice | null,
): Promise<VersionDiff> {
  const [older, version] = sides;
  const why = await obstacle(repository, sides);
  const compared =
    why === "" ? await byRange(repository!, sides) : { why, patches: await byText(sides) };
  const wanted = wantedNumbers(sides, only);
  return {
    type: "diff",
    old: comparedVersion(older),
    new: comparedVersion(version),
    sameKey: sameOf(keysOf(older), keysOf(version)),
    sameBase: sameOf(basesOf(older), basesOf(version)),
    how: compared.why === "" ? "range-diff" : "text",
    ...compared,
    patches: compared.patches.filter(wanted),
  };
}

type Sides = readonly [older: JudgedVersion, newer: JudgedVersion];

function patchesOf({ series }: JudgedVersion): JudgedMember<Checked>[] {
  return series.members.filter(
    ({ evidence, payload }) =>
      evidence.kind === "patch" && payload.view !== null && payload.diff !== null,
  );
}

function comparedVersion(version: JudgedVersion): ComparedVersion {
  const signers = patchesOf(version).flatMap(({ result }) => result.signer ?? []);
  const keys = keysOf(version);
  return {
    number: version.number,
    name: version.name,
    subject: version.outline.subject,
    total: version.outline.total,
    verdict: version.verdict,
    publicKeys: keys,
    signers: keys.length === 0 ? [] : [...new Set(signers)],
    base: version.outline.base.commit,
  };
}

/** The keys that signed the patches; [] if one is not signed. */
function keysOf(version: JudgedVersion): string[] {
  const patches = patchesOf(version).map(({ result }) => result);
  if (patches.some(({ signature }) => signature !== "good")) return [];
  return [...new Set(patches.flatMap(({ publicKey }) => publicKey ?? []))].sort();
}

function basesOf({ outline }: JudgedVersion): string[] {
  return outline.base.commit === null ? [] : [outline.base.commit];
}

function sameOf(a: readonly string[], b: readonly string[]): boolean | null {
  return a.length + b.length === 0 ? null : a.join() === b.join();
}

/** Why git cannot make commits of both versions; "" if nothing speaks against it. */
async function obstacle(repository: Repository | null, sides: Sides): Promise<string> {
  if (repository === null) return "there is no repository here";
  for (const { name, outline } of sides) {
    const { commit } = outline.base;
    if (commit === null) return `${name} names no base`;
    if (!(await hasCommit(repository, commit)))
      return `the base of ${name}, ${shortName(commit)}, is not in this repository`;
    if (!outline.complete) return `${name} is not complete`;
  }
  return "";
}

interface PatchChanges {
  readonly why: string;
  readonly patches: readonly PatchChange[];
}

async function byRange(repository: Repository, sides: Sides): Promise<PatchChanges> {
  const patches = sides.map(patchesOf) as [JudgedMember<Checked>[], JudgedMember<Checked>[]];
  const ranges = sides.map(({ outline }, i): RangeSide => {
    return {
      base: outline.base.commit!,
      patches: patches[i]!.map(({ payload }) => textOf(payload)),
    };
  }) as [RangeSide, RangeSide];
  const found = await rangeDiff(repository, ranges);
  if (!found.ok) {
    const patch = patches[found.side][found.at]!;
    const why = `patch ${patch.evidence.number.index} of ${sides[found.side].name} does not apply to its base`;
    return { why, patches: await byText(sides) };
  }
  const changes = readRangeDiff(found.text).map((pair) => {
    const [older, newer] = [patches[0][(pair.old ?? 0) - 1], patches[1][(pair.new ?? 0) - 1]];
    return { ...changeOf(older, newer, pair.sign === "="), text: pair.text };
  });
  return { why: "", patches: changes };
}

function textOf({ view, diff, author }: Checked): ComparedPatch {
  const { info, message } = view!;
  return {
    author: author?.name ?? info.author.toString("utf8"),
    email: author?.email ?? info.email.toString("utf8"),
    message: Buffer.concat([info.subject, Buffer.from("\n\n"), message]),
    diff: diff!.canonical,
  };
}

/** @param isSame true if git range-diff, or the comparison of text, found no difference */
function changeOf(
  older: JudgedMember<Checked> | undefined,
  newer: JudgedMember<Checked> | undefined,
  isSame: boolean,
): Omit<PatchChange, "text"> {
  const [a, b] = [older, newer].map((one) => (one === undefined ? null : versionMail(one.payload)));
  return {
    old: older?.evidence.number.index ?? null,
    new: newer?.evidence.number.index ?? null,
    subject: (newer ?? older)!.result.subject,
    change:
      a === null || a === undefined
        ? "added"
        : b === null || b === undefined
          ? "removed"
          : a.content === b.content
            ? "unchanged"
            : a.diff === b.diff
              ? "message"
              : isSame
                ? "moved"
                : "diff",
  };
}

const TOO_MUCH = "(too much to show)";

/** Compares patch by patch as text, without the line numbers of hunks, which differ on another base. */
async function byText(sides: Sides): Promise<PatchChange[]> {
  const [older, newer] = sides.map(patchesOf) as [JudgedMember<Checked>[], JudgedMember<Checked>[]];
  const paired = (patches: readonly JudgedMember<Checked>[]) =>
    patches.map(({ payload, evidence }) => {
      const { title, diff } = versionMail(payload);
      return { index: evidence.number.index, title, diff };
    });
  const changes: PatchChange[] = [];
  for (const pair of pairsOf(paired(older), paired(newer))) {
    const a = pair.old === null ? undefined : older[pair.old];
    const b = pair.new === null ? undefined : newer[pair.new];
    const text =
      a === undefined || b === undefined
        ? Buffer.alloc(0)
        : await textDiff(shownPatch(a.payload), shownPatch(b.payload));
    const shown = text === null ? TOO_MUCH : text.toString("utf8").trimEnd();
    changes.push({ ...changeOf(a, b, shown === ""), text: shown });
  }
  return changes;
}

function wantedNumbers(
  [older, newer]: Sides,
  only: PatchChoice | null,
): (change: PatchChange) => boolean {
  if (only === null) return () => true;
  const numbers = (version: JudgedVersion): Set<number> =>
    new Set(
      patchesOf(version)
        .filter(only)
        .map(({ evidence }) => evidence.number.index),
    );
  const [gone, wanted] = [numbers(older), numbers(newer)];
  return (change) =>
    change.new === null ? change.old !== null && gone.has(change.old) : wanted.has(change.new);
}
