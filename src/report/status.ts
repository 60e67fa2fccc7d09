/** A verdict in one header line, for mail filters and mail readers (docs/mail-readers.md). */

import type { Finding } from "../findings.ts";
import { isOnlyUnsigned, type PatchResult } from "../verify/result.ts";
import { escapeAscii, type SafeText } from "./escape.ts";
import { trustWord } from "./columns.ts";

/** The first word: all that a filter has to look at. */
type StatusWord = "good" | "warn" | "bad" | "unsigned";

/** Characters; a header line may have 998. */
const MAX_STATUS = 300;

/**
 *     good; alice@example.org; known
 *     warn; alice@example.org; known; a symbolic link
 *     bad; alice@example.org; diff changed after signing
 *     unsigned; vouched for by example.org
 *     unsigned
 *
 * The address is the one that the signature names: only after "good" is it also whose key it is.
 *
 * @returns printable ASCII
 */
export function headerStatusOf(patch: PatchResult): SafeText {
  const word = statusWord(patch);
  if (word === "unsigned") return bounded([word, ...patch.findings.flatMap(vouching)]);
  const decisive = patch.findings.find(
    ({ code, severity }) => severity === patch.verdict && code !== "unsigned",
  );
  const parts = [
    word,
    patch.signer ?? "",
    word === "bad" ? "" : trustWord(patch),
    decisive?.message ?? "",
  ];
  return bounded(parts.filter((part) => part !== ""));
}

function vouching({ code, message }: Finding): string[] {
  return code === "vouched" || code === "vouched-loosely" ? [message] : [];
}

/** For a mail at which the program failed. */
export function headerStatusOfFailure(message: string): SafeText {
  return bounded(["bad", "not checked", message]);
}

function statusWord(patch: PatchResult): StatusWord {
  if (isOnlyUnsigned(patch)) return "unsigned";
  if (patch.verdict === "fail") return "bad";
  return patch.verdict === "pass" && patch.signature === "good" ? "good" : "warn";
}

function bounded(parts: readonly string[]): SafeText {
  return escapeAscii(parts.join("; "), MAX_STATUS);
}
