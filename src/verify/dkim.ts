/** DKIM, and what the reader's own server says of it, in mails that nobody signed with patchsig. */

import { readClaims } from "../dkim/claim.ts";
import { type DkimOutcome, type DkimResult, isVouched } from "../dkim/result.ts";
import { type Finding, finding } from "../findings.ts";
import { month } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import type { VouchedRecord } from "../trust/record.ts";
import type { Policy } from "./policy.ts";
import type { Checked, VouchedFacts } from "./result.ts";

/** What to look for in mails. */
export interface DkimWanted {
  /** Whether the key of this name is at hand, or will be asked for. */
  readonly wanted: (keyName: string) => boolean;
  readonly servers: readonly string[];
}

/** The mail with what its DKIM signatures claim, if it is unsigned otherwise; of a reply, if it has trailers. */
export function withDkim(raw: Buffer, checked: Checked, { wanted, servers }: DkimWanted): Checked {
  const { view, diff, signature, kind, isAnswer, reply } = checked;
  if (view === null || diff === null) return checked;
  if (reply !== null && !reply.hasDiff)
    return { ...checked, reply: { ...reply, dkim: readClaims(raw, view, diff, wanted, servers) } };
  if (signature !== "none" || kind === "other" || isAnswer) return checked;
  return { ...checked, dkim: readClaims(raw, view, diff, wanted, servers) };
}

/** What is known of who vouches for an unsigned mail. */
export interface Vouching {
  readonly result: DkimResult;
  /** Vouched for: the sender. Else whoever of author and sender was vouched for before, or null. */
  readonly who: string | null;
  /** Vouched for: since when. Else the domain that did so before, or null. */
  readonly record: VouchedRecord | null;
}

/** As part of the record of a mail. */
export function vouchedFacts(vouching: Vouching | null): VouchedFacts | null {
  if (vouching === null || !isVouched(vouching.result)) return null;
  const { result, record } = vouching;
  return {
    domain: result.domain,
    saidBy: result.saidBy === "" ? null : result.saidBy,
    covers: result.outcome === "vouched" ? "all" : "but-space",
    since: record?.since ?? null,
    patches: record?.patches ?? 0,
  };
}

/** Who vouches for the mail, or why nobody does; a warning where somebody always did. */
export function vouchingFindings(
  vouching: Vouching | null,
  author: string,
  policy: Policy,
): Finding[] {
  if (vouching === null)
    return policy.require === "vouched"
      ? [unvouched(author, ": DKIM was not looked at", NOT_ASKED)]
      : [];
  const { result, who, record } = vouching;
  const said = finding(result.outcome, sentence(result));
  if (isVouched(result)) return [said];
  const findings = [said];
  if (record !== null) {
    const before = `vouched for by ${record.domain} since ${month(record.since)} (${count(record.patches, "mail")})`;
    findings.push(
      finding("not-vouched", `${who} has been ${before}; this one is not: ${said.message}`),
    );
  }
  if (policy.require === "vouched") {
    const why = record === null ? `: ${said.message}` : "";
    findings.push(unvouched(author, why));
  }
  return findings;
}

function unvouched(author: string, why: string, hint?: string): Finding {
  return finding("unvouched", `no domain vouches for ${author}${why}`, hint);
}

const NOT_ASKED = "no key is remembered, or patchsig.dkim is off: ask DNS with --dkim";

type Words = (domain: string, detail: string) => string;

const WORDS: Readonly<Record<DkimOutcome, Words>> = {
  vouched: (domain) => `vouched for by ${domain}`,
  "vouched-loosely": (domain) => `vouched for by ${domain}, but for white space`,
  "dkim-expired": (domain, detail) => `the DKIM signature of ${domain} expired on ${detail}`,
  "dkim-other-author": (domain) =>
    `${domain} vouches for the sender, the body names another author`,
  "dkim-uncovered": (domain, detail) => `the DKIM signature of ${domain} does not cover ${detail}`,
  "dkim-partial": (domain, detail) => `the DKIM signature of ${domain} leaves out ${detail}`,
  "dkim-testing": (domain, detail) => `${domain} only tries DKIM out (${detail})`,
  "dkim-future": (domain, detail) =>
    `the DKIM signature of ${domain} is of ${detail}, in the future`,
  "dkim-revoked": (domain, detail) => `${domain} revoked its DKIM key (${detail})`,
  "dkim-bad": (domain, detail) => `the DKIM signature of ${domain} is bad: ${detail}`,
  "dkim-body": (domain, detail) =>
    `the body is not what ${domain} signed${detail === "" ? "" : `: ${detail}`}`,
  "dkim-unknown-key": (domain, detail) => `the DKIM key of ${domain} is not known (${detail})`,
  "dkim-no-key": (domain, detail) => `${domain} has no such DKIM key (${detail})`,
  "dkim-key": (domain, detail) => `the DKIM key of ${domain} cannot be used (${detail})`,
  "dkim-weak": (domain, detail) => `the DKIM signature of ${domain} is too weak: ${detail}`,
  "dkim-unsupported": (domain, detail) => `DKIM${of(domain)} that is not supported: ${detail}`,
  "dkim-malformed": (domain, detail) => `DKIM${of(domain)} that is malformed: ${detail}`,
  "dkim-unaligned": (domain, detail) => `its DKIM signature is of ${domain}, ${detail}`,
  "dkim-sender": (_, detail) => detail,
  "dkim-none": () => "it has no DKIM signature",
};

function of(domain: string): string {
  return domain === "" ? "" : ` of ${domain}`;
}

function sentence({ outcome, domain, detail, saidBy }: DkimResult): string {
  const text = WORDS[outcome](domain, detail);
  if (outcome !== "vouched" && outcome !== "vouched-loosely") return text;
  const more = [saidBy === "" ? "" : `${saidBy} says`, detail].filter((one) => one !== "");
  return more.length === 0 ? text : `${text} (${more.join(", ")})`;
}
