/**
 * From a mail to what its DKIM signatures claim: everything that needs no key. What is left to do with
 * a key is small, and the same from any thread.
 */

import { createHash } from "node:crypto";
import { type HeaderField, readFields } from "../mail/fields.ts";
import { parseDate } from "../mail/date.ts";
import { type CrPlaces, crsBefore, withoutCrs } from "../mail/line-ends.ts";
import { LF, latin1 } from "../primitives/bytes.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { Diff, MailView } from "../types.ts";
import { type ServerWord, serverWords } from "./auth-results.ts";
import {
  canonicalBody,
  canonicalField,
  signedFields,
  unsignedSelf,
  wireBytes,
} from "./canonical.ts";
import { coverageOf, GIT_FIELDS } from "./coverage.ts";
import { type DkimResult, dkimResult } from "./result.ts";
import { isAligned, plainSender, type PlainSender } from "./sender.ts";
import { type Algorithm, type DkimSignature, readSignature } from "./signature.ts";

/** A signature of From's own domain. Structured clones of it are as good. */
export interface DkimClaim {
  /** Where its key is in DNS. */
  readonly keyName: string;
  readonly domain: string;
  readonly selector: string;
  /** `b=` in base64, by which RFC 6008 tells signatures apart. */
  readonly b: string;
  /** Null if nobody asked for its key: then the rest was not looked at. */
  readonly prepared: PreparedClaim | null;
}

export interface PreparedClaim {
  readonly algorithm: Algorithm;
  /** The signed headers and the signature's own, as they are hashed. */
  readonly text: Uint8Array;
  readonly signature: Uint8Array;
  /** False: the key's record may say `t=s`, which does not go with its `i=`. */
  readonly ownDomain: boolean;
  /** Seconds: `t=` and `x=`, and when the mail says it was written. */
  readonly time: number | null;
  readonly expires: number | null;
  readonly date: number | null;
  /** What it comes to if the key made it; a result "dkim-body" whoever made it. */
  readonly ifGood: DkimResult;
}

export interface DkimClaims {
  /** The address that is vouched for, if any is; null if From is not one plain address. */
  readonly identity: string | null;
  readonly claims: readonly DkimClaim[];
  /** Of the signatures that are no claims. */
  readonly others: readonly DkimResult[];
  /** What the reader's own server says of the signatures. */
  readonly words: readonly ServerWord[];
}

/** Signatures of a mail that are read: the first ones. Lists and providers add up to four. */
const MAX_SIGNATURES = 16;
/** Of From's domain, that are tried: each may cost a look-up. */
const MAX_CLAIMS = 4;
/** A mail is written once: RFC 5322 allows one of each. */
const ONCE = [...GIT_FIELDS];

/**
 * @param raw with its CRs
 * @param wanted whether somebody has, or will ask for, the key of this name
 * @param servers names of the reader's own servers, as in their Authentication-Results, in lower case
 */
export function readClaims(
  raw: Buffer,
  view: MailView,
  diff: Diff,
  wanted: (keyName: string) => boolean,
  servers: readonly string[] = [],
): DkimClaims {
  const { mail, crs } = withoutCrs(raw);
  const fields = readFields(mail);
  const sender = soleSender(view, fields);
  const own = fields.filter(({ name }) => name === "dkim-signature").slice(0, MAX_SIGNATURES);
  const identity = sender?.identity ?? null;
  const none = (result: DkimResult) => ({ identity, claims: [], others: [result], words: [] });
  if (sender === null) return none(dkimResult("dkim-sender", "", NOT_ONE));
  if (own.length === 0) return none(dkimResult("dkim-none"));
  const claims: DkimClaim[] = [];
  const others: DkimResult[] = [];
  const words = servers.length === 0 ? [] : serverWords(fields, servers);
  const isWanted = ({ keyName, domain }: DkimClaim): boolean =>
    wanted(keyName) || words.some((word) => word.domain === domain);
  let parts: MailParts | undefined;
  const mailParts = (): MailParts => (parts ??= partsOf(mail, crs, fields, view, diff, sender));
  for (const field of own) {
    const read = readSignature(field.value);
    if ("outcome" in read) others.push(read);
    else if (!isAligned(read.domain, sender.domain))
      others.push(dkimResult("dkim-unaligned", read.domain, `not ${sender.domain}`));
    else if (claims.length < MAX_CLAIMS) claims.push(claimOf(field, read, isWanted, mailParts));
    else others.push(dkimResult("dkim-unsupported", read.domain, "very many signatures"));
  }
  return { identity, claims, others, words };
}

