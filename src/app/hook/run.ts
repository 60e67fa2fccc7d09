/**
 * `patchsig hook run FILE`: what git send-email starts for each file before it sends any. It leaves
 * a good signature alone, refuses one that no longer holds, and signs what is not signed: the whole
 * series at once if it lies in the same folder, so that it is bound together and its key unlocked
 * once. Only what each of these needs is loaded.
 */

import { lstatSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { PatchsigError, EXIT } from "../../errors.ts";
import { shellWord } from "../../primitives/shell.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { formatPublicKeyText } from "../../minisign/public-key.ts";
import { subjectNumber } from "../../patch/subject.ts";
import type { AskPassword } from "../../store/key-file.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";
import {
  checkWritable,
  commitOf,
  mailsToSign,
  readMailFile,
  rewritten,
  type SplitMailFile,
} from "../sign/mail-file.ts";
import type { Reporter } from "../reporter.ts";
import { refuseSpoiled, fromToBe } from "./spoiled.ts";
import type { MailToSign } from "../sign/signing.ts";
import type { RecordedBase } from "./record-base.ts";
import { now } from "../now.ts";
import { isBaseless, sendEmailWords } from "./command-line.ts";
import { refuseEditedAfter } from "./edited-after.ts";

/** A mail in a file of its own, and what it says. */
interface HookMail {
  readonly mailFile: SplitMailFile;
  readonly bytes: Buffer;
  readonly checked: Checked;
}

/** What is signed in one go. */
interface SigningGroup {
  readonly mails: readonly HookMail[];
  /** Nothing is missing, so that git's next calls will find all of it signed. */
  readonly whole: boolean;
  /** All patches of a series, or one without a number. */
  readonly complete: boolean;
}

/** More files than a series has, or larger ones, are not looked at. */
const MOST_FILES = 10_000;
const LARGEST_FILE = 16 << 20;

interface HookOptions {
  readonly say: Reporter["say"];
  /** Asks on the terminal. */
  readonly askPassword: AskPassword;
}

/** Loaded only where nothing else says who sends. */
async function usualSender(): Promise<string> {
  return (await import("../sign/signing.ts")).usualSender();
}

/** @param words the file, and with git 2.41 and later one with the mail's header */
export async function runHook(
  [file, header]: readonly string[],
  options: HookOptions,
): Promise<void> {
  const { say } = options;
  if (file === undefined)
    throw new PatchsigError("usage", "hook run is for git send-email, which names a file");
  const verifier = createVerifier(4);
  const mail = readHookMail(file, verifier);
  if (mail === null) return say(noPatch(file));
  const { signature, kind } = mail.checked;
  if (signature === "good") {
    // one of the series is enough to read the settings for: git asks for each file
    const askGit = (numberOf(mail).index ?? 1) <= 1;
    const sender = await fromToBe(header, askGit, usualSender);
    refuseSpoiled(mail, mail.checked.signed!.comment.by, sender);
    await refuseEditedAfter(header, askGit);
    return (await otherKeyNotes(mail)).forEach(say);
  }
  if (signature !== "none") throw noLongerHolds(mail, verifier);
  const { prepare } = await import("../../patch/sign.ts");
  // a diff that git does not find, because of colors, is one that was to be signed
  if (kind === "other" && prepare(mail.bytes) === null) return say(noPatch(file));
  const { signerAddress } = await import("../sign/signing.ts");
  const by = signerAddress();
  refuseSpoiled(mail, by, await fromToBe(header, true, usualSender));
  await refuseEditedAfter(header, true);
  await signHookMails(mail, by, verifier, options);
}

function noPatch(file: string): string {
  return `note: ${basename(file)} is not a patch: left unchanged`;
}

/** Null if the file is no mail, or several. */
function readHookMail(file: string, verifier: Verifier): HookMail | null {
  let mailFile: SplitMailFile;
  try {
    mailFile = readMailFile(file);
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "not-a-mail") return null;
    throw error;
  }
  const [only] = mailFile.mails;
  if (mailFile.mails.some(({ mail }, i) => i > 0 && checkMail(mail, verifier).kind !== "other"))
    throw new PatchsigError(
      "refused",
      `${basename(file)}: git am would cut it in two at a From line`,
      {
        hint: "git send-email needs one file for each patch",
        exit: EXIT.unmet,
      },
    );
  if (only === undefined || mailFile.mails.length > 1) return null;
  return { mailFile, bytes: only.mail, checked: checkMail(only.mail, verifier) };
}

