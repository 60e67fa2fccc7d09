/** What `sign` and `format-patch` share: the key, the address, and the signing of mails. */

import { isAscii } from "node:buffer";
import { PatchsigError } from "../../errors.ts";
import { failure, runGitSync } from "../../git/run.ts";
import { MAX_HEADER_BYTES } from "../../mail/limits.ts";
import { createEagerVerifier, createVerifier } from "../../minisign/ed25519.ts";
import { type MinisignSigner, signWith } from "../../minisign/signature.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { type Placed, type Prepared, prepare, seriesSigning } from "../../patch/sign.ts";
import { isReplySubject, subjectNumber } from "../../patch/subject.ts";
import { readBaseLines } from "../../base/lines.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";
import { gitConfig, settingsEnvironment } from "../settings.ts";
import { shortName } from "../../primitives/object-name.ts";
import { unsignable } from "./unsignable.ts";

/** One mail to be signed, with its CRs. */
export interface MailToSign {
  /** For messages: a file name, or where in it. */
  readonly name: string;
  readonly mail: Buffer;
}

export interface SigningOptions {
  readonly signer: MinisignSigner;
  readonly by: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Full object name, null for none, undefined to take what the mails say. */
  readonly base: string | null | undefined;
  /** Mails without a number in their subject are one series, in this order (format-patch -N). */
  readonly inOrder: boolean;
  /** How many patches of the series, besides these mails, are known to be empty. Default: 0. */
  readonly empty?: number;
}

export interface SignedMails {
  /** One for each draft; null where there was nothing to sign. */
  readonly mails: readonly (Buffer | null)[];
  readonly patches: number;
  readonly base: string | null;
  /** Patches, as their subjects say, without a diff that git am would find: not signed. */
  readonly unsigned: readonly string[];
  /** Signed, but a verifier will refuse some all the same: the notes say why. */
  readonly refused: boolean;
  /** What the user should know, a line each. */
  readonly notes: readonly string[];
}

/**
 * The address to sign for: `patchsig.address`, else the one that git send-email would send from
 * (git-var(1), GIT_AUTHOR_IDENT).
 */
export function signerAddress(): string {
  return signerIdentity(gitConfig().string("patchsig.address") ?? authorAddress());
}

/** The same of an address that is known. PatchsigError "usage" if nobody can sign for it. */
export function signerIdentity(address: string): string {
  const identity = normaliseIdentity(address);
  if (identity === null || !/^[!-~]+$/.test(identity))
    throw new PatchsigError("usage", `cannot sign for the address "${address}"`, {
      hint: "git config user.email you@example.org",
    });
  return identity;
}

/** The user's name, for the address to sign for; that is spelled as git has it, if it is the same one. */
export function signerPerson(): { readonly name: string; readonly address: string } {
  const by = signerAddress();
  const { name, address } = authorIdent();
  return { name, address: normaliseIdentity(address) === by ? address : by };
}

/** Whom git send-email sends from if nothing says it. @throws PatchsigError as `signerAddress` */
export function usualSender(): string {
  const { name, address } = authorIdent();
  return `${name} <${address}>`;
}

function authorAddress(): string {
  return authorIdent().address;
}

function authorIdent(): { name: string; address: string } {
  const args = ["var", "GIT_AUTHOR_IDENT"];
  const cwd = process.cwd();
  const run = runGitSync(args, { cwd, purpose: "settings", env: settingsEnvironment() });
  if (run === null || run.status !== 0) {
    const why = run === null ? "git is not installed" : failure(args, run.stderr).message;
    throw new PatchsigError("usage", `no address to sign for: ${why}`, {
      hint: "git config --global user.name NAME; git config --global user.email ADDRESS",
    });
  }
  const [, name = "", address = ""] =
    /^(.*?) ?<([^<>]*)> \d+ [+-]\d+\s*$/.exec(run.stdout.toString()) ?? [];
  return { name, address };
}

/** Why mails of a series are missing. */
const IN_ONE_GO = "sign all files in one go";
const NO_DIFF = "a commit without changes has no patch; git rebase -i drops it";

