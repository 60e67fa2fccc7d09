/** From evidence to verdicts: asks the trust database, and updates it. */

import { PatchsigError } from "../../errors.ts";
import type { ReadFailure } from "../../source/item.ts";
import { NO_PINS, type Pins, refusedByPins, withPins } from "../../trust/pins.ts";
import { judgeSighting, type TrustMemory } from "../../trust/memory.ts";
import { decideUnsigned } from "../../trust/decide.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { lookalikes } from "../../trust/lookalike.ts";
import type { Evidence } from "../../verify/evidence.ts";
import { judge, type Signs, type TrustContext } from "../../verify/judge.ts";
import { admitsFirstUse } from "../../verify/signer.ts";
import { type Policies, type Policy, policyFor } from "../../verify/policy.ts";
import type { StatementMail, PatchResult } from "../../verify/result.ts";
import type { JudgedMail } from "../../verify/series.ts";
import type { SignedReview } from "../../review/review.ts";
import type { ReplyMail } from "../../trailers/reply.ts";
import { type JudgedReview, judgeReview } from "../../verify/review.ts";
import { isWrapped } from "../../verify/carrier.ts";
import { statementFinding, unreadStatement } from "../../verify/statements.ts";
import type { Finding } from "../../findings.ts";
import { type DkimResult, isVouched } from "../../dkim/result.ts";
import { DAY } from "../../primitives/time.ts";
import { sightingDigest } from "../../trust/sighting.ts";
import type { Vouching } from "../../verify/dkim.ts";
import { withDevKeys } from "./devsig.ts";
import type { DkimRun } from "./dkim.ts";
import { faultAt } from "../fault.ts";
import { now } from "../now.ts";

/** A mail's evidence, where it was found, and what the caller wants back with the verdict. */
export interface FoundMail<P> {
  readonly source: string;
  readonly evidence: Evidence;
  readonly payload: P;
}

/** The verdict, given what is known; `met`: the mail does not fail. */
type Judge = (context: TrustContext, met: boolean) => PatchResult;

export interface TrustJudge {
  /**
   * Judges mails in their order, in one transaction: what a verdict led to remembering is on the
   * disk when this returns.
   */
  judge<P>(mails: readonly FoundMail<P>[]): JudgedBatch<P>;
  /** True for an address that people could take for that of somebody who has a key in use. */
  isLookalike(address: string): boolean;
  /** Whether the key of a review is the reviewer's; remembers nothing. */
  judgeReview(review: SignedReview, reply: Pick<ReplyMail, "sender" | "listIds">): JudgedReview;
}

interface JudgedBatch<P> {
  readonly members: readonly JudgedMail<P>[];
  /** Mails without a patch that carry statements about keys, or that are not read. */
  readonly notes: readonly StatementMail[];
  /** Mails at which the program failed; nothing of them is remembered. */
  readonly faults: readonly ReadFailure[];
}

interface TrustJudgeOptions {
  readonly policies: Policies;
  readonly dryRun: boolean;
  /** What the current repository's keyring says. */
  readonly pins?: Pins;
  readonly at?: number;
  /** Keys for DKIM; null, or not given, if nothing may be vouched for. */
  readonly dkim?: Pick<DkimRun, "resultOf"> | null;
}

/** What all verdicts of a run depend on. */
interface Terms extends Required<TrustJudgeOptions> {
  readonly memory: TrustMemory;
  /** What came of the DKIM signatures of the mails that are judged now. */
  readonly vouched: WeakMap<Evidence, DkimResult>;
}

