/**
 * What one mail is and whether its signature is good: everything that can be said without the
 * trust database. Pure; a mail is untrusted to the last byte.
 */

import type { Verifier } from "../minisign/ed25519.ts";
import { formatPublicKeyText } from "../minisign/public-key.ts";
import { glimpse } from "../mail/glimpse.ts";
import { parseAuthor } from "../mail/author.ts";
import { referencesOf } from "../mail/message-id.ts";
import { readRawMail } from "../mail/mailinfo.ts";
import {
  attest,
  type Attestation,
  attestDigests,
  type Digests,
  sha256,
} from "../patch/attestation.ts";
import {
  type BaseLines,
  type BaseProblem,
  joinBaseLines,
  MAX_PREREQUISITES,
  NO_BASE_LINES,
  readBaseLines,
} from "../base/lines.ts";
import { findMarkers, readBlock, type UnverifiedBlock } from "../patch/block.ts";
import { readDiff } from "../diff/diff.ts";
import { otherLineEnds } from "../patch/other-line-ends.ts";
import { canonicalMessage } from "../patch/message.ts";
import { isReplySubject, type SubjectNumber, subjectNumber } from "../patch/subject.ts";
import type { TrustedComment } from "../patch/trusted-comment.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { Diff, Finding, MailInfo, MailView, Refusal, Result } from "../types.ts";
import { withoutTrailers } from "./added-trailers.ts";
import { authorCandidates, senderAddresses } from "./author.ts";
import { withCarrier } from "./carrier.ts";
import { finding } from "./findings.ts";
import type { Checked, Part } from "./result.ts";
import { verifyData, verifyTrustedComment } from "./signature.ts";
import { statementsIn } from "./statements.ts";
import { type Traces, tracesIn } from "./traces.ts";

/**
 * Reads one mail (with its CRs, as `git mailsplit --keep-cr` leaves it) and checks its signature.
 *
 * @param mail the mail's bytes
 * @param verifier strict Ed25519, with its cache of keys
 */
export function checkMail(mail: Buffer, verifier: Verifier): Checked {
  return withCarrier(checkAlone(mail, verifier), mail);
}

/** As if no mail could carry another one. */
function checkAlone(mail: Buffer, verifier: Verifier): Checked {
  const read = readRawMail(mail);
  if (!read.ok) return refusedMail(mail, read.refusal);
  const view = read.value;
  const parsed = readDiff(view.patch, view.crs);
  const diff = parsed.ok ? parsed.value : null;
  const block = locateBlock(view, diff);
  const number = subjectNumber(view.headers.subject);
  const statements = statementsIn(view, diff, verifier);
  const checked = { ...describe(view, diff, number), statements };
  const isCover = number.index === 0;

  // what a reply quotes is no patch, and its "0/3" no cover letter
  if (block === null && isReplySubject(view.headers.subject)) return answer(checked, diff);
  if (!parsed.ok) {
    const refused = refusedFinding("diff", parsed.refusal);
    return {
      ...checked,
      kind: "patch",
      signature: block === null ? "none" : "malformed",
      findings: [...checked.findings, refused],
    };
  }
  if (block === null) {
    const kind = isCover ? "cover" : parsed.value.files.length > 0 ? "patch" : "other";
    return { ...checked, kind };
  }
  const kind = isCover || parsed.value.files.length === 0 ? "cover" : "patch";
  if (!block.ok) return malformed({ ...checked, kind }, refusedFinding("block", block.refusal));
  return checkSignature({ ...checked, kind }, view, parsed.value, block.value, number, verifier);
}

/** A reply that is not signed: with a diff of its own it is shown, and never applied. */
function answer(checked: Checked, diff: Diff | null): Checked {
  if (diff === null || diff.files.length === 0) return { ...checked, kind: "other" };
  const findings = [...checked.findings, finding("answer", "an answer that carries a diff")];
  // the number is that of the patch which it answers
  const number = { version: 1, index: 1, total: 1 };
  return { ...checked, kind: "patch", isAnswer: true, number, findings };
}

