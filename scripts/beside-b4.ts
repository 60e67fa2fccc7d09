/**
 * Compares the mails of `send` with those of b4, branch by branch; docs/with-b4.md has what came of it:
 *
 *     npm run beside-b4 -- ~/src/git.git
 *
 * The branches are the newest that the repository's main line has merged. Each is sent by `b4 prep` and `b4 send -o`, and by
 * `patchsig send -o`, with the same cover letter to the same list, from a clone in a temporary folder.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFields } from "../src/mail/fields.ts";
import { readMail } from "../src/mail/mailinfo.ts";
import { readDiff } from "../src/diff/diff.ts";
import { decodeWords } from "../src/mail/rfc2047.ts";
import { formatAddressee, readAddressees } from "../src/outgoing/addressee.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "patchsig.js");
const BRANCHES = 10;
const MOST_PATCHES = 15;
const COVER = "what this is about\n\nThe text of it.\n";

interface Branch {
  readonly name: string;
  readonly tip: string;
  readonly base: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function run(file: string, args: readonly string[], cwd: string, env: Environment): string {
  return execFileSync(file, args, { cwd, env, maxBuffer: 1 << 28, input: "" })
    .toString()
    .trim();
}

/** The newest branches that the main line of a repository has merged and that b4 and git can send. */
function branchesOf(repository: string, env: Environment): Branch[] {
  const git = (...args: string[]): string => run("git", args, repository, env);
  const merges = git("log", "--merges", "--first-parent", "--format=%H %s", "-400").split("\n");
  const branches: Branch[] = [];
  for (const line of merges) {
    const [, merge, name] = /^(\w+) Merge branch '([\w./-]+)'/.exec(line) ?? [];
    if (merge === undefined || name === undefined || branches.length === BRANCHES) continue;
    const base = git("merge-base", `${merge}^1`, `${merge}^2`);
    const of = (...words: string[]): number =>
      Number(git("rev-list", "--count", ...words, `${base}..${merge}^2`));
    const patches = of("--no-merges");
    // half of them with a cover letter
    const wanted = branches.length % 2 === 0 ? patches > 1 : patches === 1;
    if (of("--merges") > 0 || patches > MOST_PATCHES || !wanted) continue;
    branches.push({ name, tip: git("rev-parse", `${merge}^2`), base });
  }
  return branches;
}

/** A mail as somebody sees it in a mail program. */
interface SeenMail {
  readonly subject: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  /** Seconds since the epoch. */
  readonly date: number;
  /** The place in the series of the mail that it replies to; null for none. */
  readonly parent: number | null;
  readonly encoding: string;
  readonly author: string;
  readonly message: string;
  readonly diff: string;
}

function readMails(folder: string): SeenMail[] {
  const mails = readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(join(folder, name)));
  const field = (mail: Buffer, wanted: string): string => {
    const found = readFields(mail).find(({ name }) => name === wanted);
    return Buffer.from(found?.value ?? "", "latin1").toString();
  };
  const ids = mails.map((mail) => field(mail, "message-id").trim());
  const people = (mail: Buffer, name: string): string[] =>
    readAddressees(decodeWords(Buffer.from(field(mail, name))).toString()).map(formatAddressee);
  return mails.map((mail) => {
    const read = readMail(mail);
    if (!read.ok) throw new Error(read.refusal.detail);
    const { info, headers, message, patch } = read.value;
    const diff = readDiff(patch, read.value.crs);
    if (!diff.ok) throw new Error(diff.refusal.detail);
    const parent = ids.indexOf(field(mail, "in-reply-to").trim());
    return {
      subject: headers.subject,
      from: headers.from,
      to: people(mail, "to"),
      cc: people(mail, "cc"),
      date: Date.parse(field(mail, "date")) / 1000,
      parent: parent < 0 ? null : parent,
      encoding: field(mail, "content-transfer-encoding").trim() || "7bit",
      author: `${info.author.toString()} <${info.email.toString()}>`,
      message: message.toString(),
      diff: diff.value.canonical.toString("latin1"),
    };
  });
}