export function createTrustJudge(
  memory: TrustMemory,
  { policies, dryRun, pins = NO_PINS, at = now(), dkim = null }: TrustJudgeOptions,
): TrustJudge {
  const terms: Terms = { memory, policies, dryRun, pins, at, dkim, vouched: new WeakMap() };
  return {
    judge(mails) {
      try {
        return judged(
          memory.transaction(() => {
            for (const { evidence } of mails) countVouched(terms, evidence);
            return judgeAll(terms, mails);
          }),
          [],
        );
      } catch (error) {
        if (error instanceof PatchsigError) throw error;
      }
      // the transaction was rolled back: try again one by one, without the mails that fail
      const all: JudgedOne<(typeof mails)[number]["payload"]>[] = [];
      const faults: ReadFailure[] = [];
      for (const mail of mails) {
        try {
          const judgeAlone = () => {
            countVouched(terms, mail.evidence);
            return judgeAll(terms, [mail]);
          };
          all.push(...memory.transaction(judgeAlone));
        } catch (error) {
          faults.push(faultAt({ source: mail.source, messageId: mail.evidence.messageId }, error));
        }
      }
      return judged(all, faults);
    },
    isLookalike: (address) => poses(memory, lookalikes(address)) !== null,
    judgeReview(review, { sender, listIds }) {
      const policy = policyFor(policies, { listIds, paths: [] });
      return judgeReview(memory, review, { policy, pins, at }, sender);
    },
  };
}

type JudgedOne<P> = StatementMail | JudgedMail<P>;

function judgeAll<P>(terms: Terms, mails: readonly FoundMail<P>[]): JudgedOne<P>[] {
  const all = mails.map((mail) => judgeOne(terms, mail));
  const { members, notes } = judged(all, []);
  return [...notes, ...withDevKeys(terms.memory, terms.at, members)];
}

function judgeOne<P>(terms: Terms, { source, evidence, payload }: FoundMail<P>): JudgedOne<P> {
  const said = hear(terms, evidence);
  if (evidence.kind === "other") {
    const { messageId, subject, read } = evidence;
    const { findings: found } = evidence;
    const findings = read ? [...found.filter(isWrapped), ...said] : found.map(passedOver);
    return { type: "note", source, messageId, subject, read, findings };
  }
  return { result: resultOf(terms, evidence, source, said), evidence, payload };
}

function hear({ memory, at }: Terms, { statements, messageId }: Evidence): Finding[] {
  const cause = { cause: "mail", at, messageId, source: "" } as const;
  return statements.map((found) =>
    found.ok
      ? statementFinding(found.statement, memory.applyStatement(found.statement, cause))
      : unreadStatement(found),
  );
}

function resultOf(
  terms: Terms,
  evidence: Evidence,
  source: string,
  said: readonly Finding[],
): PatchResult {
  const policy = policyFor(terms.policies, evidence);
  const judged: Judge = (context, met) =>
    judge(evidence, source, context, policy, met && !terms.dryRun, said);
  const { whole, signature, findings } = evidence;
  // a reply needs no signature: nothing of it is applied
  if (evidence.isAnswer) return judged({ kind: "none" }, true);
  if (whole && signature === "none") return judged(ofUnsigned(terms, evidence), true);
  const failed = findings.some((f) => f.severity === "fail");
  if (whole && signature === "good" && !failed) return ofSigner(terms, evidence, policy, judged);
  return judged({ kind: "none" }, true);
}

/** A verdict that fails leaves no trace: neither the key nor the patch is remembered. */
function ofSigner(
  { memory, pins, at }: Terms,
  evidence: Evidence,
  policy: Policy,
  judged: Judge,
): PatchResult {
  const { publicKey, comment } = evidence.signed!;
  const { identity, digest } = evidence.sighting!;
  const { messageId } = evidence;
  const [list = ""] = evidence.listIds;
  const { version, time: signedAt } = comment;
  const series = comment.series ?? evidence.attestation!;
  const sighting = { identity, publicKey, digest, series, at, messageId, list };
  const barred = refusedByPins(pins, sighting, memory.lookup(identity));
  if (barred !== null) {
    const known = { kind: "signer", decision: barred, unsigned: null, changedKey: null } as const;
    return judged({ ...known, replay: null, poses: "" }, false);
  }
  let result!: PatchResult;
  judgeSighting(memory, sighting, admitsFirstUse(policy), (stored) => {
    const decision = withPins(pins, sighting, stored);
    const { trust } = decision;
    const unsigned = trust === "first-use" ? memory.unsignedSeen(identity) : null;
    const refused = trust === "changed" || trust === "replaced" || trust === "revoked";
    const changedKey = refused ? memory.changedKey(identity, publicKey, at) : null;
    const posed = trust === "first-use" ? poses(memory, lookalikes(comment.by)) : null;
    const known = {
      kind: "signer",
      decision,
      unsigned,
      changedKey,
      replay: null,
      poses: posed?.poses ?? "",
    } as const;
    const met = judged(known, true).verdict !== "fail";
    const arrival = { digest, work: evidence.work!, version, signedAt, at, messageId };
    const replay = refused ? null : memory.arrive(arrival, met);
    result = judged({ ...known, replay }, met);
    return met;
  });
  return result;
}

