/** Compares two versions of a work, as `patchsig diff` does. */

import type { Checked } from "../../verify/result.ts";
import type { VersionDiff } from "../../verify/version-diff.ts";
import { versionMail } from "../../verify/versions.ts";
import { judgeAndKeep } from "../search/judge.ts";
import { comparedVersions } from "../series/diff.ts";
import { judgedVersions } from "../series/versions.ts";
import { isOf, mailsOfWork, namesByPlace } from "./detail.ts";
import type { DeskStores } from "./stores.ts";
import type { DeskSeries, DeskWork } from "./works.ts";

/**
 * @param older,newer two of its versions. Without a repository, their patches are compared as text
 * @returns null if a version's mails are not there any more
 */
export async function workDiff(
  { index, terms, trust, repository, mailsAt }: DeskStores,
  work: DeskWork,
  [older, newer]: readonly [DeskSeries, DeskSeries],
): Promise<VersionDiff | null> {
  const rows = mailsOfWork(index, work);
  const mails = await mailsAt(rows);
  const names = namesByPlace(rows);
  const { series } = await judgeAndKeep(mails, terms, trust, (checked: Checked) => checked);
  const versions = judgedVersions(series, versionMail);
  const [a, b] = [older, newer].map((one) =>
    versions.find((each) => isOf(each.series, one, names)),
  );
  return a === undefined || b === undefined ? null : comparedVersions([a, b], repository, null);
}
