/** Compares two versions of a work, as `patchsig diff` does. */

import type { Repository } from "../../git/repository.ts";
import type { Checked } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import type { VersionDiff } from "../../verify/version-diff.ts";
import { versionMail } from "../../verify/versions.ts";
import { comparedVersions } from "../series/diff.ts";
import { judgedVersions, type Version } from "../series/versions.ts";
import { newRoom } from "./mail.ts";
import { isOf, namesByPlace, type WorkMails } from "./detail.ts";
import type { DeskSeries } from "./works.ts";

export interface WorkDiff {
  readonly diff: VersionDiff;
  /** True if patches were cut to fit on the page. */
  readonly cut: boolean;
}

/** What comparing two versions of a work needs of its mails. */
export function versionsIn({ series }: WorkMails): Version<Collected<Checked>>[] {
  return judgedVersions(series, versionMail);
}

/**
 * @param versions of the work that has these mails
 * @param older,newer two of them. Without a repository, their patches are compared as text
 * @returns null if a version's mails are not there any more
 */
export async function workDiff(
  versions: ReturnType<typeof versionsIn>,
  { rows }: WorkMails,
  [older, newer]: readonly [DeskSeries, DeskSeries],
  repository: Repository | null,
): Promise<WorkDiff | null> {
  const names = namesByPlace(rows);
  const [a, b] = [older, newer].map((one) =>
    versions.find((each) => isOf(each.series, one, names)),
  );
  if (a === undefined || b === undefined) return null;
  return fittingDiff(await comparedVersions([a, b], repository, null));
}

/** As much of the patches' changes as fits on a page. */
function fittingDiff(diff: VersionDiff): WorkDiff {
  const room = newRoom();
  let cut = false;
  const patches = diff.patches.map((patch) => {
    const text = room.fitting(patch.text);
    cut ||= text !== patch.text;
    return { ...patch, text };
  });
  return { diff: { ...diff, patches }, cut };
}