/** What a mail shows, before anything is said of its signature. */
function describe(view: MailView, diff: Diff | null, number: SubjectNumber): Checked {
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
    author: person(view.info),
    senders: senderAddresses(view),
    signature: "none",
    signed: null,
    changed: [],
    signedMessage: null,
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
    label: { hasVersion: number.hasVersion, prefix: number.prefix },
    listIds: view.headers.listIds,
    subject: view.info.subject.toString("utf8"),
    statements: [],
    findings,
  };
}

/** People write `Depends-on:` among the trailers too; a base in the message does not count. */
function withDependencies(lines: BaseLines, message: Buffer): BaseLines {
  const { dependencies } = readBaseLines([message]);
  return joinBaseLines([lines, { ...NO_BASE_LINES, dependencies }]);
}

function baseProblem({ kind, text }: BaseProblem): Finding {
  switch (kind) {
    case "commit":
      return finding("base-malformed", `base-commit: ${text} names no commit, or a second one`);
    case "tree":
      return finding("base-tree-malformed", `base-tree: ${text} is no URL and branch`);
    case "prerequisite":
      return finding("prerequisite-malformed", `prerequisite-patch-id: ${text} is no patch-id`);
    case "too-many":
      return finding(
        "prerequisites-too-many",
        `more prerequisites are listed than the ${MAX_PREREQUISITES} that are read`,
      );
  }
}

function person(info: MailInfo): { name: string; email: string } {
  return { name: info.author.toString("utf8"), email: info.email.toString("utf8") };
}

/** A mail that is not read at all: no more than its header is looked at, for people. */
export function refusedMail(mail: Buffer, refusal: Refusal): Checked {
  const subject = glimpse(mail, "subject");
  const { hasVersion, prefix, ...number } = subjectNumber(subject);
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
    number: numberOf(number),
    base: { status: "missing", commit: null, tree: null },
    baseLines: NO_BASE_LINES,
    messageId: glimpse(mail, "message-id"),
    references: referencesOf(glimpse(mail, "references"), glimpse(mail, "in-reply-to")),
    isAnswer: false,
    label: { hasVersion, prefix },
    listIds: [],
    subject,
    statements: [],
    findings: [refusedFinding("mail", refusal)],
  };
}

/**
 * A refused mail is no patch if nothing in it could be one and its Subject does not say that it is:
 * an answer with an S/MIME signature, say. No cover letter keeps its patches from being applied.
 */
function kindOfRefused(mail: Buffer, subject: string, { block, diff }: Traces): Checked["kind"] {
  const { version, index } = subjectNumber(subject);
  const isCalledPatch = version !== null && !isReplySubject(subject);
  // of a mail that is too large nothing was looked at
  if (mail.length > 0 && !block && !diff && !isCalledPatch) return "other";
  return index === 0 ? "cover" : "patch";
}

/** What the Subject does not say is 1. */
function numberOf({
  version,
  index,
  total,
}: Pick<SubjectNumber, "version" | "index" | "total">): Checked["number"] {
  return { version: version ?? 1, index: index ?? 1, total: total ?? 1 };
}

function refusedFinding(what: "mail" | "diff" | "block", refusal: Refusal): Finding {
  const prefix = { mail: "mail refused: ", diff: "diff refused: ", block: "" };
  return {
    code: refusal.reason,
    severity: "fail",
    message: prefix[what] + refusal.detail,
    hint: "",
  };
}

/**
 * The one block of the mail, anywhere between the patch break and the first file diff. Null if
 * there is none; refused if there are several, or if it stands where git would commit or apply
 * around it.
 */
function locateBlock(view: MailView, diff: Diff | null): Result<UnverifiedBlock> | null {
  const markers = findMarkers(view.patch);
  const elsewhere = findMarkers(view.message).length > 0;
  if (markers.length === 0 && !elsewhere) return null;
  if (markers.length + (elsewhere ? 1 : 0) > 1)
    return refuse("block-several", "there is more than one signature block");
  const start = markers[0];
  const end = diff === null || diff.files.length === 0 ? view.patch.length : diff.start;
  if (start === undefined || start >= end || view.breakPoint.kind !== "dashes")
    return refuse("block-misplaced", "the signature block is not right below a --- line");
  return readBlock(view.patch.subarray(0, end), start);
}

function refuse(reason: string, detail: string): Result<never> {
  return { ok: false, refusal: { reason, detail } };
}

