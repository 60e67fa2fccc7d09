/** The DKIM-Signature header (RFC 6376, 3.5): what it says, before anything is verified. */

import { type DkimResult, dkimResult } from "./result.ts";
import { colonList, readBase64, readTags, type Tags } from "./tags.ts";

export type Algorithm = "rsa-sha256" | "ed25519-sha256";
export type Form = "simple" | "relaxed";

export interface DkimSignature {
  readonly algorithm: Algorithm;
  readonly headerForm: Form;
  readonly bodyForm: Form;
  /** `d=`, in lower case. */
  readonly domain: string;
  /** `s=`, in lower case. */
  readonly selector: string;
  /** The domain of `i=`: `d=`, or one below it. */
  readonly agentDomain: string;
  /** `h=`: names of the signed headers in lower case, in order, with repetitions. */
  readonly headers: readonly string[];
  readonly bodyHash: Buffer;
  readonly signature: Buffer;
  /** `l=`: bytes of the body that are signed; null if all are. */
  readonly length: number | null;
  /** `t=` and `x=`, seconds; null if they are not there. */
  readonly time: number | null;
  readonly expires: number | null;
}

/** Characters of a header that is read: an RSA key of 16384 bits makes one of 3000. */
const MAX_HEADER = 16 * 1024;
const MAX_SIGNED_HEADERS = 256;
const MAX_NAME = 253;
const NUMBER = /^[0-9]{1,12}$/;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const FIELD_NAME = /^[!-9;-~]{1,128}$/;

/** A domain name in lower case, or null: only letters, digits, `-` and `_`. */
export function readDomain(text: string): string | null {
  const name = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return name.length <= MAX_NAME && name.split(".").every((label) => LABEL.test(label))
    ? name
    : null;
}

/** Reads one header's value (its folds kept, a character a byte), or says what it is instead. */
export function readSignature(value: string): DkimSignature | DkimResult {
  if (value.length > MAX_HEADER) return unsupported("", "a very long header");
  const tags = readTags(value);
  if (tags === null) return malformed("", "not a list of tags");
  const whose = readWhose(tags);
  if ("outcome" in whose) return whose;
  const how = readHow(tags, whose.domain);
  if ("outcome" in how) return how;
  const what = readWhat(tags, whose.domain);
  return "outcome" in what ? what : { ...whose, ...how, ...what };
}

type Whose = Pick<DkimSignature, "domain" | "selector" | "agentDomain">;
type How = Pick<DkimSignature, "algorithm" | "headerForm" | "bodyForm">;
type What = Omit<DkimSignature, keyof Whose | keyof How>;

function readWhose(tags: Tags): Whose | DkimResult {
  const domain = readDomain(tags.get("d") ?? "");
  if (domain === null) return malformed("", "no domain");
  const selector = readDomain(tags.get("s") ?? "");
  if (selector === null) return malformed(domain, "no selector");
  // RFC 6376, 3.5: d= or a domain below it
  const agent = tags.get("i") ?? domain;
  const agentDomain = readDomain(agent.slice(agent.lastIndexOf("@") + 1));
  return agentDomain === null || !isWithin(agentDomain, domain)
    ? malformed(domain, "i= is of another domain")
    : { domain, selector, agentDomain };
}

function readHow(tags: Tags, domain: string): How | DkimResult {
  const tag = (name: string, usual = ""): string => (tags.get(name) ?? usual).toLowerCase();
  if (tag("v") !== "1") return unsupported(domain, `version "${tag("v").slice(0, 20)}"`);
  if (tag("a") === "rsa-sha1") return dkimResult("dkim-weak", domain, "rsa-sha1");
  const algorithm = ALGORITHMS.find((name) => name === tag("a"));
  if (algorithm === undefined) return unsupported(domain, `algorithm "${tag("a").slice(0, 40)}"`);
  const forms = readForms(tag("c", "simple/simple"));
  if (forms === null) return unsupported(domain, `canonicalisation "${tag("c").slice(0, 40)}"`);
  return colonList(tag("q", "dns/txt")).includes("dns/txt")
    ? { algorithm, ...forms }
    : unsupported(domain, "a key that is not in DNS");
}

function readWhat(tags: Tags, domain: string): What | DkimResult {
  const bodyHash = readBase64(tags.get("bh") ?? "");
  const signature = readBase64(tags.get("b") ?? "");
  if (bodyHash === null || signature === null) return malformed(domain, "not base64");
  const headers = colonList((tags.get("h") ?? "").toLowerCase());
  if (headers.length > MAX_SIGNED_HEADERS) return unsupported(domain, "very many headers signed");
  if (!headers.every((name) => FIELD_NAME.test(name)))
    return malformed(domain, "h= names no headers");
  if (!headers.includes("from")) return malformed(domain, "From is not signed");
  const numbers = readNumbers(tags);
  return numbers === null
    ? malformed(domain, "a time or a length that is no number")
    : { headers, bodyHash, signature, ...numbers };
}

const ALGORITHMS = ["rsa-sha256", "ed25519-sha256"] as const;

function malformed(domain: string, detail: string): DkimResult {
  return dkimResult("dkim-malformed", domain, detail);
}

function unsupported(domain: string, detail: string): DkimResult {
  return dkimResult("dkim-unsupported", domain, detail);
}

/** `header/body`; the body's is simple unless it is given. */
function readForms(text: string): Pick<DkimSignature, "headerForm" | "bodyForm"> | null {
  const [header, body = "simple", more] = text.toLowerCase().split("/");
  return more === undefined && isForm(header) && isForm(body)
    ? { headerForm: header, bodyForm: body }
    : null;
}

function isForm(word: string | undefined): word is Form {
  return word === "simple" || word === "relaxed";
}

/** `l=`, `t=` and `x=`; null if one is not a number, or the signature expires before it is made. */
function readNumbers(tags: Tags): Pick<DkimSignature, "length" | "time" | "expires"> | null {
  const number = (name: string): number | null => {
    const text = tags.get(name);
    return text === undefined ? null : NUMBER.test(text) ? Number(text) : Number.NaN;
  };
  const [length, time, expires] = [number("l"), number("t"), number("x")];
  if ([length, time, expires].some(Number.isNaN)) return null;
  if (time !== null && expires !== null && expires <= time) return null;
  return { length, time, expires };
}

/** True for the domain itself, and for one below it. */
export function isWithin(domain: string, of: string): boolean {
  return domain === of || domain.endsWith(`.${of}`);
}
