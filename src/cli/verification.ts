/**
 * One pass over sources: read, check, ask the trust database, judge. What `verify` prints and `am`
 * applies comes from here.
 */

import { homedir } from "node:os";
import { openKeyrings } from "../devkeys/folder.ts";
import { verifyOpenpgp } from "../devkeys/gpg.ts";
import { CliError, EXIT } from "../errors.ts";
import { createVerifier } from "../minisign/ed25519.ts";
import { isDirectory, readSource, type SourceMail } from "../source/file.ts";
import { openTrust, trustFile, type TrustStore } from "../store/trust-store.ts";
import { type Decision, decideUnsigned } from "../trust/decide.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import { workDigest } from "../trust/replay.ts";
import { sightingDigest } from "../trust/sighting.ts";
import { asSigned, checkMail, refusedMail } from "../verify/check.ts";
import { withDevsig } from "../verify/devsig.ts";
import { judge, type Knowledge } from "../verify/judge.ts";
import { type Policies, policyFor } from "../verify/policy.ts";
import type { Checked, NoteResult } from "../verify/result.ts";
import type { Member } from "../verify/series.ts";
import { statementFinding, unreadStatement } from "../verify/statements.ts";
import type { Finding } from "../types.ts";
import { progress } from "./terminal.ts";
import { now } from "./now.ts";

export interface VerificationOptions {
  readonly sources: readonly string[];
  readonly policies: Policies;
  /** Folders with keys for X-Developer-Signature. */
  readonly devKeyrings: readonly string[];
  /** Judge as if keys were remembered, and remember nothing. */
  readonly dryRun: boolean;
  /** Take mails as they were signed, without trailers that were added since. */
  readonly signedOnly?: boolean;
  /** Gets the mails without a patch that carry statements about keys. */
  readonly onNote?: (note: NoteResult) => void;
}

/** Counts that only the pass itself knows. */
export interface Tally {
  /** Mails read, with and without a patch. */
  messages: number;
}

/** Mails that are judged, and made durable, in one transaction. */
const BATCH_MAILS = 256;
const BATCH_BYTES = 8 << 20;

/** Opens the user's trust database; nothing is written in a dry run. */
export function openUserTrust(dryRun: boolean): TrustStore {
  return openTrust({ file: trustFile(process.env, homedir()), dryRun });
}

/**
 * Every patch and cover letter of the sources, judged. What a verdict led to remembering is on the
 * disk before the verdict is yielded. `payload` is all that was read of the mail.
 */
export function* verifySources(
  options: VerificationOptions,
  store: TrustStore,
  tally: Tally,
): Generator<Member<Checked>> {
  const verifier = createVerifier();
  const findKey = openKeyrings(options.devKeyrings);
  const devTools = { verifier, findKey, openpgp: verifyOpenpgp };
  const session = createSession(store, options);
  const began = Date.now();
  let batch: [SourceMail, Checked][] = [];
  let size = 0;
  let done = 0;

  function* flush(): Generator<Member<Checked>> {
    const notes: NoteResult[] = [];
    const judged = store.transaction(() =>
      batch.flatMap(([mail, checked]): Member<Checked>[] => {
        const said = session.hear(checked);
        if (checked.kind !== "other") return [session.judge(mail, checked, said)];
        notes.push(noteOf(mail, checked, said));
        return [];
      }),
    );
    batch = [];
    size = 0;
    for (const note of notes) options.onNote?.(note);
    yield* judged;
  }

  function* read(source: string): Generator<Member<Checked>> {
    const onRead = (bytes: number, total: number): void => {
      done += bytes;
      progress(`${tally.messages} mails`, done, options.sources.length === 1 ? total : 0, began);
    };
    for (const mail of readSource(source, onRead)) {
      tally.messages++;
      const checked =
        mail.bytes === null
          ? refusedMail(Buffer.alloc(0), {
              reason: "mail-too-large",
              detail: `${mail.size} bytes are too many`,
            })
          : withDevsig(mail.bytes, checkMail(mail.bytes, verifier), devTools);
      if (checked.kind === "other" && checked.statements.length === 0) continue;
      batch.push([mail, options.signedOnly === true ? asSigned(checked) : checked]);
      size += mail.size;
      if (batch.length >= BATCH_MAILS || size >= BATCH_BYTES) yield* flush();
    }
  }

  try {
    for (const source of options.sources) yield* read(source);
  } catch (error) {
    // what was read before a source that cannot be read is judged all the same
    yield* flush();
    throw error;
  }
  yield* flush();
}

