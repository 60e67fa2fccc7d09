/** From what was found in a mail to its verdict: the trust database is asked, and told. */

import type { TrustStore } from "../store/trust-store.ts";
import { type Decision, decideUnsigned } from "../trust/decide.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { Evidence } from "../verify/evidence.ts";
import { judge, type Knowledge } from "../verify/judge.ts";
import { type Policies, policyFor } from "../verify/policy.ts";
import type { NoteResult } from "../verify/result.ts";
import type { Member } from "../verify/series.ts";
import { statementFinding, unreadStatement } from "../verify/statements.ts";
import type { Finding } from "../types.ts";
import { now } from "./now.ts";

/** A mail's evidence, where it was found, and what the caller wants back with the verdict. */
export interface Found<P> {
  readonly source: string;
  readonly evidence: Evidence;
  readonly payload: P;
}

export interface Session {
  /**
   * Judges mails in their order, in one transaction: what a verdict led to remembering is on the
   * disk when this returns.
   */
  judge<P>(mails: readonly Found<P>[]): Judged<P>;
}

interface Judged<P> {
  readonly members: readonly Member<P>[];
  /** Mails without a patch that carry statements about keys. */
  readonly notes: readonly NoteResult[];
}

/** One run; it remembers which series a key was first met in. */
export function createSession(
  store: TrustStore,
  { policies, dryRun }: { readonly policies: Policies; readonly dryRun: boolean },
): Session {
  const at = now();
  const firstMetIn = new Map<string, string>();

  function ofSigner(evidence: Evidence): Knowledge {
    const { publicKey, comment } = evidence.signed!;
    const { identity, digest } = evidence.sighting!;
    const { messageId, listId: list } = evidence;
    const decision = store.judge({ identity, publicKey, digest, at, messageId, list });
    const refused = decision.trust === "changed" || decision.trust === "revoked";
    const { version, time: signedAt } = comment;
    const replay = refused
      ? null
      : store.arrive({ digest, work: evidence.work!, version, signedAt, at, messageId });
    const signing = comment.series ?? evidence.attestation!;
    const name = `${identity} ${publicKey}`;
    if (decision.trust === "first-use") firstMetIn.set(name, signing);
    // the second patch of the very series that brought the key has not made it any better known
    const sameSeries = decision.trust === "known" && firstMetIn.get(name) === signing;
    const trust: Decision["trust"] = sameSeries ? "first-use" : decision.trust;
    const unsigned = trust === "first-use" ? store.unsignedSeen(identity) : null;
    const scrutiny = trust === "changed" ? store.scrutiny(identity, publicKey, at) : null;
    return { kind: "signer", decision: { ...decision, trust }, unsigned, scrutiny, replay };
  }

  function ofUnsigned({ author, senders, sighting }: Evidence): Knowledge {
    const identity = normaliseIdentity(author?.email ?? "");
    const known = [identity, ...senders].filter((name) => name !== null);
    for (const name of known) {
      const signs = decideUnsigned(store.lookup(name));
      if (signs !== null) return { kind: "unsigned", signs };
    }
    if (sighting !== null) store.countUnsigned(sighting.identity, sighting.digest, at);
    return { kind: "unsigned", signs: null };
  }

  function knowledgeOf(evidence: Evidence): Knowledge {
    if (!evidence.whole) return { kind: "none" };
    if (evidence.signature === "none") return ofUnsigned(evidence);
    const failed = evidence.findings.some((f) => f.severity === "fail");
    return evidence.signature === "good" && !failed ? ofSigner(evidence) : { kind: "none" };
  }

  function hear({ statements, messageId }: Evidence): Finding[] {
    const cause = { cause: "mail", at, messageId, source: "" } as const;
    return statements.map((found) =>
      found.ok
        ? statementFinding(found.statement, store.applyStatement(found.statement, cause))
        : unreadStatement(found),
    );
  }

  return {
    judge: (mails) =>
      store.transaction(() => {
        const notes: NoteResult[] = [];
        const members = mails.flatMap(({ source, evidence, payload }) => {
          const said = hear(evidence);
          if (evidence.kind === "other") {
            const { messageId, subject } = evidence;
            notes.push({ type: "note", source, messageId, subject, findings: said });
            return [];
          }
          const policy = policyFor(policies, evidence);
          const result = judge(evidence, source, knowledgeOf(evidence), policy, !dryRun, said);
          return [{ result, evidence, payload }];
        });
        return { members, notes };
      }),
  };
}
