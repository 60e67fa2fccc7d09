/**
 * npm run am-equal -- --repo DIR: real series, applied by `git patchsig am` and by `git am`. Author, message
 * and tree of each commit have to be the same; the differences are printed, and end with status 1.
 *
 *     --repo DIR     a repository with a history of merged branches, such as git's own
 *     --series N     how many series, the newest ones (default: 300)
 *     --trailers     with a thread of replies that give trailers: `git patchsig am --trailers` of it, and
 *                    `b4 am` of it, then `git am`
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
  options: {
    repo: { type: "string" },
    series: { type: "string", default: "300" },
    trailers: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "patchsig-am-equal-"));
const GIT_AM = ["git", "am", "-q", join(folder, "plain.mbox")];
/** Of the thread of the Message-ID that comes behind it. */
const B4_AM = [
  "sh",
  "-ec",
  `rm -rf ../b4; mkdir ../b4
  b4 -q --no-interactive am --no-cover -m ../plain.mbox -o ../b4 "$0" >&2
  git am -q ../b4/*.mbx`,
];

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
    const replies = values.trailers ? repliesTo(mails) : [];
    const plain = values.trailers ? mails.map(withoutFoldedTitle) : mails;
    writeMbox(join(folder, "plain.mbox"), [...plain, ...replies]);
    writeMbox(join(folder, "series.mbox"), [...(signed ?? mails), ...replies]);
    const theirs = applied(tree, series, values.trailers ? [...B4_AM, idOf(mails[0]!)] : GIT_AM);
    const am = [process.execPath, PROGRAM, "am", "-q", join(folder, "series.mbox")];
    const ours = applied(tree, series, values.trailers ? [...am, "--trailers"] : am);
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

/** b4 0.12 ends with a traceback at a folded Subject under newer Pythons. */
function withoutFoldedTitle(mail: Buffer): Buffer {
  const text = mail.toString("latin1");
  return Buffer.from(
    text.replace(/^Subject: .*(?:\n[ \t].*)+/m, (field) => field.replace(/\n[ \t]+/g, " ")),
    "latin1",
  );
}

function idOf(mail: Buffer): string {
  return /^Message-I[Dd]: <(.*)>$/m.exec(mail.toString("latin1"))![1]!;
}

/** To the first patch, to the last one, and one that says the same again. */
function repliesTo(mails: readonly Buffer[]): Buffer[] {
  const first = `<${idOf(mails[0]!)}>`;
  const last = `<${idOf(mails.at(-1)!)}>`;
  return [
    [
      "Bob Berg <bob@example.org>",
      first,
      "> Signed-off-by: Quoted <q@example.org>\n\nReviewed-by: Bob Berg <bob@example.org>\n",
    ],
    ["Carl <carl@example.org>", last, "Acked-by: Carl <carl@example.org>\n"],
    [
      "Dan Dahl <dan@example.org>",
      last,
      "Works.\n\nTested-by: Dan Dahl <dan@example.org> # arm64\n-- \nDan\n",
    ],
    ["Bob Berg <bob@example.org>", first, "Again:\nReviewed-by: Bob Berg <bob@example.org>\n"],
  ].map(([from, to, body], i) =>
    Buffer.from(
      `From: ${from}\nDate: Mon, 23 Nov 2026 10:0${i}:00 +0000\nMessage-ID: <am-equal-${i}@example.org>\nIn-Reply-To: ${to}\nReferences: ${to}\nSubject: Re: it\n\n${body}`,
    ),
  );
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
    return stderr.includes("git am stopped") || command !== process.execPath
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