/** Why there is nothing to say of these sources. */
export function noPatch(sources: readonly string[], messages: number): CliError {
  const [source = "-"] = sources;
  const where =
    sources.length > 1 ? `${sources.length} sources` : source === "-" ? "standard input" : source;
  const mails = messages === 1 ? "1 mail" : `${messages} mails`;
  const hint = isDirectory(source)
    ? "of a directory, patchsig reads *.patch, *.eml and *.mbox, or a maildir"
    : "patchsig reads what git format-patch writes and what mail programs save";
  return messages === 0
    ? new CliError("no-patch", `no mail in ${where}`, { hint, exit: EXIT.unmet })
    : new CliError("no-patch", `no patch in ${where}, only ${mails}`, { exit: EXIT.unmet });
}

function noteOf(
  { source, offset }: SourceMail,
  { messageId, subject }: Checked,
  findings: readonly Finding[],
): NoteResult {
  return { type: "note", source, offset, messageId, subject, findings };
}

interface Session {
  /** Does what the mail's statements say; what came of it. */
  hear(checked: Checked): Finding[];
  judge(mail: SourceMail, checked: Checked, said: readonly Finding[]): Member<Checked>;
}

/** Judges one checked mail; remembers within the run which series a key was first met in. */
function createSession(store: TrustStore, { policies, dryRun }: VerificationOptions): Session {
  const at = now();
  const firstMetIn = new Map<string, string>();

  function ofSigner(checked: Checked): Knowledge {
    const { publicKey, comment } = checked.signed!;
    const identity = normaliseIdentity(comment.by)!;
    const content = checked.attestation!.text.toString("latin1");
    const digest = sightingDigest(identity, publicKey, content);
    const { messageId, listId: list } = checked;
    const decision = store.judge({ identity, publicKey, digest, at, messageId, list });
    const refused = decision.trust === "changed" || decision.trust === "revoked";
    const { version, time: signedAt } = comment;
    const work = workDigest(identity, checked.view!.info.subject.toString("utf8"));
    const replay = refused
      ? null
      : store.arrive({ digest, work, version, signedAt, at, messageId });
    const signing = comment.series ?? content;
    const name = `${identity} ${publicKey}`;
    if (decision.trust === "first-use") firstMetIn.set(name, signing);
    // the second patch of the very series that brought the key has not made it any better known
    const sameSeries = decision.trust === "known" && firstMetIn.get(name) === signing;
    const trust: Decision["trust"] = sameSeries ? "first-use" : decision.trust;
    const unsigned = trust === "first-use" ? store.unsignedSeen(identity) : null;
    const scrutiny = trust === "changed" ? store.scrutiny(identity, publicKey, at) : null;
    return { kind: "signer", decision: { ...decision, trust }, unsigned, scrutiny, replay };
  }

  function ofUnsigned(checked: Checked): Knowledge {
    const identity = normaliseIdentity(checked.author?.email ?? "");
    const known = [identity, ...checked.senders].filter((name) => name !== null);
    for (const name of known) {
      const signs = decideUnsigned(store.lookup(name));
      if (signs !== null) return { kind: "unsigned", signs };
    }
    if (identity !== null && checked.kind === "patch" && checked.diff !== null) {
      const content = checked.diff.canonical.toString("latin1");
      store.countUnsigned(identity, sightingDigest(identity, null, content), at);
    }
    return { kind: "unsigned", signs: null };
  }

  function knowledgeOf(checked: Checked): Knowledge {
    if (checked.view === null || checked.diff === null) return { kind: "none" };
    if (checked.signature === "none") return ofUnsigned(checked);
    const failed = checked.findings.some((f) => f.severity === "fail");
    return checked.signature === "good" && !failed ? ofSigner(checked) : { kind: "none" };
  }

  function hear({ statements, messageId }: Checked): Finding[] {
    const cause = { cause: "mail", at, messageId, source: "" } as const;
    return statements.map((found) =>
      found.ok
        ? statementFinding(found.statement, store.applyStatement(found.statement, cause))
        : unreadStatement(found),
    );
  }

  function judgeMail(
    mail: SourceMail,
    checked: Checked,
    said: readonly Finding[],
  ): Member<Checked> {
    const policy = policyFor(policies, {
      listId: checked.listId,
      paths: () => pathsOf(checked),
    });
    const result = judge(checked, mail, knowledgeOf(checked), policy, !dryRun, said);
    const attestationText =
      checked.signature === "good" ? (checked.attestation?.text ?? null) : null;
    return { result, checked: { ...checked, attestationText }, payload: checked };
  }
  return { hear, judge: judgeMail };
}

/** Every file that the diff reads or writes. */
function pathsOf(checked: Checked): string[] {
  const names = checked.diff?.files.flatMap((file) => [file.oldName, file.newName]) ?? [];
  return names.flatMap((name) => (name === null ? [] : [name.toString("utf8")]));
}
