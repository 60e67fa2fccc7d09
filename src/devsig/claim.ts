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
    return {
      outcome,
      identity: identity === null || identity.length > MAX_IDENTITY ? null : identity,
      detail,
    };
  };
  if (!/^[\x20-\x7e]*$/.test(text)) return unread("bad", "the header is not ascii");
  const fault = readTags(text, tags);
  if (fault !== null) return unread("bad", fault);
  const last = [...tags.keys()].at(-1);
  const tag = (name: string): string => tags.get(name) ?? "";
  // what patatt takes for the beginning of the signature
  const start = text.lastIndexOf("b=");
  if (hasQWord(text) || last !== "b" || text.indexOf(";", start) >= 0)
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
    headers,
    bodyHash: tag("bh"),
    prefix: text.slice(0, start + 2),
    signature,
  };
}
