/**
 * make archive ARCHIVE="inbox.git …": reads every mail of public-inbox repositories, and names each
 * one that patchsig refuses but stock git reads: first the patches that git would apply, by reason,
 * then the number of others. Whether a mail is signed does not matter here.
 *
 * Git reads only the refused mails, so an archive of 40,000 mails takes a minute or two.
 * Exit status 2 if there is nothing to read. A person has to judge the findings.
 */

import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { epochsOf } from "../src/git/epochs.ts";
import type { InboxEntry } from "../src/git/inbox-mails.ts";
import { epochRanges, readInbox } from "../src/git/public-inbox.ts";
import { createVerifier } from "../src/minisign/ed25519.ts";
import { checkMail } from "../src/verify/check.ts";
import { type Judge as MailJudge, openJudge } from "../test/mail/judge.ts";
import { type Judge as DiffJudge, makeJudge } from "../test/diff/judge.ts";

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

interface Refused {
  readonly commit: string;
  readonly bytes: Buffer;
  readonly subject: string;
  /** `code: what was met` */
  readonly why: string;
  /** False if only the diff was refused. */
  readonly whole: boolean;
}

interface Tally {
  mails: number;
  patches: number;
  /** Refused by patchsig, read by git. */
  mailsRefused: number;
  /** By reason: mails from which git would apply something. */
  readonly lost: Map<string, string[]>;
  /** By reason: mails in which git finds no patch. */
  readonly others: Map<string, number>;
  byGitToo: number;
}

/** Number of mails given to git at a time. */
const BATCH = 200;

/** Gives refused mails to git: counts them, and names the patches. */
function askGit(refused: readonly Refused[], tally: Tally, mail: MailJudge, diff: DiffJudge): void {
  const read = mail.readAll(refused.map(({ bytes }) => bytes));
  diff.ask(read.flatMap((one) => (one === null ? [] : [{ patch: one.patch, what: "numstat" }])));
  for (const [i, { commit, subject, why }] of refused.entries()) {
    const git = read[i] ?? null;
    const stat = git === null ? null : diff.numstat(git.patch);
    if (git === null || (stat === null && !diff.findsNothing(git.patch))) {
      tally.byGitToo++;
      continue;
    }
    tally.mailsRefused++;
    if (stat === null || stat === "") {
      tally.others.set(why, (tally.others.get(why) ?? 0) + 1);
      continue;
    }
    const lost = tally.lost.get(why) ?? [];
    tally.lost.set(why, lost);
    lost.push(`${commit.slice(0, 12)} ${subject}`);
  }
}

/** A mail that fails whatever the policy is; null if it does not. */
function refusedIn(
  mail: InboxEntry,
  tally: Tally,
  verifier: ReturnType<typeof createVerifier>,
): Refused | null {
  tally.mails++;
  if ("error" in mail || mail.bytes === null) return null;
  const { bytes, commit } = mail;
  const checked = checkMail(bytes, verifier);
  if (checked.kind === "patch" && checked.diff !== null) tally.patches++;
  const failed = checked.findings.find(({ severity }) => severity === "fail");
  if (failed === undefined) return null;
  const why = `${failed.code}: ${failed.message.replace(/\d+/g, "N").slice(0, 100)}`;
  return { commit, bytes, subject: checked.subject, why, whole: checked.view !== null };
}

async function readArchive(folder: string): Promise<Tally | null> {
  const epochs = epochsOf(folder);
  if (epochs === null) return null;
  const tally: Tally = {
    mails: 0,
    patches: 0,
    mailsRefused: 0,
    lost: new Map(),
    others: new Map(),
    byGitToo: 0,
  };
  const verifier = createVerifier();
  const mail = openJudge();
  const diff = makeJudge((repository) => writeFileSync(join(repository, "file"), ""));
  let refused: Refused[] = [];
  try {
    for await (const mails of readInbox(epochs, await epochRanges(epochs, {}), false)) {
      refused.push(...mails.flatMap((one) => refusedIn(one, tally, verifier) ?? []));
      if (refused.length < BATCH) continue;
      askGit(refused, tally, mail, diff);
      refused = [];
    }
    askGit(refused, tally, mail, diff);
  } finally {
    mail.close();
    diff.close();
  }
  return tally;
}

function print(name: string, tally: Tally): void {
  const lost = [...tally.lost].sort((a, b) => b[1].length - a[1].length);
  const sum = lost.reduce((n, [, names]) => n + names.length, 0);
  const percent = (part: number, of: number) => `${((100 * part) / Math.max(1, of)).toFixed(2)} %`;
  say(`\n${name}: ${tally.mails} mails, ${tally.patches + sum} of them patches`);
  say(
    `  refused though git reads it:    ${tally.mailsRefused}, ${percent(tally.mailsRefused, tally.mails)}`,
  );
  say(`  patches among these:            ${sum}, ${percent(sum, tally.patches + sum)}`);
  say(`  refused by git too:             ${tally.byGitToo}`);
  for (const [why, names] of lost) {
    say(`  ${String(names.length).padStart(5)} patches  ${why}`);
    for (const one of names) say(`          ${one}`);
  }
  for (const [why, count] of [...tally.others].sort((a, b) => b[1] - a[1]))
    say(`  ${String(count).padStart(5)} others   ${why}`);
}

async function main(folders: readonly string[]): Promise<number> {
  if (folders.length === 0) say("usage: make archive ARCHIVE=<public-inbox repositories>");
  let read = 0;
  for (const folder of folders) {
    const tally = await readArchive(folder);
    if (tally === null) say(`${folder} is no public-inbox`);
    else print(basename(folder) === "repo" ? basename(dirname(folder)) : basename(folder), tally);
    read += tally === null ? 0 : 1;
  }
  return read === 0 ? 2 : 0;
}

process.exitCode = await main(process.argv.slice(2));
