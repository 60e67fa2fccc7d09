/** From mails to the patches that are to be reviewed. */

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

/** `1,3-5` and the like. */
const NUMBERS = /^\d+(?:-\d*)?(?:,\d+(?:-\d*)?)*$/;

/** The last word may say which patches, unless there is a file of that name. */
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
  /** Message-IDs among them. */
  readonly mails: readonly string[];
  readonly choice: SeriesChoice;
  /** Null for all patches of it. */
  readonly only: PatchChoice | null;
}

/**
 * The series of the sources, and what of it may be reviewed.
 *
 * @throws PatchsigError "usage" if git knows no name for the reviewer, "no-patch", "refused" …
 */
export async function readReviewable(
  wishes: ReviewWishes,
  reporter: Reporter,
): Promise<{ series: Collected<Checked>; chosen: ReturnType<typeof reviewable> }> {
  // what could not be signed for is not read either
  reviewerPerson();
  const { sources, mails, choice, only } = wishes;
  return asUser(wishes, false, async (store, terms) => {
    const { series } = await readSeries({ ...terms, sources }, choice, store, reporter);
    return { series, chosen: reviewable(series, only, mails) };
  });
}

/** Who reviews. PatchsigError "usage" if git knows no name, or one that no trailer can have. */
export function reviewerPerson(): Omit<Reviewer, "signer"> {
  const person = signerPerson();
  const name = person.name.trim().replace(/[ \t]+/g, " ");
  if (!isName(name))
    throw new PatchsigError("usage", `no trailer can have the name "${name}"`, {
      hint: "git config user.name",
    });
  return { name, address: person.address, by: signerAddress() };
}
