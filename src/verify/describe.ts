/** What a mail shows, apart from its signature. */

import { glimpse } from "../mail/glimpse.ts";
import { parseAuthor } from "../mail/author.ts";
import { referencesOf } from "../mail/message-id.ts";
import {
  type BaseLines,
  type BaseProblem,
  joinBaseLines,
  MAX_PREREQUISITES,
  NO_BASE_LINES,
  readBaseLines,
} from "../base/lines.ts";
import { isReplySubject, type SubjectNumber, subjectNumber } from "../patch/subject.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { StatementReading } from "../trust/statement.ts";
import type { Diff, MailInfo, MailView, Refusal } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import { senderAddresses } from "./author.ts";
import type { Checked } from "./result.ts";
import { type Traces, tracesIn } from "./traces.ts";

/** A mail that was read, as if it had no signature. */
export function describe(
  view: MailView,
  diff: Diff | null,
  number: SubjectNumber,
  statements: readonly StatementReading[],
): Checked {
  const texts =
    diff === null || diff.files.length === 0
      ? [view.message, view.patch]
      : [view.patch.subarray(0, diff.start), view.patch.subarray(diff.end)];
  const lines = withDependencies(readBaseLines(texts), view.message);
  const findings = [...view.findings, ...(diff?.findings ?? [])];
  findings.push(...lines.problems.map(baseProblem));
  return {
    kind: "patch",
    view,
    diff,
    attestation: null,
    author: personOf(view.info),
    senders: senderAddresses(view),
    signature: "none",
    signed: null,
    changed: [],
    signedMessage: null,
    addedLines: [],
    number: numberOf(number),
    base: {
      status: lines.commit === null ? "missing" : "present",
      commit: lines.commit,
      tree: lines.tree,
    },
    baseLines: lines,
    messageId: view.headers.messageId,
    references: referencesOf(view.headers.references, view.headers.inReplyTo),
    isAnswer: false,
    label: labelOf(number),
    listIds: view.headers.listIds,
    subject: view.info.subject.toString("utf8"),
    statements,
    dkim: null,
    devsigs: [],
    reply: null,
    reviewable: null,
    findings,
  };
}

/** People write `Depends-on:` among the trailers too; a base in the message does not count. */
function withDependencies(lines: BaseLines, message: Buffer): BaseLines {
  const { dependencies } = readBaseLines([message]);
  const those = dependencies.length === 0 ? NO_BASE_LINES : { ...NO_BASE_LINES, dependencies };
  return joinBaseLines([lines, those]);
}

function baseProblem({ kind, text }: BaseProblem): Finding {
  switch (kind) {
    case "commit":
      return finding("base-malformed", `base-commit: ${text} names no commit, or a second one`);
    case "tree":
      return finding("base-tree-malformed", `base-tree: ${text} is not a URL and a branch`);
    case "prerequisite":
      return finding("prerequisite-malformed", `prerequisite-patch-id: ${text} is not a patch-id`);
    case "too-many":
      return finding(
        "prerequisites-too-many",
        `more than the ${MAX_PREREQUISITES} prerequisites that patchsig reads`,
      );
  }
}

export function personOf(info: MailInfo): { name: string; email: string } {
  return { name: info.author.toString("utf8"), email: info.email.toString("utf8") };
}

/** A refused mail: only some of its header is read, for people. */
export function refusedMail(mail: Buffer, refusal: Refusal): Checked {
  const subject = glimpse(mail, "subject");
  const number = subjectNumber(subject);
  const traces = tracesIn(mail);
  const sender = parseAuthor(glimpse(mail, "from")).email.toString("utf8");
  return {
    kind: kindOfRefused(mail, subject, traces),
    view: null,
    diff: null,
    attestation: null,
    author: null,
    senders: [normaliseIdentity(sender)].filter((address) => address !== null),
    signature: traces.block ? "malformed" : "none",
    signed: null,
    changed: [],
    signedMessage: null,
    addedLines: [],
    number: numberOf(number),
    base: { status: "missing", commit: null, tree: null },
    baseLines: NO_BASE_LINES,
    messageId: glimpse(mail, "message-id"),
    references: referencesOf(glimpse(mail, "references"), glimpse(mail, "in-reply-to")),
    isAnswer: false,
    label: labelOf(number),
    listIds: [],
    subject,
    statements: [],
    dkim: null,
    devsigs: [],
    reply: null,
    reviewable: null,
    findings: [refusedFinding("mail", refusal)],
  };
}

/**
 * A refused mail is not a patch if nothing in it can be one and its Subject does not call it one: for
 * example a reply with an S/MIME signature. A refused cover letter does not block its patches.
 */
function kindOfRefused(mail: Buffer, subject: string, { block, diff }: Traces): Checked["kind"] {
  const { version, index } = subjectNumber(subject);
  const isCalledPatch = version !== null && !isReplySubject(subject);
  // nothing of an oversized mail was read
  if (mail.length > 0 && !block && !diff && !isCalledPatch) return "other";
  return index === 0 ? "cover" : "patch";
}

function labelOf({ hasVersion, minor, prefix }: SubjectNumber): Checked["label"] {
  return { hasVersion, minor, prefix };
}

/** Numbers that the Subject omits are 1. */
function numberOf({
  version,
  index,
  total,
}: Pick<SubjectNumber, "version" | "index" | "total">): Checked["number"] {
  return { version: version ?? 1, index: index ?? 1, total: total ?? 1 };
}

export function refusedFinding(what: "mail" | "diff" | "block", refusal: Refusal): Finding {
  const prefix = { mail: "mail refused: ", diff: "diff refused: ", block: "" };
  return finding(refusal.reason, prefix[what] + refusal.detail);
}
