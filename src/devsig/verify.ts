/**
 * Verifies X-Developer-Signature headers as patatt does, but only if they sign exactly what git reads.
 * For information: no policy requires the result.
 */

import { createHash } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import type { Diff, MailView } from "../types.ts";
import { type Covered, coveredText, signedDigest } from "./canonical.ts";
import {
  type DevsigClaim,
  type DevAlgorithm,
  MAX_SIGNATURES,
  ownKey,
  readClaim,
  signatureValues,
} from "./claim.ts";
import { type HeaderField, readFields } from "../mail/fields.ts";
import { type DevKey, type FindKey, keyPath, parseEd25519Key } from "./keyring.ts";
import { readKeyringSshKey, verifySsh } from "../ssh/sshsig.ts";
import { normaliseIdentity } from "../trust/identity.ts";

type DevOutcome = "good" | "bad" | "unknown-key" | "unsupported";

/** The result for one X-Developer-Signature. All text comes from the mail: escape it. */
export interface DevResult {
  readonly outcome: DevOutcome;
  /** Whose signature it claims to be, or "". */
  readonly identity: string;
  /** Null if the header could not be read. */
  readonly algorithm: DevAlgorithm | null;
  /** Good: where the key is. Unknown key: where it would be. Else why. */
  readonly detail: string;
  /** Good: the key that made it. */
  readonly key?: DevSighting | undefined;
}

/** The key of a good X-Developer-Signature. */
export interface DevSighting {
  /** In the form of `normaliseIdentity`. */
  readonly identity: string;
  /** `ed25519:` and the key in base64; of other algorithms, the SHA-256 of the key's file. */
  readonly key: string;
  /** False if a keyring has it. */
  readonly fromMail: boolean;
}

/** gpg's answer; with "good", the text signed by a key of the given file. */
export type OpenpgpResult =
  | { readonly outcome: "good"; readonly content: Buffer }
  | { readonly outcome: "bad" | "unknown-key" | "unsupported"; readonly detail: string };

/** What verification needs from outside. */
export interface DevTools {
  readonly verifier: Verifier;
  readonly findKey: FindKey;
  /** Checks an OpenPGP message (signed, the text within) against a key file alone. */
  readonly openpgp: (key: Buffer, message: Buffer) => OpenpgpResult;
}

type SignatureOutcome = Pick<DevResult, "outcome" | "detail" | "key">;

/**
 * One result a header, in the mail's order; none for a mail without.
 *
 * @param theirs the identities of author and sender: whose keys the mail itself may bring
 */
export function verifyDevsig(
  mail: Buffer,
  view: MailView,
  diff: Diff | null,
  theirs: readonly (string | null)[],
  tools: DevTools,
): DevResult[] {
  const fields = readFields(mail);
  const values = signatureValues(fields);
  let known: Covered | string | undefined;
  // asked for only when a key is at hand
  const covered = (): Covered | string => (known ??= coveredText(view, diff, fields));
  if (values.length > MAX_SIGNATURES)
    return [{ ...unsupported("too many signatures"), identity: "", algorithm: null }];
  const claims = values.map(readClaim);
  // patatt gives up on a mail with one, or reads it as another's
  const malformed = claims.some((claim) => "outcome" in claim && claim.outcome === "bad");
  const seen = new Set<string>();
  return claims.map((claim): DevResult => {
    const identity = claim.identity ?? soleAddress(view);
    const again = seen.has(identity);
    seen.add(identity);
    if ("outcome" in claim) return { ...claim, identity, algorithm: null };
    const { algorithm } = claim;
    const judged = malformed
      ? unsupported("beside a malformed one")
      : again
        ? unsupported("a second signature of the same address")
        : judgeClaim(
            claim,
            identity,
            keyFor(claim, identity, theirs, fields, tools),
            covered,
            tools,
          );
    return { ...judged, identity, algorithm };
  });
}

