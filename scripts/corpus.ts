/**
 * make corpus CORPUS=mail.tar.xz: compares the mail reader, the diff reader and the signature with
 * stock git, on a folder or archive of real mails and on the attack mails beside it.
 *
 * Exit status 1 if anything differs from git, is laxer than git, or loses a signature without
 * saying why.
 */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { insertAtBreak } from "../src/mail/insert.ts";
import { readMail } from "../src/mail/mailinfo.ts";
import { dropCr } from "../src/mail/line-ends.ts";
import { createVerifier } from "../src/minisign/ed25519.ts";
import { generateSecretKey } from "../src/minisign/generate.ts";
import { readBaseLines } from "../src/base/lines.ts";
import { findMarkers, readBlock } from "../src/patch/block.ts";
import { readDiff } from "../src/diff/diff.ts";
import { prepare, signPlaced } from "../src/patch/sign.ts";
import { normaliseIdentity } from "../src/trust/identity.ts";
import { checkMail } from "../src/verify/check.ts";
import { compare, openJudge } from "../test/mail/judge.ts";
import { makeJudge, numstatOf } from "../test/diff/judge.ts";

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

class Tally {
  readonly counts = new Map<string, string[]>();
  add(what: string, name: string): void {
    this.counts.set(what, [...(this.counts.get(what) ?? []), name]);
  }
  count(what: string): number {
    return this.counts.get(what)?.length ?? 0;
  }
  print(indent = ""): void {
    for (const [what, names] of [...this.counts].sort((a, b) => b[1].length - a[1].length)) {
      const examples = names.length <= 4 ? names.join(" ") : `${names.slice(0, 3).join(" ")} …`;
      say(`${indent}${String(names.length).padStart(6)}  ${what.padEnd(34)} ${examples}`);
    }
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:eml|patch|mbox)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The first message, as `git am` would get it. */
function mailOf(file: string): Buffer {
  return dropCr(readFileSync(file));
}

function compareMails(title: string, folder: string): { failed: boolean; mails: number } {
  const judge = openJudge();
  const diffJudge = makeJudge((folder) => writeFileSync(join(folder, "file"), ""));
  const mailinfo = new Tally();
  const refused = new Tally();
  const diffs = new Tally();
  const stricter = new Tally();
  const files = filesBelow(folder);
  for (const file of files) {
    const name = relative(folder, file);
    const mail = mailOf(file);
    const outcome = compare(mail, judge);
    if (outcome.kind !== "refused") mailinfo.add(outcome.kind, name);
    else {
      mailinfo.add(outcome.byGit ? "refused by both" : "refused here, read by git", name);
      if (!outcome.byGit) refused.add(outcome.reason, name);
    }
    const git = judge.read(mail);
    if (git === null) continue;
    const ours = readDiff(git.patch);
    const theirs = diffJudge.numstat(git.patch);
    const nothing = theirs === null && diffJudge.findsNothing(git.patch);
    if (!ours.ok) {
      diffs.add(theirs === null ? "refused by both" : "stricter than git", name);
      if (theirs !== null) stricter.add(ours.refusal.reason, name);
    } else if (ours.value.files.length === 0) diffs.add(nothing ? "no patch" : "different", name);
    else if (theirs === null) diffs.add("laxer than git", name);
    else diffs.add(numstatOf(ours.value) === theirs ? "same" : "different", name);
  }
  judge.close();
  diffJudge.close();

  say(`\n${title}: ${files.length} mails`);
  say("  mailinfo, against git mailinfo");
  mailinfo.print("  ");
  const share = ((100 * mailinfo.count("refused here, read by git")) / files.length).toFixed(2);
  say(`  refused though git reads it: ${share} %`);
  refused.print("    ");
  say("  diff, against git apply --numstat");
  diffs.print("  ");
  stricter.print("    ");
  say(`  different: ${mailinfo.count("different") + diffs.count("different")}`);
  say(`  laxer than git: ${diffs.count("laxer than git")}`);
  const failed =
    mailinfo.count("different") + diffs.count("different") + diffs.count("laxer than git") > 0;
  return { failed, mails: files.length };
}

function isReplaced(file: string): boolean {
  return /^From:.* via /m.test(readFileSync(file, "latin1").split(/\r?\n\r?\n/, 1)[0]!);
}

const KEY = generateSecretKey(Buffer.alloc(32, 1), Buffer.from("corpus  "));

/** Signs a, carries the block over to b in b's own encoding, and verifies b. */
function comparePairs(folder: string): boolean {
  const verifier = createVerifier();
  const verdicts = new Tally();
  const findings = new Tally();
  let silent = 0;
  for (const fileA of filesBelow(folder).filter((file) => file.endsWith("-a.eml"))) {
    const fileB = fileA.replace(/-a\.eml$/, "-b.eml");
    if (!existsSync(fileB)) continue;
    const name = basename(fileA).slice(0, 4);
    // the submitter's own mail is the one whose From no list has replaced
    const [first, second] = isReplaced(fileA) ? [fileB, fileA] : [fileA, fileB];
    const [a, b] = [prepare(mailOf(first)), prepare(mailOf(second))];
    if (a === null || b === null) {
      verdicts.add("no patch", name);
      continue;
    }
    if (!a.ok || !b.ok) {
      for (const read of [a, b])
        if (!read.ok) verdicts.add(`refused: ${read.refusal.reason}`, name);
      continue;
    }
    const by = normaliseIdentity(a.value.attestation.email) ?? "nobody@example.org";
    const { version, index, total } = a.value;
    const placed = { prepared: a.value, version, index: index ?? 1, total: total ?? 1 };
    const terms = { time: 1_794_000_000, by, base: readBaseLines([a.value.view.patch]).commit };
    const signed = readMail(signPlaced([placed], terms, KEY)[0]!);
    if (!signed.ok) throw new Error(`${name}: the signed mail is refused`);
    const { patch } = signed.value;
    const block = readBlock(patch, findMarkers(patch)[0]!);
    if (!block.ok) throw new Error(`${name}: no block in the signed mail`);
    const lines = Buffer.concat([
      patch.subarray(block.value.start, block.value.end),
      Buffer.from("\n"),
    ]);
    const carried = insertAtBreak(b.value.mail, b.value.view, lines);
    const checked = checkMail(carried, verifier);
    const codes = checked.findings.filter((f) => f.severity === "fail").map((f) => f.code);
    const recovered = checked.findings.some((f) => f.code === "author-recovered");
    if (checked.signature === "good" && codes.length === 0)
      verdicts.add(recovered ? "good, author recovered" : "good", name);
    else if (codes.length > 0) {
      verdicts.add(`${checked.signature}: ${checked.changed.join(", ")}`, name);
      findings.add(codes.join(", "), name);
    } else {
      silent++;
      verdicts.add("not good, and nothing said", name);
    }
  }
  say("\npairs: a signed, its block carried over to b");
  verdicts.print("  ");
  if (findings.counts.size > 0) say("  findings");
  findings.print("  ");
  return silent > 0;
}

/** Unpacks an archive; a folder is used as it is. */
function unpack(source: string, into: string): string {
  if (statSync(source).isDirectory()) return source;
  mkdirSync(into);
  execFileSync("tar", ["-xf", source, "-C", into]);
  return into;
}

function main(source: string | undefined): number {
  if (source === undefined || source === "" || !existsSync(source)) {
    say("usage: make corpus CORPUS=<folder or tar archive of mails>");
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), "patchsig-corpus-"));
  try {
    const folder = unpack(source, join(scratch, "mail"));
    let failed = compareMails("corpus", folder).failed;
    const generator = join(dirname(source), "..", "attacks", "generate.py");
    if (existsSync(generator)) {
      const attacks = join(scratch, "attacks");
      execFileSync("python3", [generator, attacks], { stdio: "ignore" });
      failed = compareMails("attacks", join(attacks, "mail")).failed || failed;
    }
    const pairs = join(folder, "pairs");
    if (existsSync(pairs)) failed = comparePairs(pairs) || failed;
    return failed ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = main(process.argv[2]);