/** What of a mail differs, a line each. */
function differences(b4: SeenMail, own: SeenMail): string[] {
  const keys = ["subject", "from", "parent", "encoding", "author", "diff"] as const;
  const plain = keys.flatMap((key) =>
    b4[key] === own[key]
      ? []
      : [key === "diff" ? "diff" : `${key}: b4 ${b4[key]}, ours ${own[key]}`],
  );
  const lists = (["to", "cc"] as const).flatMap((key) => [
    ...b4[key].filter((one) => !own[key].includes(one)).map((one) => `${key}: only b4: ${one}`),
    ...own[key].filter((one) => !b4[key].includes(one)).map((one) => `${key}: only ours: ${one}`),
  ]);
  return [...plain, ...lists, ...(b4.message === own.message ? [] : ["message"])];
}

/** Dates go up, a second or more a mail, and are of now. */
function datesOf(mails: readonly SeenMail[]): string {
  const steps = mails.slice(1).map(({ date }, i) => date - mails[i]!.date);
  return [...new Set(steps)].map((step) => `+${step} s`).join(", ");
}

function sendBoth(
  work: string,
  { tip }: Branch,
  cover: string,
  env: Environment,
): [string, string] {
  const [theirs, own] = [join(work, "..", "b4"), join(work, "..", "own")];
  for (const folder of [theirs, own]) rmSync(folder, { recursive: true, force: true });
  run("git", ["switch", "-q", "-C", "for-b4", tip], work, env);
  run("git", ["branch", "-f", "topic", tip], work, env);
  run("b4", ["prep", "-e", "origin/main"], work, env);
  run("b4", ["prep", "--edit-cover"], work, {
    ...env,
    EDITOR: `cp ${cover}`,
    GIT_EDITOR: `cp ${cover}`,
  });
  run("b4", ["send", "--no-sign", "-o", theirs], work, env);
  const args = ["send", "topic", "--to", "list@example.org", "--allow", "unfinished", "-o", own];
  const single = readdirSync(theirs).length === 1;
  run(
    process.execPath,
    [PROGRAM, ...args, ...(single ? ["--no-cover"] : ["--cover", cover])],
    work,
    env,
  );
  return [theirs, own];
}

const [repository] = process.argv.slice(2);
if (repository === undefined) throw new Error("name a repository whose main line merges branches");
const folder = mkdtempSync(join(tmpdir(), "patchsig-beside-b4."));
try {
  const [origin, work, home, cover] = ["origin.git", "work", "home", "cover"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  mkdirSync(home);
  writeFileSync(cover, COVER);
  writeFileSync(
    join(home, ".gitconfig"),
    "[user]\n\tname = Sub Mitter\n\temail = sub@example.org\n[b4]\n\tsend-series-to = list@example.org\n",
  );
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    LC_ALL: "C.UTF-8",
  };
  run(process.execPath, [PROGRAM, "key", "generate", "-W"], home, env);
  const branches = branchesOf(repository, env);
  run("git", ["clone", "-q", "--shared", "--bare", repository, origin], folder, env);
  const old = run("git", ["for-each-ref", "--format=delete %(refname)"], origin, env);
  execFileSync("git", ["update-ref", "--stdin"], { cwd: origin, env, input: `${old}\n` });
  run("git", ["symbolic-ref", "HEAD", "refs/heads/main"], origin, env);
  run("git", ["update-ref", "refs/heads/main", branches[0]!.base], origin, env);
  run("git", ["clone", "-q", "--shared", origin, work], folder, env);
  for (const branch of branches) {
    run("git", ["update-ref", "refs/heads/main", branch.base], origin, env);
    run("git", ["fetch", "-q", "origin", "+main:refs/remotes/origin/main"], work, env);
    const [theirs, own] = sendBoth(work, branch, cover, env).map(readMails) as [
      SeenMail[],
      SeenMail[],
    ];
    const lines = theirs.flatMap((mail, i) => {
      const other = own[i];
      const all = other === undefined ? ["missing"] : differences(mail, other);
      return all.map((line) => `  ${mail.subject}: ${line}`);
    });
    const mails = `${theirs.length} mails of b4, ${own.length} of ours; dates ${datesOf(theirs)}, ours ${datesOf(own)}`;
    process.stdout.write([`${branch.name}: ${mails}`, ...lines, ""].join("\n"));
    run("git", ["update-ref", "-d", "refs/patchsig/series/topic"], work, env);
    run("git", ["switch", "-q", "--detach", branch.base], work, env);
    run("git", ["branch", "-D", "-q", "for-b4", "topic"], work, env);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