function malformed(checked: Checked, why: Finding): Checked {
  return { ...checked, signature: "malformed", findings: [...checked.findings, why] };
}

function bad(checked: Checked, changed: readonly Part[], why: Finding): Checked {
  return { ...checked, signature: "bad", changed, findings: [...checked.findings, why] };
}

/** The steps of the spec's "Verifier's duties", in its order. */
function checkSignature(
  checked: Checked,
  view: MailView,
  diff: Diff,
  block: UnverifiedBlock,
  number: SubjectNumber,
  verifier: Verifier,
): Checked {
  // 1. The comment: from here on its fields are the key holder's own words.
  if (!verifyTrustedComment(verifier, block))
    return bad(checked, [], finding("signature-bad", "the signature does not verify"));
  const { comment } = block;
  const named: Checked = {
    ...checked,
    signed: { publicKey: formatPublicKeyText(block.key), comment },
    number: { version: comment.version, index: comment.index, total: comment.total },
  };

  // 2. The content, with the author that the mail shows or that a list's From replaced.
  const content = { message: canonicalMessage(view.message), diff: sha256(diff.canonical) };
  const match = findAuthor(view, content, comment.digests);
  if (!match.ok) return malformed(named, refusedFinding("mail", match.refusal));
  const { info } = match.value;
  const attested: Checked = {
    ...named,
    attestation: match.value.attestation,
    author: person(info),
  };
  const findings = [...checked.findings];
  const changed: Part[] = [];
  let signedMessage: Buffer | null = null;
  if (!verifyData(verifier, block, match.value.attestation.text)) {
    const parts = changedParts(match.value.attestation.digests, comment.digests);
    if (parts.length === 0)
      return bad(attested, [], finding("signature-bad", "the signature does not verify"));
    const signed =
      parts.join() === "message" ? signedText(content, info, comment, verifier, block) : null;
    const lineEnds = parts.includes("diff") && hasOtherLineEnds(diff, comment.digests);
    const what = whatChanged(parts, signed?.added ?? [], lineEnds);
    if (signed === null) return bad(attested, parts, what);
    changed.push("message");
    findings.push(what);
    signedMessage = signed.message;
  }
  const { attestation } = match.value;

  // 3. What the comment says besides must agree with what the mail shows.
  if (info !== view.info)
    findings.push(
      finding("author-recovered", `the From line was replaced; signed was ${attestation.author}`),
    );
  const relabelled = seriesContradiction(number, comment);
  if (relabelled !== null) {
    changed.push("series");
    findings.push(finding("series-relabelled", relabelled));
  }
  const other = checked.baseLines.named.find((name) => name !== comment.base);
  if (other !== undefined) {
    changed.push("base");
    findings.push(
      finding(
        "base-contradicts",
        `the mail names base ${other}, signed was ${comment.base ?? "none"}`,
      ),
    );
  }

  if (diff.rawCr === "some")
    findings.push(finding("raw-cr", "lines of the diff end in CR, which plain git am drops"));

  // 4. The signer is the author or the sender.
  const identity = normaliseIdentity(comment.by);
  if (identity === null || identity !== comment.by)
    findings.push(finding("signer-address", "the signer's address is not usable"));
  else if (identity !== normaliseIdentity(attestation.email)) {
    if (checked.senders.includes(identity))
      findings.push(
        finding("signer-forwards", `sent and signed by ${comment.by} for ${attestation.author}`),
      );
    else
      findings.push(
        finding(
          "signer-not-author",
          `signed by ${comment.by}, who is neither the author nor the sender`,
        ),
      );
  }
  return {
    ...attested,
    signature: changed.length === 0 ? "good" : "bad",
    changed,
    signedMessage,
    base: {
      ...checked.base,
      status: comment.base === null && other === undefined ? "missing" : "present",
      commit: comment.base,
    },
    findings,
  };
}

interface Content {
  /** Canonical message. */
  readonly message: Buffer;
  /** SHA-256 of the canonical diff, hex. */
  readonly diff: string;
}

/**
 * The attestation under the author whose digest the signer left. A candidate is only ever *named*
 * here; it counts once the signature over the whole attestation is good.
 */
