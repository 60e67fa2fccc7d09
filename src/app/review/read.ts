/** Reads mails, and chooses the patches to review. */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { isName } from "../../review/text.ts";
import { signerAddress, signerPerson } from "../sign/signing.ts";
import type { Checked } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import { readSeries } from "../apply/series.ts";
import type { Reporter } from "../reporter.ts";
import type { SeriesChoice } from "../series/choose.ts";
import type { PatchChoice } from "../series/patches.ts";
import { asUser, type PolicyWishes } from "../verify/as-user.ts";
import { reviewable, type Reviewer } from "./replies.ts";

/** Numbers of patches, as in `1,3-5`. */
const NUMBERS = /^\d+(?:-\d*)?(?:,\d+(?:-\d*)?)*$/;

/** Splits the words of a command: the last may be numbers of patches, unless there is a file of that name. */
export function sourcesAndNumbers(words: readonly string[]): {
  readonly sources: readonly string[];
  readonly numbers: string | undefined;
} {
  const last = words.at(-1) ?? "";
  if (words.length < 2 || !NUMBERS.test(last) || existsSync(last))
    return { sources: words, numbers: undefined };
  return { sources: words.slice(0, -1), numbers: last };
}

export interface ReviewWishes extends PolicyWishes {
  readonly sources: readonly string[];
  /** The sources that are Message-IDs. */
  readonly mails: readonly string[];
  readonly choice: SeriesChoice;
  /** The patches of the series to review; null for all. */
  readonly only: PatchChoice | null;
}

/**
 * Reads a series, and chooses the patches to review; or says why none may be (`reviewable`).
 *
 * @throws PatchsigError "usage" if git has no name or address for the reviewer; others as `readSeries`
 */
export async function readReviewable(
  wishes: ReviewWishes,
  reporter: Reporter,
): Promise<{ series: Collected<Checked>; chosen: ReturnType<typeof reviewable> }> {
  // first, so that nothing is read for a reviewer who cannot sign
  reviewerPerson();
  const { sources, mails, choice, only } = wishes;
  return asUser(wishes, false, async (store, terms) => {
    const { series } = await readSeries({ ...terms, sources }, choice, store, reporter);
    return { series, chosen: reviewable(series, only, mails) };
  });
}

/**
 * The reviewer, by git's settings. @throws PatchsigError "usage" if the name is missing, or cannot stand in a
 * trailer
 */
export function reviewerPerson(): Omit<Reviewer, "signer"> {
  const person = signerPerson();
  const name = person.name.trim().replace(/[ \t]+/g, " ");
  // readers take no trailer with an encoded word
  if (!isName(name) || name.includes("=?"))
    throw new PatchsigError("usage", `"${name}" cannot be a name in a trailer`, {
      hint: "git config user.name",
    });
  return { name, address: person.address, by: signerAddress() };
}