const TEMPLATE = /\*\*\* (?:SUBJECT|BLURB) HERE \*\*\*/;

/**
 * Signs mails that belong together; each result has been verified before it is handed out.
 *
 * @throws PatchsigError "refused" if a mail cannot be signed, or if two have the same number
 */
export async function signEachSeries(
  drafts: readonly MailToSign[],
  options: SigningOptions,
): Promise<SignedMails> {
  const notes: string[] = [];
  const prepared = drafts.map((draft) => prepareDraft(draft, notes));
  const unsigned = drafts
    .filter(({ mail }, i) => prepared[i] === null && saysPatch(mail))
    .map(({ name }) => name);
  const groups = groupBySeries(prepared, options.inOrder);
  const mails: (Buffer | null)[] = drafts.map(() => null);
  const verifier = createEagerVerifier();
  let base: string | null = null;
  let forwarded = 0;
  const refused: string[] = [];

  for (const group of groups) {
    rejectDuplicates(group, drafts);
    const terms = { time: options.time, by: options.by, base: baseOf(group, options.base) };
    base ??= terms.base;
    const placed = group.map((member) => member.placed);
    const present = placed.filter((p) => p.index > 0).length;
    const total = placed[0]!.total;
    const rest = total - present <= unsigned.length + (options.empty ?? 0) ? NO_DIFF : IN_ONE_GO;
    if (present < total) notes.push(`${present} of ${total} signed, not bound together: ${rest}`);
    const { signer } = options;
    const made = await signWith(signer, seriesSigning(placed, terms, signer.publicKey));
    for (const [i, mail] of made.entries()) {
      const at = group[i]!.draft;
      const checked = checkMail(mail, verifier);
      if (checked.signature !== "good") throw wouldNotVerify(drafts[at]!, checked);
      mails[at] = mail;
      for (const { code, severity, message } of checked.findings) {
        if (code === "signer-not-author") forwarded++;
        else if (severity === "fail") refused.push(`${drafts[at]!.name}: ${message}`);
      }
    }
  }
  if (!(await verifier.wasRight())) throw firstBad(drafts, mails);
  if (forwarded > 0)
    notes.push(`${forwarded} by another author: good once git send-email has put you into From`);
  notes.push(...refused.map((why) => `verify will not accept ${why}`));
  const patches = mails.filter((mail) => mail !== null).length;
  return { mails, patches, base, unsigned, refused: refused.length > 0, notes };
}

function wouldNotVerify({ name }: MailToSign, { findings }: Checked): PatchsigError {
  const why = findings.find((f) => f.severity === "fail")?.message ?? "";
  return new PatchsigError("refused", `${name}: the signature would not verify: ${why}`);
}

/** One of these signatures is bad: which, and why. */
function firstBad(drafts: readonly MailToSign[], mails: readonly (Buffer | null)[]): PatchsigError {
  const verifier = createVerifier(1);
  for (const [i, mail] of mails.entries()) {
    const checked = mail === null ? null : checkMail(mail, verifier);
    if (checked !== null && checked.signature !== "good")
      return wouldNotVerify(drafts[i]!, checked);
  }
  return new PatchsigError("refused", "a signature would not verify");
}

/** A label such as `[PATCH 2/3]`, but for that of a cover letter, and of a reply. */
function saysPatch(mail: Buffer): boolean {
  const read = readRawMail(mail);
  if (!read.ok) return false;
  const { subject } = read.value.headers;
  const { version, index } = subjectNumber(subject);
  return version !== null && index !== 0 && !isReplySubject(subject);
}

/** Null for what is not to be signed: no patch, or a cover letter that is still to be written. */
function prepareDraft(draft: MailToSign, notes: string[]): Prepared | null {
  const made = prepare(draft.mail);
  if (made === null) return null;
  if (!made.ok) throw unsignable(draft.name, made.refusal);
  const { view, isCover } = made.value;
  if (isCover && TEMPLATE.test(view.headers.subject + view.message.toString("latin1"))) {
    notes.push(
      `${draft.name} is not signed yet: write it, then run git patchsig sign on all files again`,
    );
    return null;
  }
  if (!isAscii(headerOf(draft.mail)))
    notes.push(
      `${draft.name}: its header has characters that are not encoded, as lists spoil them`,
    );
  return made.value;
}

