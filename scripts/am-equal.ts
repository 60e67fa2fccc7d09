/**
 * npm run am-equal -- --repo DIR: real series, applied by `git patchsig am` and by `git am`. Author, message
 * and tree of each commit have to be the same; the differences are printed, and end with status 1.
 *
 *     --repo DIR     a repository with a history of merged branches, such as git's own
 *     --series N     how many series, the newest ones (default: 300)
 *
 * A series is a merged branch, applied on its base: from the author of its first commit, as git send-email
 * would send it, and signed with a throw-away key of that one.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { keyOf, writeMbox } from "../bench/corpus.ts";
import { messages } from "../src/mail/mbox.ts";
import { prepare, signPlaced } from "../src/patch/sign.ts";
import { normaliseIdentity } from "../src/trust/identity.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/patchsig.js", import.meta.url));
const MAX_PATCHES = 12;
const TIME = 1_794_000_000;

interface Merged {
  readonly base: string;
  readonly tip: string;
}

const { values } = parseArgs({
  options: { repo: { type: "string" }, series: { type: "string", default: "300" } },
});
const folder = mkdtempSync(join(tmpdir(), "patchsig-am-equal-"));
try {
  process.exitCode = main(values.repo ?? ".", Number(values.series));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function main(repository: string, wanted: number): number {
  writeFileSync(join(folder, "gitconfig"), "[user]\n\tname = Maint\n\temail = maint@example.org\n");
  run(folder, "git", ["clone", "-q", "--shared", "--no-checkout", repository, "tree"]);
  const tree = join(folder, "tree");
  const tally = { series: 0, patches: 0, signed: 0, neither: 0, differ: 0 };
  for (const series of mergedBranches(tree)) {
    if (tally.series === wanted) break;
    const sender = senderOf(tree, series);
    const mails = mailsOf(tree, series, sender);
    const signed = signedBy(mails, sender);
    writeMbox(join(folder, "plain.mbox"), mails);
    writeMbox(join(folder, "series.mbox"), signed ?? mails);
    const theirs = applied(tree, series, ["git", "am", "-q", join(folder, "plain.mbox")]);
    const am = [process.execPath, PROGRAM, "am", "-q", join(folder, "series.mbox")];
    const ours = applied(tree, series, am);
    tally.series++;
    tally.patches += mails.length;
    if (signed !== null) tally.signed++;
    if (ours === null && theirs === null) tally.neither++;
    else if (ours?.commits !== theirs?.commits) {
      tally.differ++;
      print(
        `${series.base.slice(0, 12)}..${series.tip.slice(0, 12)} ${differenceOf(ours, theirs)}`,
      );
    }
    if (tally.series % 25 === 0) print(`… ${JSON.stringify(tally)}`);
  }
  print(JSON.stringify(tally));
  return tally.differ === 0 ? 0 : 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function run(cwd: string, command: string, args: readonly string[]) {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    XDG_DATA_HOME: join(folder, "data"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
  return spawnSync(command, args, { cwd, env, maxBuffer: 1 << 30 });
}

/** Branches that were merged, without merges of their own. */
function* mergedBranches(tree: string): Generator<Merged> {
  const merges = run(tree, "git", ["rev-list", "--merges", "--first-parent", "--parents", "HEAD"]);
  for (const line of merges.stdout.toString().trim().split("\n")) {
    const [, onto = "", tip = "", more] = line.split(" ");
    if (more !== undefined) continue;
    const base = run(tree, "git", ["merge-base", onto, tip]).stdout.toString().trim();
    const all = run(tree, "git", ["rev-list", "--parents", `${base}..${tip}`]).stdout.toString();
    const commits = all.trim().split("\n");
    const isLinear = commits.every((commit) => commit.split(" ").length === 2);
    if (base !== "" && isLinear && commits.length <= MAX_PATCHES) yield { base, tip };
  }
}

interface Sender {
  readonly name: string;
  readonly email: string;
}

/** Who sends it: the author of its first commit. */
function senderOf(tree: string, { base, tip }: Merged): Sender {
  const args = ["log", "--reverse", "--format=%an%x00%ae", `${base}..${tip}`];
  const [first = ""] = run(tree, "git", args).stdout.toString().split("\n");
  const [name = "", email = ""] = first.split("\0");
  return { name, email };
}

function mailsOf(tree: string, { base, tip }: Merged, { name, email }: Sender): Buffer[] {
  const from = `--from=${name} <${email}>`;
  const args = ["format-patch", "--stdout", "-n", "--thread", from, `${base}..${tip}`];
  return messages(run(tree, "git", args).stdout).map(({ bytes }) => bytes!);
}

/** Null if one of them cannot be signed. */
function signedBy(mails: readonly Buffer[], { email }: Sender): Buffer[] | null {
  const placed = mails.flatMap((mail, i) => {
    const made = prepare(mail);
    if (made?.ok !== true) return [];
    return [{ prepared: made.value, version: 1, index: i + 1, total: mails.length }];
  });
  const by = normaliseIdentity(email);
  if (placed.length < mails.length || by === null || !/^[!-~]+$/.test(by)) return null;
  return signPlaced(placed, { time: TIME, by, base: null }, keyOf(by));
}

/** What was committed; null if it did not apply. */
function applied(
  tree: string,
  { base }: Merged,
  [command = "", ...args]: readonly string[],
): { readonly commits: string | null; readonly said: string } | null {
  run(tree, "git", ["checkout", "-q", "-f", "--detach", base]);
  const { status, stdout, stderr } = run(tree, command, args);
  if (status !== 0) {
    run(tree, "git", ["am", "--abort"]);
    return stderr.includes("git am stopped") || command === "git"
      ? null
      : { commits: null, said: `${stdout.toString()}${stderr.toString()}` };
  }
  const format = "--format=%T%n%an <%ae> %ad%n%B%x00";
  const log = run(tree, "git", ["log", "--encoding=UTF-8", format, `${base}..HEAD`]);
  return { commits: log.stdout.toString("latin1"), said: "" };
}

type Outcome = ReturnType<typeof applied>;

function differenceOf(ours: Outcome, theirs: Outcome): string {
  if (ours === null) return "only git am applies it";
  if (ours.commits === null) return `refused: ${ours.said.trim().split("\n").slice(-2).join("; ")}`;
  if (theirs === null || theirs.commits === null) return "only patchsig am applies it";
  const [a, b] = [ours.commits.split("\n"), theirs.commits.split("\n")];
  const at = a.findIndex((line, i) => line !== b[i]);
  return `differs: ${JSON.stringify(a[at])}, git am ${JSON.stringify(b[at])}`;
}