/** A keyring's key; else that of the mail, if it is of the author or sender. Or where one would be. */
function keyFor(
  { algorithm, selector }: DevsigClaim,
  identity: string,
  theirs: readonly (string | null)[],
  fields: readonly HeaderField[],
  { findKey }: DevTools,
): DevKey | string {
  const path = keyPath(algorithm, identity, selector);
  if (path === null) return "no address";
  const key = findKey(path);
  if (key !== null) return key;
  const name = normaliseIdentity(identity);
  if (algorithm !== "ed25519" || name === null || !theirs.includes(name)) return path;
  const own = ownKey(fields, identity);
  return own === null
    ? path
    : { content: Buffer.from(own), place: "X-Developer-Key", fromMail: true };
}

function judgeClaim(
  claim: DevsigClaim,
  identity: string,
  key: DevKey | string,
  coveredBy: () => Covered | string,
  tools: DevTools,
): SignatureOutcome {
  if (typeof key === "string") return { outcome: "unknown-key", detail: key };
  const covered = coveredBy();
  if (typeof covered === "string") return unsupported(covered);
  const { bodyHash, length } = claim;
  const isAll = bodyHash === covered.bodyHash;
  if (!isAll && (length === null || bodyHash !== covered.partHash(length)))
    return bad("message or patch differ from what was signed");
  if (claim.algorithm !== "openpgp" && !claim.timed) return bad("no time");
  const digest = signedDigest(claim, covered.fields);
  if (digest === null) return unsupported("words in a signed header");
  try {
    const judged = CHECKS[claim.algorithm](claim.signature, digest, key, tools);
    return judged.outcome === "good"
      ? { ...judged, key: sightingOf(claim.algorithm, identity, key) }
      : judged;
  } catch (error) {
    if (error instanceof FormatError) return unsupported(`${key.place}: ${error.message}`);
    throw error;
  }
}

function sightingOf(
  algorithm: DevAlgorithm,
  identity: string,
  { content, fromMail = false }: DevKey,
): DevSighting | undefined {
  const name = normaliseIdentity(identity);
  if (name === null) return undefined;
  const text =
    algorithm === "ed25519"
      ? parseEd25519Key(content).toString("base64")
      : createHash("sha256").update(content).digest("hex");
  return { identity: name, key: `${algorithm}:${text}`, fromMail };
}

type CheckSignature = (
  signature: Buffer,
  digest: Buffer,
  key: DevKey,
  tools: DevTools,
) => SignatureOutcome;

const CHECKS: Readonly<Record<DevAlgorithm, CheckSignature>> = {
  // 64 bytes of signature, and the 32 signed ones again
  ed25519(signature, digest, key, { verifier }) {
    const point = parseEd25519Key(key.content);
    const signed = signature.subarray(64);
    return signed.equals(digest) && verifier.verifyStrict(point, digest, signature.subarray(0, 64))
      ? good(key)
      : bad("author, title or signature differ from what was signed");
  },
  openssh(signature, digest, key, { verifier }) {
    const outcome = verifySsh(verifier, readKeyringSshKey(key.content), digest, signature);
    if (outcome === "good") return good(key);
    if (outcome === "other-key") return bad(`not by the key ${key.place}`);
    if (outcome === "unsupported") return unsupported("this kind of ssh signature");
    return bad("author, title or signature differ from what was signed");
  },
  openpgp(signature, digest, key, { openpgp }) {
    const result = openpgp(key.content, signature);
    if (result.outcome !== "good") return result;
    return result.content.equals(digest)
      ? good(key)
      : bad("author, title or signature differ from what was signed");
  },
};

const good = (key: DevKey): SignatureOutcome => ({ outcome: "good", detail: key.place });
const bad = (detail: string): SignatureOutcome => ({ outcome: "bad", detail });
const unsupported = (detail: string): SignatureOutcome => ({ outcome: "unsupported", detail });

const ADDRESS = '[^\\s<>()",;:@]+@[^\\s<>()",;:@]+';
const SENDER = new RegExp(`^(?:(?:[^<>(),:;"]*|"[^"\\\\<>]*"\\s*)<(${ADDRESS})>|(${ADDRESS}))$`);

/**
 * The address of a From header that mail programs and patatt take apart alike, or "". Whom the bot
 * writes to (bot/facts.ts) is asked of git too; here git's author is checked for itself (canonical.ts).
 */
function soleAddress(view: MailView): string {
  const match = SENDER.exec(view.headers.from.trim());
  return match?.[1] ?? match?.[2] ?? "";
}