/** The header of a mail that was read, its line ends LF or CR LF. */
function headerOf(mail: Buffer): Buffer {
  const end = /\n\r?\n/.exec(mail.toString("latin1", 0, MAX_HEADER_BYTES))?.index;
  return mail.subarray(0, end ?? 0);
}

interface GroupMember {
  readonly draft: number;
  readonly placed: Placed;
}

/** Where a mail stands in its series. */
interface SeriesPlace {
  readonly version: number;
  readonly index: number;
  readonly total: number;
  /** Mails with the same name belong together. */
  readonly series: string;
}

/** One group a series: mails with the same version and total. */
function groupBySeries(
  prepared: readonly (Prepared | null)[],
  inOrder: boolean,
): readonly GroupMember[][] {
  const groups = new Map<string, GroupMember[]>();
  const unnumbered = prepared.filter((p) => p !== null && p.index === null && !p.isCover).length;
  let next = 1;
  const placeOf = (p: Prepared, draft: number): SeriesPlace => {
    const { version, index, total, old } = p;
    if (index !== null && total !== null)
      return { version, index, total, series: `${version} ${total}` };
    if (inOrder) return { version, index: next++, total: unnumbered, series: `${version} all` };
    // format-patch -N: only the old signature knows the number
    if (old !== null) {
      const { comment } = old;
      const series = `${comment.version} ${comment.total} ${comment.series ?? draft}`;
      return { version: comment.version, index: comment.index, total: comment.total, series };
    }
    return { version, index: 1, total: 1, series: `alone ${draft}` };
  };
  for (const [draft, p] of prepared.entries()) {
    if (p === null) continue;
    const { series, ...place } = placeOf(p, draft);
    const group = groups.get(series) ?? [];
    groups.set(series, group);
    group.push({ draft, placed: { prepared: p, ...place } });
  }
  return [...groups.values()];
}

function rejectDuplicates(group: readonly GroupMember[], drafts: readonly MailToSign[]): void {
  const seen = new Map<number, number>();
  for (const { draft, placed } of group) {
    const other = seen.get(placed.index);
    if (other !== undefined)
      throw new PatchsigError(
        "refused",
        `${drafts[other]!.name} and ${drafts[draft]!.name} are both ${placed.index}/${placed.total}`,
        { hint: "sign one series at a time" },
      );
    if (placed.index > placed.total)
      throw new PatchsigError(
        "refused",
        `${drafts[draft]!.name}: ${placed.index}/${placed.total} is not a number in the series`,
      );
    seen.set(placed.index, draft);
  }
}

/** As asked for, else git's line in any of the mails, else what the old signature said. */
function baseOf(group: readonly GroupMember[], asked: string | null | undefined): string | null {
  const written = group
    .map(({ placed }) => readBaseLines([placed.prepared.view.patch]).commit)
    .find((commit) => commit !== null);
  if (asked !== undefined) {
    if (written !== undefined && written !== asked)
      throw new PatchsigError("refused", `the mails name another base: ${written}`, {
        hint: "make them again with the right --base",
      });
    return asked;
  }
  const old = group.map(({ placed }) => placed.prepared.old?.comment.base ?? null);
  return written ?? old.find((commit) => commit !== null) ?? null;
}

/** What was signed, and what to know of it, a line each. */
export function signedLines(signed: SignedMails, by: string): string[] {
  const { patches, base, unsigned, notes } = signed;
  const what = `${patches} ${patches === 1 ? "mail" : "mails"}`;
  const on = base === null ? "no base commit" : `base ${shortName(base)}`;
  return [
    ...(patches === 0 ? [] : [`signed ${what} as ${by}, ${on}`]),
    ...unsigned.map((name) => `note: ${name} is not signed: git am finds no diff in it`),
    ...notes.map((text) => `note: ${text}`),
  ];
}

/** Something that was to be signed is not, or not so that it will be accepted. */
export function isUnmet({ unsigned, refused }: SignedMails): boolean {
  return unsigned.length > 0 || refused;
}
