/** Every finding that verification itself makes: code, severity, what to do (docs/findings.md). */

import type { Finding } from "../types.ts";

const TABLE = {
  "address-lookalike": ["fail", "look at the address letter by letter; ask them for a signed one"],
  "author-recovered": ["warn", "git am would take the list for the author, patchsig am does not"],
  "am-differs": ["warn", "git patchsig am does not"],
  answer: ["warn", "it is left out by am: a series is what its author sent"],
  "base-conflict": ["fail", ""],
  "base-contradicts": ["fail", ""],
  "base-disagrees": ["warn", "ask the author; the first one is taken"],
  "base-guessed": ["info", ""],
  "base-malformed": ["warn", "only a full object name counts"],
  "base-missing": ["warn", "the submitter can add one: git patchsig format-patch"],
  "base-not-a-commit": ["fail", "ask the author for the commit"],
  "base-private": ["warn", ""],
  "base-tree-malformed": ["warn", ""],
  "base-unknown": ["warn", ""],
  "base-untried": ["warn", ""],
  "block-malformed": ["fail", "ask for it to be sent again"],
  "content-changed": ["fail", "ask for it to be sent again"],
  "date-drift": ["warn", ""],
  "devsig-bad": ["warn", ""],
  "devsig-good": ["info", ""],
  "devsig-unknown-key": ["info", ""],
  "devsig-unsupported": ["info", ""],
  forwarded: ["warn", "ask for the mail itself, as an attachment"],
  "key-changed": ["fail", ""],
  "key-first-use": ["info", ""],
  "key-policy": ["fail", ""],
  "key-replaced": ["fail", ""],
  "key-revoked": ["fail", "ask for it to be signed with their new key"],
  "key-tainted": ["warn", ""],
  "prerequisite-malformed": ["warn", "only a full patch-id counts"],
  "prerequisite-missing": ["warn", "get them from the archive, and give them with the series"],
  "prerequisites-too-many": ["warn", "the base is too far away: ask for one that is public"],
  "raw-cr": ["warn", "git patchsig am keeps them, and so does git am --keep-cr"],
  replayed: ["info", ""],
  "replayed-older": ["warn", "take the newer one, unless its author says otherwise"],
  "series-conflict": ["fail", ""],
  "series-incomplete": ["warn", ""],
  "series-partial": ["info", ""],
  "series-relabelled": ["fail", ""],
  "series-unbound": ["warn", "sign all files of a series in one go"],
  "signature-bad": ["fail", "ask for it to be sent again"],
  "signer-address": ["fail", ""],
  "signer-forwards": ["warn", ""],
  "signer-not-author": ["fail", ""],
  "signed-before-key": ["info", ""],
  "signed-too-long-ago": ["fail", "ask for it to be signed again"],
  "statement-applied": ["info", ""],
  "statement-ignored": ["info", ""],
  "statement-malformed": ["warn", ""],
  "statement-refused": ["warn", ""],
  "statement-repeated": ["info", ""],
  "trailers-added": ["fail", "to apply the signed text without it: git patchsig am --signed-only"],
  unsigned: ["fail", ""],
  "unsigned-allowed": ["warn", ""],
  "unsigned-known": ["fail", "ask for a signed one"],
  wrapped: ["warn", "give the attached mail: save it to a file of its own"],
} as const satisfies Record<string, readonly [Finding["severity"], string]>;

export type FindingCode = keyof typeof TABLE;

/** A finding of this table, with its message filled in. */
export function finding(code: FindingCode, message: string, hint?: string): Finding {
  const [severity, usual] = TABLE[code];
  return { code, severity, message, hint: hint ?? usual };
}
