/** The steps of the spec's "Verifier's duties" for a mail with a block, in its order. */

import type { Verifier } from "../minisign/ed25519.ts";
import { type Attestation, attestDigests, type Digests, sha256 } from "../patch/attestation.ts";
import type { UnverifiedBlock } from "../patch/block.ts";
import { canonicalMessage } from "../patch/message.ts";
import { otherLineEnds } from "../patch/other-line-ends.ts";
import type { SubjectNumber } from "../patch/subject.ts";
import type { TrustedComment } from "../patch/trusted-comment.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { Diff, MailInfo, MailView, Result } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import { type SignedMessage, withoutTrailers } from "./added-trailers.ts";
import { authorCandidates } from "./author.ts";
import { personOf, refusedFinding } from "./describe.ts";
import type { Checked, SignedPart } from "./result.ts";
import { type VerifiedBlock, verifyBlock } from "./signature.ts";

/** The mail to check the block against. */
interface ShownMail {
  readonly view: MailView;
  readonly diff: Diff;
  readonly number: SubjectNumber;
}

/**
 * @param checked what is known about the mail without its block
 * @returns the same with what the signature says, and whether it is good
 */
export function checkSignature(
  checked: Checked,
  { view, diff, number }: ShownMail,
  unverified: UnverifiedBlock,
  verifier: Verifier,
): Checked {
  const block = verifyBlock(unverified, verifier);
  if (block === null)
    return { ...checked, signature: "bad", findings: [...checked.findings, forged()] };
  const { publicKey, comment } = block;
  const named: Checked = {
    ...checked,
    signed: { publicKey, comment },
    number: { version: comment.version, index: comment.index, total: comment.total },
  };

  const match = findAuthor(view, diff, comment.digests);
  if (!match.ok) {
    const findings = [...checked.findings, refusedFinding("mail", match.refusal)];
    return { ...named, signature: "malformed", findings };
  }
  const { attestation, info } = match.value;
  const attested: Checked = { ...named, attestation, author: personOf(info) };
  const content = compareContent(match.value, diff, block);
  if (!content.isSigned) {
    const { changed, findings } = content;
    return { ...attested, signature: "bad", changed, findings: [...checked.findings, ...findings] };
  }

  const relabelled = labelFindings(number, comment);
  const other = checked.baseLines.named.find((name) => name !== comment.base);
  const changed: readonly SignedPart[] = [
    ...content.changed,
    ...(relabelled.length > 0 ? (["series"] as const) : []),
    ...(other !== undefined ? (["base"] as const) : []),
  ];
  const status = comment.base === null && other === undefined ? "missing" : "present";
  return {
    ...attested,
    signature: changed.length === 0 ? "good" : "bad",
    changed,
    signedMessage: content.signedMessage,
    addedLines: content.addedLines,
    base: { ...checked.base, status, commit: comment.base },
    findings: [
      ...checked.findings,
      ...content.findings,
      ...(info === view.info ? [] : [recovered(attestation)]),
      ...relabelled,
      ...(other === undefined ? [] : [contradicted(other, comment)]),
      ...(diff.rawCr === "some" ? [rawCr()] : []),
      ...signerAddressFindings(checked.senders, comment, attestation),
    ],
  };
}

function forged(): Finding {
  return finding("signature-bad", "the signature does not verify");
}

function recovered({ author }: Attestation): Finding {
  return finding("author-recovered", `the From line was replaced; the signed author is ${author}`);
}

function contradicted(other: string, { base }: TrustedComment): Finding {
  return finding(
    "base-contradicts",
    `the mail names base ${other}; the signed base is ${base ?? "none"}`,
  );
}

function rawCr(): Finding {
  return finding("raw-cr", "lines of the diff end in CR, which plain git am drops");
}

/** A text that may be the signed one. */
interface SignableText {
  readonly attestation: Attestation;
  /** With the author that the mail shows, or one that a list's From replaced. */
  readonly info: MailInfo;
  /** Canonical. */
  readonly message: Buffer;
}

/**
 * The attestation under the author whose digest is in the block. This only *selects* a candidate; it
 * counts once the signature over the whole attestation is good.
 */
function findAuthor(view: MailView, diff: Diff, digests: Digests): Result<SignableText> {
  const message = canonicalMessage(view.message);
  const [messageDigest, diffDigest] = [sha256(message), sha256(diff.canonical)];
  const attestAs = (info: MailInfo): Result<SignableText> => {
    const made = attestDigests(info, messageDigest, diffDigest);
    return made.ok ? { ok: true, value: { attestation: made.value, info, message } } : made;
  };
  const isSigner = (made: Result<SignableText>): boolean =>
    made.ok && made.value.attestation.digests.author === digests.author;
  const shown = attestAs(view.info);
  if (isSigner(shown)) return shown;
  for (const candidate of authorCandidates(view)) {
    const made = attestAs(candidate);
    if (isSigner(made)) return made;
  }
  return shown;
}

