/** What the columns of a patch say. */

import type { PatchResult } from "../verify/result.ts";

export const TRUST_WORDS: Record<NonNullable<PatchResult["trust"]>, string> = {
  pinned: "pinned",
  endorsed: "endorsed",
  known: "known",
  "first-use": "first use",
  changed: "KEY CHANGED",
  replaced: "OLD KEY",
  revoked: "REVOKED",
  "result-only": "RESULTS ONLY",
  unknown: "unknown",
};

/** The author's address; of a mail that a list sent in its own name, whose address says nothing, `Alice via list`. */
export function whoWord({ author }: PatchResult): string {
  if (author === null) return "";
  return /\svia\s/i.test(author.name) ? author.name : author.email;
}

/** `2/3` · `reply`, of one with a diff */
export function numberWord({ series, findings }: PatchResult): string {
  if (findings.some(({ code }) => code === "answer")) return "reply";
  return series === null ? "" : `${series.index}/${series.total}`;
}

/** The last column: what is known of the key, or why nothing is. */
export function trustWord(patch: PatchResult): string {
  const carrier = patch.findings.find(({ code }) => code === "wrapped" || code === "forwarded");
  if (carrier !== undefined && patch.signature !== "none") return carrier.code;
  if (patch.signature === "none") return unsignedWord(patch);
  if (patch.signature === "malformed") return "unreadable";
  if (patch.signature === "bad") return "BAD";
  return patch.trust === null ? "" : TRUST_WORDS[patch.trust];
}

function unsignedWord(patch: PatchResult): string {
  if (patch.trust !== null) return "NOT SIGNED";
  if (patch.findings.some(({ code }) => code === "devsig-changed")) return TRUST_WORDS.changed;
  if (patch.findings.some(({ code }) => code === "not-vouched")) return "NOT VOUCHED";
  return vouchedWord(patch) || "not signed";
}

/** Who vouches for a patch, without a domain that is that of the address; "" if nobody does. */
function vouchedWord({ vouched, author }: PatchResult): string {
  if (vouched === null) return "";
  const word = vouched.covers === "all" ? "vouched" : "vouched loosely";
  const isOwn = author?.email.toLowerCase().endsWith(`@${vouched.domain}`) ?? false;
  return isOwn ? word : `${word} by ${vouched.domain}`;
}

/** The same of unsigned patches: the weakest word, and for how many if not for all. */
export function vouchedWords(patches: readonly PatchResult[]): string {
  const words = patches.map(vouchedWord);
  const vouched = words.filter((word) => word !== "");
  if (vouched.length === 0) return "not signed";
  const [most = ""] = vouched.toSorted((a, b) => b.length - a.length);
  return vouched.length === words.length ? most : `${vouched.length} of ${words.length} ${most}`;
}
