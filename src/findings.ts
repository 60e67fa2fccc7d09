/**
 * The registry of finding codes, for mails, series and bases. Its sections are those of
 * docs/findings.md, which explains each code.
 */

import { COMMANDS } from "./commands.ts";

type Severity = "info" | "warn" | "fail";

/** Something about a mail that a person may want to know. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** One line, lower case, no full stop. May quote the mail: escape it before printing. */
  readonly message: string;
  /** What to do about it, or "". */
  readonly hint: string;
}

/** The severity unless a policy changes it, and the usual hint. */
type FindingRow = readonly [severity: Severity, hint: string];

export const FINDINGS = {
  "The signature": {
    unsigned: ["warn", ""],
    "unsigned-known": ["fail", "ask for a signed patch"],
    "signature-bad": ["fail", "ask for a resend"],
    "content-changed": ["fail", "ask for a resend"],
    "trailers-added": ["fail", `to apply it as signed: ${COMMANDS.applySigned}`],
    "trailers-moved": ["fail", `to apply it as signed: ${COMMANDS.applySigned}`],
    "author-replaced": [
      "info",
      "a From line in the text would say who it is: git config format.forceInBodyFrom true",
    ],
    "author-recovered": [
      "warn",
      `git am would record the list as author, ${COMMANDS.apply} does not`,
    ],
    "am-differs": ["warn", `${COMMANDS.apply} does not`],
    "raw-cr": ["warn", `${COMMANDS.apply} keeps them, and so does git am --keep-cr`],
    "series-relabelled": ["fail", ""],
    "base-contradicts": ["fail", ""],
    "base-malformed": ["warn", "only a full object name counts"],
    "base-tree-malformed": ["warn", ""],
    "prerequisite-malformed": ["warn", "only a full patch-id counts"],
    "prerequisites-too-many": ["warn", "ask for a public base closer to the series"],
    "date-drift": ["warn", ""],
    "signed-too-long-ago": ["fail", "ask the author to sign it again"],
    unchanged: ["info", ""],
    replayed: ["info", ""],
    "replayed-older": ["warn", "take the newer one, unless its author says otherwise"],
    "signed-before-key": ["info", ""],
    "signer-forwards": ["warn", ""],
    "signer-not-author": ["fail", ""],
    "signer-address": ["fail", ""],
  },
  "Signatures of others": {
    "devsig-good": ["info", ""],
    "devsig-known": ["info", ""],
    "devsig-first-use": ["info", ""],
    "devsig-changed": [
      "warn",
      "ask the author; if the key is theirs, put it into a keyring: --dev-keyring",
    ],
    "devsig-missing": ["warn", "ask the author whether it is theirs"],
    "devsig-bad": ["warn", ""],
    "devsig-unknown-key": ["info", ""],
    "devsig-unsupported": ["info", ""],
  },
  "Vouched for by a domain": {
    vouched: ["info", ""],
    "vouched-loosely": ["info", ""],
    "not-vouched": ["warn", "ask the author whether it is theirs"],
    unvouched: ["fail", ""],
    "dkim-expired": ["info", ""],
    "dkim-other-author": ["info", ""],
    "dkim-uncovered": ["info", ""],
    "dkim-partial": ["info", ""],
    "dkim-testing": ["info", ""],
    "dkim-future": ["info", ""],
    "dkim-revoked": ["info", ""],
    "dkim-bad": ["info", ""],
    "dkim-body": ["info", ""],
    "dkim-unknown-key": ["info", ""],
    "dkim-no-key": ["info", ""],
    "dkim-key": ["info", ""],
    "dkim-weak": ["info", ""],
    "dkim-unsupported": ["info", ""],
    "dkim-malformed": ["info", ""],
    "dkim-unaligned": ["info", ""],
    "dkim-sender": ["info", ""],
    "dkim-none": ["info", ""],
  },
  "The key": {
    "key-known": ["info", ""],
    "key-first-use": ["info", ""],
    "address-lookalike": [
      "fail",
      "read the address letter by letter; ask its owner for a signed patch",
    ],
    "key-changed": ["fail", ""],
    "key-replaced": ["fail", ""],
    "key-result-only": [
      "fail",
      "ask for a patch signed with the key that its author has for patches",
    ],
    "key-revoked": ["fail", "ask for a patch signed with the new key"],
    "key-tainted": ["warn", ""],
    "key-policy": ["fail", ""],
  },
  "Statements about keys": {
    "statement-applied": ["info", ""],
    "statement-repeated": ["info", ""],
    "statement-ignored": ["info", ""],
    "statement-refused": ["warn", ""],
    "statement-malformed": ["warn", ""],
  },
  "Signed reviews": {
    "review-key-known": ["info", ""],
    "review-key-unknown": ["info", ""],
    "review-key-changed": ["warn", ""],
    "review-key-replaced": ["warn", "ask for a review signed with the key in use"],
    "review-key-result-only": ["warn", "ask for a review signed with the reviewer's own key"],
    "review-key-revoked": ["warn", "ask for a review signed with the new key"],
    "review-key-tainted": ["warn", ""],
    "review-key-policy": ["info", ""],
    "review-relayed": ["info", ""],
    "review-outdated": ["info", "ask the reviewer to look at the new version"],
    "review-of-other": ["warn", "ask the reviewer which patch they looked at"],
    "review-differs": ["warn", "the signed one counts; ask the reviewer about the other"],
    "review-changed": ["warn", "ask the reviewer, or find the mail in another archive"],
    "review-bad": ["warn", "ask the reviewer whether it is theirs"],
    "review-malformed": ["warn", ""],
    "review-with-diff": ["info", "ask the reviewer for a reply without the diff"],
  },
  "The series": {
    "series-conflict": ["fail", ""],
    "series-incomplete": ["warn", ""],
    "series-unsigned": ["fail", "ask for a signed series"],
    "series-unbound": ["warn", "sign all files of a series in one run"],
    "series-partial": ["info", ""],
    "series-composed": ["info", ""],
    "thread-cut": ["info", "give the mails of the series alone"],
    "base-disagrees": ["warn", "the first one counts; ask the author"],
    "base-missing": ["warn", `the submitter can add one: ${COMMANDS.prepare}`],
  },
  "The base, in a repository": {
    "base-guessed": ["info", ""],
    "base-unknown": ["warn", ""],
    "base-not-a-commit": ["fail", "ask the author for the commit"],
    "base-private": ["warn", ""],
    "base-conflict": ["fail", ""],
    "base-untried": ["warn", ""],
    "prerequisite-missing": ["warn", "get them from the archive and pass them with the series"],
  },
  "The diff": {
    symlink: ["warn", "check where it points"],
    gitlink: ["warn", "check which commit it names"],
    "mode-change": ["warn", "check that it should become, or stop being, executable"],
    "no-prefix": ["warn", "check which file git would change"],
    "control-character-name": ["warn", "do not print the name to a terminal"],
    "binary-without-data": [
      "warn",
      "git applies it only if the repository has the new content already",
    ],
    "bidi-control": ["warn", "read the diff in a viewer that shows them"],
    "line-past-hunk": ["warn", "the hunk's counts leave it out"],
    "all-cr": ["info", "the signature also holds without them"],
  },
  "The mail": {
    answer: ["warn", `${COMMANDS.apply} leaves it out: a series is what its author sent`],
    wrapped: ["warn", "save the attached mail to a file and verify that"],
    forwarded: ["warn", "ask for the mail itself, as an attachment"],
    "scissors-line": ["warn", "git am --scissors would cut the message there"],
    "nested-multipart": ["warn", ""],
    "format-flowed": ["info", ""],
    "unclosed-multipart": ["info", ""],
    "duplicate-header": ["info", ""],
    "from-line": ["info", ""],
    "not-plain-text": ["info", ""],
    "binary-part": ["info", ""],
  },
} as const satisfies Record<string, Record<string, FindingRow>>;

