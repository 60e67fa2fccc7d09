/**
 * What a verdict needs of `Checked`, and nothing as large as the mail, so that another thread can send
 * it.
 */

import { parseAuthor } from "../mail/author.ts";
import { parseDate } from "../mail/date.ts";
import { sha256 } from "../patch/attestation.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import { lookalikes } from "../trust/lookalike.ts";
import { workDigest } from "../trust/replay.ts";
import { sightingDigest } from "../trust/sighting.ts";
import type { Checked } from "./result.ts";

export type Evidence = Pick<
  Checked,
  | "kind"
  | "author"
  | "senders"
  | "signature"
  | "signed"
  | "changed"
  | "number"
  | "base"
  | "messageId"
  | "references"
  | "isAnswer"
  | "label"
  | "listIds"
  | "subject"
  | "statements"
  | "dkim"
  | "devsigs"
  | "reply"
  | "reviewable"
  | "findings"
> & {
  /** False if the mail itself was refused: then it has no number either. */
  readonly read: boolean;
  /** True if neither the mail nor its diff was refused. */
  readonly whole: boolean;
  /** The Date header, seconds since the epoch. */
  readonly date: number | null;
  /** Of an unsigned patch: a digest of what git would commit of it; else null. */
  readonly content: string | null;
  /** Of a good signature: the SHA-256 of what was signed, 64 hex digits. */
  readonly attestation: string | null;
  /** The author's identity, and the names under which the patch is counted; null if there is none. */
  readonly sighting: { readonly identity: string; readonly digest: Uint8Array } | null;
  /** Of a signed patch: the work that it is a version of. */
  readonly work: Uint8Array | null;
  /** Of an unsigned mail: identities that the author's or sender's address looks like (src/trust/lookalike.ts). */
  readonly alike: readonly string[];
  /** Every file that the diff reads or writes. */
  readonly paths: readonly string[];
};

export function evidenceOf(checked: Checked): Evidence {
  const { view, diff, attestation, signature } = checked;
  const { kind, author, senders, signed, changed, number, base } = checked;
  const { messageId, references, isAnswer, label } = checked;
  const { listIds, subject, statements, dkim, devsigs, reply, reviewable, findings } = checked;
  const text = signature === "good" && attestation !== null ? attestation.text : null;
  const digest = text === null ? null : sha256(text);
  const sighting = sightingOf(checked, digest);
  return {
    kind,
    author,
    senders,
    signature,
    signed,
    changed,
    number,
    base,
    messageId,
    references,
    isAnswer,
    label,
    listIds,
    subject,
    statements,
    dkim,
    devsigs,
    reply,
    reviewable,
    findings,
    read: view !== null,
    whole: view !== null && diff !== null,
    date: parseDate(view?.headers.date ?? ""),
    attestation: digest,
    content: signature === "none" ? contentOf(checked) : null,
    sighting,
    work:
      sighting === null || signed === null
        ? null
        : workDigest(sighting.identity, view!.info.subject.toString("utf8")),
    alike: signature === "none" ? alikeOf(checked) : [],
    paths: pathsOf(checked),
  };
}

/** A digest of what git would commit; null if the mail was refused. */
export function contentOf({ view, diff }: Pick<Checked, "view" | "diff">): string | null {
  if (view === null || diff === null) return null;
  const { author, email, subject } = view.info;
  const parts = [author, email, subject, view.message, diff.canonical];
  return sha256(parts.map((part) => sha256(part)).join(" "));
}

/** Of a good signature the signer's, of an unsigned patch the author's. */
function sightingOf(
  { kind, author, diff, view, signature, signed }: Checked,
  attestation: string | null,
): Evidence["sighting"] {
  if (view === null || diff === null) return null;
  if (signature === "good" && signed !== null && attestation !== null) {
    const identity = normaliseIdentity(signed.comment.by)!;
    return { identity, digest: sightingDigest(identity, signed.publicKey, attestation) };
  }
  const identity = normaliseIdentity(author?.email ?? "");
  if (signature !== "none" || kind !== "patch" || identity === null) return null;
  return { identity, digest: sightingDigest(identity, null, sha256(diff.canonical)) };
}

function alikeOf({ author, view }: Checked): string[] {
  const sender = view === null ? "" : parseAuthor(view.headers.from).email.toString("utf8");
  return [...new Set([author?.email ?? "", sender].flatMap(lookalikes))];
}

function pathsOf({ diff }: Checked): string[] {
  const paths: string[] = [];
  for (const { oldName, newName } of diff?.files ?? []) {
    if (oldName !== null) paths.push(oldName.toString("utf8"));
    // mostly the same bytes
    if (newName !== null && newName !== oldName) paths.push(newName.toString("utf8"));
  }
  return paths;
}