/** Somebody else's signature, or that of an older key, is not replaced unasked. */
async function otherKeyNotes({ mailFile, checked }: HookMail): Promise<string[]> {
  const { isOwnKey } = await import("../sign/own-key.ts");
  const { publicKey, comment } = checked.signed!;
  if (isOwnKey(publicKey)) return [];
  return [`note: ${basename(mailFile.name)} has the signature of another key, of ${comment.by}`];
}

function noLongerHolds(mail: HookMail, verifier: Verifier): PatchsigError {
  const { mailFile, checked } = mail;
  const why = checked.findings.find((f) => f.severity === "fail")?.message ?? "";
  const what = checked.signature === "bad" ? why : `damaged signature: ${why}`;
  const { mails, whole } = groupOf(mail, verifier);
  const names = mails.map((one) => one.mailFile.name);
  return new PatchsigError("refused", `${basename(mailFile.name)}: ${what}`, {
    hint: `git patchsig sign ${shortest(whole ? names : [mailFile.name])}`,
    exit: EXIT.unmet,
  });
}

/** The files as words for the shell: a pattern, if that is the same. */
function shortest(names: readonly string[]): string {
  const [first] = names;
  if (first !== undefined && names.length > 1) {
    const [folder, ending] = [dirname(first), extname(first)];
    if (filesLike(first).length === names.length)
      return `${shellWord(folder)}/*${shellWord(ending)}`;
  }
  return names.map(shellWord).join(" ");
}

/** All files in its folder with the same ending, itself too; not those that editors hide. */
function filesLike(file: string): string[] {
  const [folder, ending] = [dirname(file), extname(file)];
  return readdirSync(folder)
    .filter((name) => extname(name) === ending && !name.startsWith("."))
    .sort()
    .slice(0, MOST_FILES)
    .map((name) => join(folder, name));
}

/** The series of a mail, if all of it lies in the same folder, each patch once; else the mail. */
function groupOf(mail: HookMail, verifier: Verifier): SigningGroup {
  const { total } = numberOf(mail);
  const files = filesLike(mail.mailFile.name);
  if (total === null) return { mails: [mail], whole: files.length === 1, complete: true };
  const owner = statSync(mail.mailFile.name).uid;
  const mails = files.flatMap((file): HookMail[] => {
    if (basename(file) === basename(mail.mailFile.name)) return [mail];
    const other = readOther(file, owner, verifier);
    return other !== null && seriesName(other) === seriesName(mail) ? [other] : [];
  });
  const index = (one: HookMail): number => numberOf(one).index ?? 0;
  mails.sort((a, b) => index(a) - index(b));
  const indexes = mails.map(index);
  const whole =
    total <= sent() &&
    new Set(indexes).size === indexes.length &&
    indexes.filter((at) => at > 0 && at <= total).length === total;
  if (whole) return { mails, whole, complete: true };
  const alone = total === 1 && numberOf(mail).index === 1;
  return { mails: [mail], whole: alone, complete: alone };
}

/**
 * How many files git is about to send, as git 2.41 and later say. Which of them this is
 * (GIT_SENDEMAIL_FILE_COUNTER) says nothing that the folder does not.
 */
function sent(): number {
  return Number(process.env["GIT_SENDEMAIL_FILE_TOTAL"] || Infinity);
}

function readOther(file: string, owner: number, verifier: Verifier): HookMail | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size > LARGEST_FILE) return null;
  // in a folder that many can write to, such as /tmp, another may lay a patch beside ours
  if (stat.uid !== owner) return null;
  try {
    return readHookMail(file, verifier);
  } catch (error) {
    // what cannot be read or written is not part of what can be signed at once
    if (error instanceof PatchsigError) return null;
    throw error;
  }
}

function numberOf(mail: HookMail): ReturnType<typeof subjectNumber> {
  return subjectNumber(mail.checked.view?.headers.subject ?? "");
}

/** Up to the first number: further brackets are the title's, as in `[PATCH 3/5] [x86] fix it`. */
const LABEL = /^(?:\s*\[[^\]]*\])*?\s*\[[^\]]*\d\s*(?:\/|of)\s*\d[^\]]*\]/i;

