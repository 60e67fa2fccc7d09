/** Why a mail that git wrote cannot be signed, and what makes one that can. */

import { PatchsigError } from "../../errors.ts";
import type { RefusalCode } from "../../findings.ts";
import type { Refusal } from "../../types.ts";

/** Where git made it so by a setting, or of an odd commit. */
const MENDS: { readonly [reason in RefusalCode]?: string } = {
  "colored-diff": "make it again without colors: --no-color",
  "bad-name": "if git left out a/ and b/, make it again: --src-prefix=a/ --dst-prefix=b/",
  "charset-unsupported": "make it again in UTF-8: git -c i18n.logOutputEncoding=UTF-8 …",
  "charset-invalid": "commit it again in UTF-8 (git commit --amend), or edit the file in UTF-8",
  "subject-text": "a title is a line of UTF-8: git commit --amend",
  "author-address": "it needs a From line with an address, in an encoding such as UTF-8",
};

/** @param name the mail's, for people */
export function unsignable(name: string, { reason, detail }: Refusal): PatchsigError {
  const hint = MENDS[reason];
  const message = `${name}: cannot be signed: ${detail}`;
  return new PatchsigError("refused", message, hint === undefined ? {} : { hint });
}