function findAuthor(
  view: MailView,
  content: Content,
  digests: Digests,
): Result<{ attestation: Attestation; info: MailInfo }> {
  const message = sha256(content.message);
  const attestAs = (info: MailInfo): Result<{ attestation: Attestation; info: MailInfo }> => {
    const made = attestDigests(info, message, content.diff);
    return made.ok ? { ok: true, value: { attestation: made.value, info } } : made;
  };
  const shown = attestAs(view.info);
  if (shown.ok && shown.value.attestation.digests.author === digests.author) return shown;
  for (const candidate of authorCandidates(view)) {
    const made = attestAs(candidate);
    if (made.ok && made.value.attestation.digests.author === digests.author) return made;
  }
  return shown;
}

/** Which parts differ from what was signed. */
function changedParts(shown: Digests, signed: Digests): Part[] {
  return (["message", "diff", "author", "subject"] as const).filter(
    (part) => shown[part] !== signed[part],
  );
}

/** Whether the diff is what was signed but for CRs at the ends of its lines. */
function hasOtherLineEnds({ canonical }: Diff, signed: Digests): boolean {
  for (const diff of otherLineEnds(canonical))
    if (sha256(diff).startsWith(signed.diff)) return true;
  return false;
}

/** Added trailers that are quoted. */
const MAX_NAMED = 8;

function whatChanged(parts: readonly Part[], added: readonly string[], lineEnds: boolean): Finding {
  const intact = parts.includes("diff") ? "" : "; the diff is intact";
  const text = `${parts.join(", ")} changed after signing${intact}`;
  if (lineEnds) return finding("content-changed", `${text}: line ends`, RESEND);
  if (added.length === 0) return finding("content-changed", text);
  const named = added.slice(0, MAX_NAMED).map((line) => `"${line}"`);
  const more = added.length > MAX_NAMED ? `, and ${added.length - MAX_NAMED} more` : "";
  return finding("trailers-added", `${text}; added: ${named.join(", ")}${more}`);
}

const RESEND =
  "ask for it in quoted-printable, off the list if that has changed it: git send-email --transfer-encoding=quoted-printable";

/** The message as it was signed, if only trailers were added to it since. */
function signedText(
  content: Content,
  info: MailInfo,
  comment: TrustedComment,
  verifier: Verifier,
  block: UnverifiedBlock,
): { message: Buffer; added: string[] } | null {
  return withoutTrailers(content.message, (digest) => {
    if (digest.slice(0, 16) !== comment.digests.message) return false;
    const made = attestDigests(info, digest, content.diff);
    return made.ok && verifyData(verifier, block, made.value.text);
  });
}

/** A sentence if the Subject's brackets say something else than what was signed, else null. */
function seriesContradiction(shown: SubjectNumber, signed: TrustedComment): string | null {
  if (shown.odd !== null) return `the subject says ${shown.odd}, which cannot have been signed`;
  const wrongVersion = shown.version !== null && shown.version !== signed.version;
  const wrongNumber =
    shown.index !== null && (shown.index !== signed.index || shown.total !== signed.total);
  if (!wrongVersion && !wrongNumber) return null;
  const label = (v: number, i: number, n: number): string => `v${v} ${i}/${n}`;
  return `the subject says ${label(
    shown.version ?? signed.version,
    shown.index ?? signed.index,
    shown.total ?? signed.total,
  )}, signed was ${label(signed.version, signed.index, signed.total)}`;
}

/**
 * The same mail as its signer wrote it: without the trailers that were added since. Unchanged if
 * that is not what is wrong with it.
 */
export function asSigned(checked: Checked): Checked {
  const { signedMessage: message, view, diff, author } = checked;
  if (message === null || checked.changed.join() !== "message") return checked;
  if (view === null || diff === null || author === null) return checked;
  // the author may be the one whom a list replaced
  const info = {
    ...view.info,
    author: Buffer.from(author.name),
    email: Buffer.from(author.email),
  };
  const signed = attest(info, message, diff.canonical);
  if (!signed.ok) return checked;
  return {
    ...checked,
    view: { ...view, message },
    attestation: signed.value,
    signature: "good",
    changed: [],
    findings: checked.findings.filter((f) => f.code !== "trailers-added"),
  };
}