/**
 * Finds out who vouches for an unsigned mail, and remembers it. Before any mail of its batch is judged:
 * the one that nobody vouches for may have come first.
 */
function countVouched({ memory, dkim, vouched, at }: Terms, evidence: Evidence): void {
  if (dkim === null || evidence.dkim === null) return;
  const result = dkim.resultOf(evidence.dkim);
  const { identity } = evidence.dkim;
  const digest = sightingDigest(identity ?? "", `dkim ${result.domain}`, evidence.content ?? "");
  const { inTime } = result;
  // it was in time when it came
  const asItCame = inTime !== undefined && memory.wasVouched(digest);
  const counts = asItCame ? { ...result, outcome: inTime } : result;
  vouched.set(evidence, counts);
  if (identity !== null && isVouched(counts))
    memory.countVouched(identity, counts.domain, digest, at);
}

/** How long a domain that vouched for an address is missed: it may have given up DKIM. */
const MISSED_FOR = 365 * DAY;

function vouchingOf({ memory, vouched, at }: Terms, evidence: Evidence): Vouching | null {
  const result = vouched.get(evidence);
  if (result === undefined || evidence.dkim === null) return null;
  const { identity: sender } = evidence.dkim;
  if (isVouched(result)) {
    const record = memory.vouchedFor(sender!).find(({ domain }) => domain === result.domain);
    return { result, who: sender, record: record ?? null };
  }
  // an expired one was made by the domain all the same
  const isGood = result.outcome === "dkim-expired";
  // of another's patch that the sender's domain covers, only the author is missed
  const isForwarded = result.outcome === "dkim-other-author";
  const author = normaliseIdentity(evidence.author?.email ?? "");
  const missed = isGood ? [] : isForwarded ? [author] : [author, sender];
  for (const who of missed) {
    const known = who === null ? [] : memory.vouchedFor(who);
    const record = known.find(({ lastSeen }) => at - lastSeen <= MISSED_FOR);
    if (record !== undefined) return { result, who, record };
  }
  return { result, who: null, record: null };
}

function ofUnsigned(terms: Terms, evidence: Evidence): TrustContext {
  const { memory, pins, at } = terms;
  const { author, senders, sighting, alike } = evidence;
  const vouching = vouchingOf(terms, evidence);
  const posed = poses(memory, alike);
  if (posed !== null) return { kind: "unsigned", ...posed, vouching };
  const identity = normaliseIdentity(author?.email ?? "");
  const known = [identity, ...senders].filter((name) => name !== null);
  for (const name of known) {
    const pinned = pins.keys.has(name) ? { since: at } : null;
    const signs = decideUnsigned(memory.lookup(name)) ?? pinned;
    if (signs !== null) return { kind: "unsigned", signs, poses: "", who: name, vouching };
  }
  if (sighting !== null) memory.countUnsigned(sighting.identity, sighting.digest, at);
  return { kind: "unsigned", signs: null, poses: "", vouching };
}

/** The first of these identities with a key in use, and since when. */
function poses(
  memory: TrustMemory,
  alike: readonly string[],
): { signs: Signs; poses: string } | null {
  for (const name of alike) {
    const signs = decideUnsigned(memory.lookup(name));
    if (signs !== null) return { signs, poses: name };
  }
  return null;
}

function judged<P>(all: readonly JudgedOne<P>[], faults: readonly ReadFailure[]): JudgedBatch<P> {
  const members = all.filter((one) => "evidence" in one);
  return { members, notes: all.filter((one) => "type" in one), faults };
}

/** Why a mail was refused without failing: it shows no patch. */
function passedOver(refused: Finding): Finding {
  return { ...refused, severity: "info" };
}