/**
 * Why a mail, a diff, a block or a command's work is refused. All fail; the detail says why.
 *
 * git refuses some of these mails too. In the others, git and a MIME reader would see two different
 * things, so git might not commit what a person has read.
 */
export const REFUSALS = {
  "The block": ["block-malformed", "block-version", "block-several", "block-misplaced"],
  "Refused: the mail": [
    "mail-too-large",
    // larger than a bound of mail/limits.ts
    "too-big",
    "leading-blank",
    "loose-from-line",
    "foreign-format",
    "message-id-ambiguous",
    "folder-data",
    "nul-byte",
    "malformed-header",
    "conflicting-header",
    "conflicting-inbody-header",
    "header-in-part",
    "broken-word",
    "malformed-author",
    "content-type-ambiguous",
    "transfer-encoding-unknown",
    "boundary-ambiguous",
    "nesting-too-deep",
    "quoted-printable-ambiguous",
    "flowed-ambiguous",
    "base64-ambiguous",
    "charset-unsupported",
    "charset-invalid",
  ],
  "Refused: the diff": [
    "bare-diff-git",
    "bad-header",
    "bad-mode",
    "bad-name",
    "name-mismatch",
    "bad-path",
    "corrupt-hunk",
    "orphan-hunk",
    "no-change",
    "ambiguous-order",
    "corrupt-binary",
    "binary-too-large",
    "nul-in-diff",
    "too-many-files",
  ],
  "Refused: author and subject": ["author-text", "author-address", "subject-text"],
  "Said by other commands": [
    "colored-diff",
    "odd-label",
    "no-break",
    "unreadable",
    "not-composable",
  ],
} as const satisfies Record<string, readonly string[]>;

type CodesOf<Sections> = { [S in keyof Sections]: keyof Sections[S] }[keyof Sections];

/** A stable word for why something is refused. */
export type RefusalCode = (typeof REFUSALS)[keyof typeof REFUSALS][number];

/** A stable word for a finding; each refusal is a finding too. */
export type FindingCode = Extract<CodesOf<typeof FINDINGS>, string> | RefusalCode;

const REFUSED: FindingRow = ["fail", ""];
const ROWS = Object.fromEntries([
  ...Object.values(REFUSALS).flatMap((codes) => codes.map((code) => [code, REFUSED])),
  ...Object.values(FINDINGS).flatMap((rows) => Object.entries(rows)),
]) as Readonly<Record<FindingCode, FindingRow>>;

/** A finding with its message filled in, and its usual hint unless another is given. */
export function finding(code: FindingCode, message: string, hint?: string): Finding {
  const [severity, usual] = ROWS[code];
  return { code, severity, message, hint: hint ?? usual };
}
