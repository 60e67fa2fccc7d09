/** From mails to the patches that are to be reviewed. */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { isName } from "../../review/text.ts";
import { signerAddress, signerPerson } from "../sign/signing.ts";
import type { Reviewer } from "./replies.ts";

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
