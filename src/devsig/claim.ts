/**
 * The X-Developer-Signature header (patatt's): what it claims, before anything is verified. The
 * form is DKIM's, `v=1; a=ed25519-sha256; t=…; i=…; s=…; h=from:subject; bh=…; b=…`.
 */

import type { HeaderField } from "../mail/fields.ts";

const ALGORITHMS = ["ed25519", "openssh", "openpgp"] as const;
export type DevAlgorithm = (typeof ALGORITHMS)[number];

/** A well-formed header. Nothing in it is verified. */
export interface DevsigClaim {
  readonly algorithm: DevAlgorithm;
  /** `i=`, or null: the sender's address. */
  readonly identity: string | null;
  /** `s=`, which of their keys. */
  readonly selector: string;
  /** `t=` is there: asked for except with openpgp, which has a time of its own. */
  readonly timed: boolean;
  /** `l=`: how many bytes of the body are signed; null for all. */
  readonly length: number | null;
  /** `h=`: names of the signed headers, in order. */
  readonly headers: readonly string[];
  /** `bh=`: base64 of the body's SHA-256. */
  readonly bodyHash: string;
  /** The header itself as it is signed: up to and including `b=`. */
  readonly prefix: string;
  /** `b=`, decoded. */
  readonly signature: Buffer;
}

/** Why a header is no claim that can be checked. */
export interface UnusableClaim {
  readonly outcome: "bad" | "unsupported";
  readonly identity: string | null;
  readonly detail: string;
}

const NAME = "x-developer-signature";
/** Headers of this name that are read. patatt writes one a signer. */
export const MAX_SIGNATURES = 8;
const MAX_IDENTITY = 320;
/** Characters of a tag. */
const LIMITS = [
  ["i", MAX_IDENTITY],
  ["s", 256],
] as const;
const MAX_SIGNED_HEADERS = 64;
const NEEDED = ["from", "subject"];

/** The values of all X-Developer-Signature headers. */
export function signatureValues(fields: readonly HeaderField[]): string[] {
  return fields.filter(({ name }) => name === NAME).map(({ value }) => value);
}

/** `i=…; a=ed25519; pk=…`, as patatt writes it, folds and blanks taken out. */
const OWN_KEY = /^i=([^;=]+);a=ed25519;pk=([A-Za-z0-9+/]{43}=)$/;

/**
 * The Ed25519 key that the mail itself brings for an identity (X-Developer-Key), in base64. Null if
 * there is none, if it is another's, or if the mail has several. Of other algorithms, the header has
 * only a fingerprint.
 */
export function ownKey(fields: readonly HeaderField[], identity: string): string | null {
  const [value, ...others] = fields
    .filter(({ name }) => name === "x-developer-key")
    .map((field) => field.value);
  if (value === undefined || others.length > 0) return null;
  const [, owner, key] = OWN_KEY.exec(relaxed(value).replaceAll(" ", "")) ?? [];
  return owner === identity ? (key ?? null) : null;
}

/** DKIM's "relaxed" form of a header value: unfolded, runs of white space one blank, trimmed. */
export function relaxed(value: string): string {
  return value
    .replace(/[\r\n]/g, "")
    .replace(/[ \t\v\f]+/g, " ")
    .replace(/^ | $/g, "");
}

/** patatt decodes RFC 2047 words, but only these, and once more than git does. */
export function hasQWord(value: string): boolean {
  return value.includes("?q?");
}

/** `l=`, if it is a length of a mail. */
function lengthIn(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** Adds the tags to `tags`, in their order; null, or what is wrong with the one behind the last. */
function readTags(text: string, tags: Map<string, string>): string | null {
  for (const chunk of text.split(";")) {
    const [name = "", ...rest] = chunk.replaceAll(" ", "").split("=");
    if (rest.length === 0 || name === "") return "the header is malformed";
    if (tags.has(name)) return `the header has ${name.slice(0, 20)}= twice`;
    tags.set(name, rest.join("="));
  }
  return null;
}

/**
 * Reads one X-Developer-Signature. Stricter than patatt where that guesses: no tag twice, `b=` last,
 * plain base64, version 1, and the three algorithms by their full names.
 */
export function readClaim(value: string): DevsigClaim | UnusableClaim {
  const text = relaxed(value);
  const tags = new Map<string, string>();
  const unread = (outcome: UnusableClaim["outcome"], detail: string): UnusableClaim => {
    const identity = tags.get("i") ?? null;
    const isLong = identity !== null && identity.length > MAX_IDENTITY;
    return { outcome, identity: isLong ? null : identity, detail };
  };
  if (!/^[\x20-\x7e]*$/.test(text)) return unread("bad", "the header is not ascii");
  const fault = readTags(text, tags);
  if (fault !== null) return unread("bad", fault);
  const tag = (name: string): string => tags.get(name) ?? "";
  // what patatt takes for the beginning of the signature
  const start = text.lastIndexOf("b=");
  if (hasQWord(text) || [...tags.keys()].at(-1) !== "b" || text.indexOf(";", start) >= 0)
    return unread("bad", "the header is malformed");
  if (tag("v") !== "1") return unread("unsupported", `version "${tag("v").slice(0, 20)}"`);
  const algorithm = ALGORITHMS.find((name) => tag("a") === `${name}-sha256`);
  if (algorithm === undefined) return unread("unsupported", `algorithm "${tag("a").slice(0, 40)}"`);
  if (LIMITS.some(([name, most]) => tag(name).length > most))
    return unread("unsupported", "a very long name");

  const headers = tag("h").split(":");
  const signature = Buffer.from(tag("b"), "base64");
  if (signature.length === 0 || signature.toString("base64") !== tag("b"))
    return unread("bad", "the signature is not base64");
  if (headers.length > MAX_SIGNED_HEADERS) return unread("unsupported", "very many headers signed");
  if (!NEEDED.every((name) => headers.includes(name)))
    return unread("bad", "from and subject are not signed");
  return {
    algorithm,
    identity: tags.get("i") ?? null,
    selector: tag("s") === "" ? "default" : tag("s"),
    timed: tag("t") !== "",
    length: lengthIn(tag("l")),
    headers,
    bodyHash: tag("bh"),
    prefix: text.slice(0, start + 2),
    signature,
  };
}