interface Compared {
  /** This text is the signed one, except for added trailers. */
  readonly isSigned: boolean;
  readonly changed: readonly SignedPart[];
  readonly findings: readonly Finding[];
  /** The message without those trailers. */
  readonly signedMessage: Buffer | null;
  readonly addedLines: readonly string[];
}

function compareContent(shown: SignableText, diff: Diff, block: VerifiedBlock): Compared {
  const { attestation } = shown;
  if (block.signs(attestation.text))
    return { isSigned: true, changed: [], findings: [], ...AS_IT_IS };
  const { digests } = block.comment;
  const changed = changedParts(attestation.digests, digests);
  if (changed.length === 0) return { isSigned: false, changed, findings: [forged()], ...AS_IT_IS };
  const original = changed.join() === "message" ? withoutAdded(shown, diff, block) : null;
  const lineEnds = changed.includes("diff") && hasOtherLineEnds(diff, digests);
  return {
    isSigned: original !== null,
    changed,
    findings: [whatChanged(changed, original, lineEnds)],
    signedMessage: original?.message ?? null,
    addedLines: original?.added ?? [],
  };
}

const AS_IT_IS = { signedMessage: null, addedLines: [] } as const;

/** Which parts differ from what was signed. */
function changedParts(shown: Digests, signed: Digests): SignedPart[] {
  return (["message", "diff", "author", "subject"] as const).filter(
    (part) => shown[part] !== signed[part],
  );
}

/** Whether the diff differs from the signed one only in CRs at line ends. */
function hasOtherLineEnds({ canonical }: Diff, signed: Digests): boolean {
  for (const diff of otherLineEnds(canonical))
    if (sha256(diff).startsWith(signed.diff)) return true;
  return false;
}

/** How many added or moved trailers a finding quotes. */
const MAX_NAMED = 8;

function whatChanged(
  parts: readonly SignedPart[],
  original: SignedMessage | null,
  lineEnds: boolean,
): Finding {
  const intact = parts.includes("diff") ? "" : "; the diff is intact";
  const text = `${parts.join(", ")} changed after signing${intact}`;
  if (lineEnds) return finding("content-changed", `${text}: line ends`, RESEND);
  if (original === null)
    return finding("content-changed", text, parts.join() === "message" ? REFETCH : undefined);
  const { added, moved } = original;
  const done = [...quoted("added", added), ...quoted("moved", moved)];
  if (done.length === 0) return finding("trailers-moved", `${text}; an empty line above trailers`);
  return finding(added.length === 0 ? "trailers-moved" : "trailers-added", text + done.join(""));
}

function quoted(what: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const named = lines.slice(0, MAX_NAMED).map((line) => `"${line}"`);
  const more = lines.length > MAX_NAMED ? `, and ${lines.length - MAX_NAMED} more` : "";
  return [`; ${what}: ${named.join(", ")}${more}`];
}

/** b4 am rewrites messages, and would do so to a resend. */
const REFETCH = "ask for a resend; if b4 am wrote it: b4 am -T leaves messages as they are";
const RESEND =
  "ask for it in quoted-printable, in private if the list changed it: git send-email --transfer-encoding=quoted-printable";

/** The message as it was signed, if only trailers were added or moved. */
function withoutAdded(
  { info, message }: SignableText,
  diff: Diff,
  block: VerifiedBlock,
): SignedMessage | null {
  const diffDigest = sha256(diff.canonical);
  return withoutTrailers(message, (digest) => {
    if (digest.slice(0, 16) !== block.comment.digests.message) return false;
    const made = attestDigests(info, digest, diffDigest);
    return made.ok && block.signs(made.value.text);
  });
}

/** A finding if the Subject's brackets contradict the signed label. */
function labelFindings(shown: SubjectNumber, signed: TrustedComment): Finding[] {
  const text = seriesContradiction(shown, signed);
  return text === null ? [] : [finding("series-relabelled", text)];
}

/** A sentence if the Subject's brackets contradict the signed label, else null. */
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
  )}; the signed label is ${label(signed.version, signed.index, signed.total)}`;
}

/** The signer has to be the author or the sender. */
function signerAddressFindings(
  senders: readonly string[],
  { by }: TrustedComment,
  { author, email }: Attestation,
): Finding[] {
  const identity = normaliseIdentity(by);
  if (identity === null || identity !== by)
    return [finding("signer-address", "the signer's address is not usable")];
  if (identity === normaliseIdentity(email)) return [];
  return senders.includes(identity)
    ? [finding("signer-forwards", `sent and signed by ${by} for ${author}`)]
    : [finding("signer-not-author", `signed by ${by}, who is neither the author nor the sender`)];
}