/** What the Subjects of a series have in common: `[PATCH net v2 /3]`. */
function seriesName(mail: HookMail): string {
  const label = LABEL.exec(mail.checked.view?.headers.subject ?? "")?.[0] ?? "";
  return `${label.replace(/\d+\//g, "/")} ${numberOf(mail).version} ${numberOf(mail).total}`;
}

async function signHookMails(
  mail: HookMail,
  by: string,
  verifier: Verifier,
  { say, askPassword }: HookOptions,
): Promise<void> {
  const [{ openSigner }, signing, { replaceFile }] = await Promise.all([
    import("../sign/signer.ts"),
    import("../sign/signing.ts"),
    import("../../store/replace-file.ts"),
  ]);
  const group = groupOf(mail, verifier);
  const broken = group.mails.find(({ checked }) => !/^(?:good|none)$/.test(checked.signature));
  if (broken !== undefined) throw noLongerHolds(broken, verifier);

  const once = group.whole || sent() === 1;
  const signer = await openSigner({ askPassword: once ? onceOf(askPassword) : refuseToAsk, say });
  try {
    const own = formatPublicKeyText(signer.publicKey);
    const foreign = group.mails.some(({ checked }) => (checked.signed?.publicKey ?? own) !== own);
    if (foreign) say("note: the series has signatures by another key: not bound together");
    const mails = group.mails.filter(({ checked }) => !foreign || checked.signature === "none");
    const drafts = mails.flatMap(({ mailFile }) => mailsToSign(mailFile));
    const based = !foreign && lacksBase(group) ? await withBase(mails, drafts) : null;
    const signed = await signing.signEachSeries(
      (based?.mails ?? drafts).map((draft) => ({ ...draft, name: basename(draft.name) })),
      { signer, by, time: now(), base: based?.commit ?? undefined, inOrder: false },
    );
    const changed = mails.flatMap((mail, i) => {
      // a cover letter that is still to be written is not signed, but has its lines
      const bytes = rewritten(mail.mailFile, [signed.mails[i] ?? based?.mails[i]?.mail ?? null]);
      return bytes.equals(mail.mailFile.bytes) ? [] : [{ mail, bytes }];
    });
    for (const { mail } of changed) checkWritable(mail.mailFile.name);
    changed.flatMap(({ mail }) => developerNotes(mail)).forEach(say);
    for (const { mail, bytes } of changed) replaceFile(mail.mailFile.name, bytes);
    [...signing.signedLines(signed, by), ...(based?.notes ?? [])].forEach(say);
  } finally {
    signer.wipe();
  }
}

/** No mail names a base, no earlier signature does, and the user has not said that there is none. */
function lacksBase({ mails, complete }: SigningGroup): boolean {
  const named = ({ baseLines, signed }: Checked): boolean =>
    baseLines.named.length > 0 || (signed?.comment.base ?? null) !== null;
  if (!complete || mails.some(({ checked }) => named(checked))) return false;
  return !isBaseless(sendEmailWords() ?? []);
}

/** @param drafts of these mails, one each */
async function withBase(
  mails: readonly HookMail[],
  drafts: readonly MailToSign[],
): Promise<RecordedBase | null> {
  const { recordBase } = await import("./record-base.ts");
  return recordBase(
    mails.map(({ mailFile, checked }, i) => ({
      ...drafts[i]!,
      commit: commitOf(mailFile.bytes.subarray(0, mailFile.mails[0]!.start)),
      isCover: checked.kind === "cover",
    })),
  );
}

function developerNotes({ mailFile, checked }: HookMail): string[] {
  if (!checked.view?.headers.developerSignature) return [];
  const name = basename(mailFile.name);
  return [`note: ${name} has an X-Developer-Signature, which this breaks: let patatt sign last`];
}

/*
 * The password is asked for if one answer is enough for all that git is about to send: git starts
 * this program anew for each file, and nobody wants to be asked fifty times.
 */

async function refuseToAsk(): Promise<never> {
  throw locked();
}

function onceOf(ask: AskPassword): AskPassword {
  return async (prompt) => {
    try {
      return await ask(prompt);
    } catch (error) {
      // there is no terminal
      if (error instanceof PatchsigError && error.code === "no-password") throw locked(error);
      throw error;
    }
  };
}

function locked(cause?: unknown): PatchsigError {
  return new PatchsigError(
    "no-password",
    "the key has a password, and ssh-agent does not hold it",
    {
      hint: "git patchsig key unlock",
      exit: EXIT.unmet,
      cause,
    },
  );
}