const NOT_ONE = "From is not one plain address";

function soleSender(view: MailView, fields: readonly HeaderField[]): PlainSender | null {
  const times = (name: string): number => fields.filter((field) => field.name === name).length;
  if (times("from") !== 1 || ONCE.some((name) => times(name) > 1)) return null;
  return plainSender(view.headers.from);
}

/** What all signatures of a mail are over. */
interface MailParts {
  readonly fields: readonly HeaderField[];
  readonly body: string;
  readonly view: MailView;
  readonly diff: Diff;
  /** Line ends of both kinds: DKIM does not tell them apart, git does. */
  readonly mixedLines: boolean;
  /** True if git commits the sender as author. */
  readonly isAuthor: boolean;
  readonly date: number | null;
}

function partsOf(
  mail: Buffer,
  crs: CrPlaces,
  fields: readonly HeaderField[],
  view: MailView,
  diff: Diff,
  sender: PlainSender,
): MailParts {
  const start = bodyStart(mail);
  const withCr = crs.length - crsBefore(crs, start);
  return {
    fields,
    body: latin1(mail, start),
    view,
    diff,
    mixedLines: withCr > 0 && withCr < countLines(mail, start),
    isAuthor: normaliseIdentity(view.info.email.toString("utf8")) === sender.identity,
    date: parseDate(view.headers.date),
  };
}

/** Below the first empty line. */
function bodyStart(mail: Buffer): number {
  const end = mail.indexOf("\n\n", 0, "latin1");
  return end < 0 ? mail.length : end + 2;
}

function countLines(mail: Buffer, start: number): number {
  let lines = 0;
  for (let at = mail.indexOf(LF, start); at >= 0; at = mail.indexOf(LF, at + 1)) lines++;
  return lines;
}

function claimOf(
  field: HeaderField,
  read: DkimSignature,
  isWanted: (claim: DkimClaim) => boolean,
  parts: () => MailParts,
): DkimClaim {
  const { domain, selector } = read;
  const keyName = `${selector}._domainkey.${domain}`;
  const b = read.signature.toString("base64");
  const claim = { keyName, domain, selector, b, prepared: null };
  return isWanted(claim) ? { ...claim, prepared: prepare(field, read, parts()) } : claim;
}

function prepare(field: HeaderField, read: DkimSignature, parts: MailParts): PreparedClaim {
  const fields = signedFields(parts.fields, read.headers);
  const header = fields.map((one) => canonicalField(one, read.headerForm));
  const text = `${header.join("")}${unsignedSelf(field, read.headerForm)}`;
  return {
    algorithm: read.algorithm,
    text: wireBytes(text),
    signature: read.signature,
    ownDomain: read.agentDomain === read.domain,
    time: read.time,
    expires: read.expires,
    date: parts.date,
    ifGood: outcomeOf(read, fields, header, parts),
  };
}

/** What a good signature says of the mail. */
function outcomeOf(
  read: DkimSignature,
  fields: readonly HeaderField[],
  header: readonly string[],
  { body, view, diff, mixedLines, isAuthor }: MailParts,
): DkimResult {
  const { domain, length } = read;
  const canonical = canonicalBody(body, read.bodyForm);
  const wire = wireBytes(canonical);
  const signed = length === null ? wire : wire.subarray(0, length);
  const hash = createHash("sha256").update(signed).digest();
  if ((length ?? 0) > wire.length || !hash.equals(read.bodyHash))
    return dkimResult("dkim-body", domain, bodyHint(body));
  if (signed.length < wire.length)
    return dkimResult("dkim-partial", domain, `${wire.length - signed.length} bytes of the body`);
  if (mixedLines) return dkimResult("dkim-uncovered", domain, "line ends of two kinds");
  const gitHeader = header.filter((_, i) => GIT_FIELDS.has(fields[i]!.name)).join("");
  const coverage = coverageOf(gitHeader, canonical, view, diff);
  if (typeof coverage !== "string") return dkimResult("dkim-uncovered", domain, coverage.open);
  if (!isAuthor) return dkimResult("dkim-other-author", domain);
  return dkimResult(coverage === "all" ? "vouched" : "vouched-loosely", domain);
}

/** The usual reason why a body changes on its way into a mailbox. */
function bodyHint(body: string): string {
  return /^>+From /m.test(body)
    ? "a mailbox may have put > before a line that begins with From"
    : "";
}
